"""The generic views, over partners: rights first, then scope, then what was sent."""

from typing import Any

import pytest
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from crm.choices import Role
from crm.forms import Combobox, FormRenderer, RecordForm, add_action_errors
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, ListView, Question, UpdateView
from crm.models import Unit, User
from crm.permissions import Permission
from crm.templatetags.filter_chips import chips_of
from partners.filters import PartnerFilter
from partners.models import Partner
from tests.factories import make_partner, make_steward

pytestmark = pytest.mark.django_db


class NameForm(RecordForm):
    class Meta:
        model = Partner
        fields = ["name", "kind"]


class Shown:
    """Keeps what the view would show, instead of a template."""

    def show(self, *, status: int = 200, part: str = "", **context: Any) -> HttpResponse:
        response = HttpResponse(status=status)
        response.context_data = {**context, "part": part}  # type: ignore[attr-defined]  # for the test alone
        return response


class Names(Shown, ListView):
    permission = Permission.PARTNER_VIEW
    model = Partner
    filterset_class = PartnerFilter
    order = ("sort_key", "id")
    page_size = 2


class Name(Shown, DetailView):
    permission = Permission.PARTNER_VIEW
    model = Partner


class NewName(Shown, CreateView):
    permission = Permission.PARTNER_EDIT
    model = Partner
    form_class = NameForm


class ChangedName(Shown, UpdateView):
    permission = Permission.PARTNER_EDIT
    model = Partner
    form_class = NameForm


class Archived(Shown, ArchiveView):
    permission = Permission.PARTNER_EDIT
    model = Partner


def refuse(record: Partner, *, by: User) -> None:
    raise ValidationError("It still has open promises.")


class Refused(Shown, ActionView):
    permission = Permission.PARTNER_EDIT
    model = Partner
    action = staticmethod(refuse)
    question = Question("Close?", "It ends.", "Close")


def request_of(user: User, method: str = "get", data: Any = None, *, htmx: bool = False) -> Any:
    request: Any = getattr(RequestFactory(), method)("/names/", data or {}, headers={"hx-request": "true"} if htmx else {})
    request.user = user
    request.htmx = HtmxDetails(request)
    request._messages = _Messages()
    return request


class _Messages(list[str]):
    def add(self, level: int, message: str, extra_tags: str = "") -> None:
        self.append(message)


def context(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = response.context_data
    return found


@pytest.fixture
def partner(an: User, nghe_an: Unit) -> Partner:
    partner = make_partner("Hội Hữu nghị Lào - Việt Nam")
    make_steward(partner, nghe_an)
    return partner


def sent(partner: Partner, **changes: Any) -> dict[str, Any]:
    return {"name": partner.name, "kind": partner.kind_id, "seen_revision": partner.revision, **changes}


def test_without_the_permission_nothing_is_even_looked_up(dung: User, partner: Partner) -> None:
    with pytest.raises(PermissionDenied):
        ChangedName.as_view()(request_of(dung), public_id=partner.public_id)
    with pytest.raises(PermissionDenied):
        ChangedName.as_view()(request_of(dung), public_id="00000000-0000-0000-0000-000000000000")


def test_what_is_out_of_scope_is_not_found(chau: User, partner: Partner) -> None:
    assert Name.as_view()(request_of(chau), public_id=partner.public_id).status_code == 200
    with pytest.raises(Http404):
        ChangedName.as_view()(request_of(chau), public_id=partner.public_id)


def test_a_list_comes_in_pages_with_a_count_on_the_first(an: User) -> None:
    for name in ("A", "B", "C"):
        make_partner(name)
    first = context(Names.as_view()(request_of(an)))
    assert [row.name for row in first["page"].rows] == ["A", "B"]
    assert first["count"] == 3
    second = context(Names.as_view()(request_of(an, data={"cursor": first["page"].next_cursor})))
    assert [row.name for row in second["page"].rows] == ["C"]
    assert second["count"] is None


def test_a_broken_cursor_leads_to_the_first_page_with_the_filters_kept(an: User, partner: Partner) -> None:
    answer = Names.as_view()(request_of(an, data={"cursor": "broken", "country": "LA"}))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/names/?country=LA")


def test_a_filter_that_makes_no_sense_is_refused_and_shows_no_rows(an: User, partner: Partner) -> None:
    answer = Names.as_view()(request_of(an, data={"active_on": "soon"}))
    assert answer.status_code == 422
    assert context(answer)["page"].rows == []


def test_each_filter_in_force_is_a_chip_that_drops_it_alone(an: User, partner: Partner) -> None:
    given = QueryDict("country=LA&country=KH&q=hội")
    chips = chips_of(PartnerFilter(given, queryset=Partner.objects.all()), "/names/", given)
    assert {(chip.value, chip.remove_url) for chip in chips} >= {("hội", "/names/?country=LA&country=KH")}
    assert {chip.remove_url for chip in chips if "q=" in chip.remove_url} == {
        "/names/?country=LA&q=h%E1%BB%99i",
        "/names/?country=KH&q=h%E1%BB%99i",
    }


def test_a_saved_form_leads_on_and_says_so(an: User, partner: Partner) -> None:
    request = request_of(an, "post", sent(partner, name="Hội Lào - Việt"))
    answer = ChangedName.as_view()(request, public_id=partner.public_id)
    partner.refresh_from_db()
    assert (answer.status_code, partner.name, partner.revision, partner.updated_by) == (302, "Hội Lào - Việt", 2, an)
    assert len(request._messages) == 1


def test_htmx_is_led_on_by_header(an: User, partner: Partner) -> None:
    answer = ChangedName.as_view()(request_of(an, "post", sent(partner), htmx=True), public_id=partner.public_id)
    assert answer.headers["HX-Redirect"] == partner.get_absolute_url()


def test_a_form_with_mistakes_is_a_422_that_saves_nothing(an: User, partner: Partner) -> None:
    answer = ChangedName.as_view()(request_of(an, "post", sent(partner, name="")), public_id=partner.public_id)
    assert answer.status_code == 422
    assert "name" in context(answer)["form"].errors


def test_a_form_written_on_an_older_revision_is_refused(an: User, binh: User, partner: Partner) -> None:
    opened = sent(partner)
    ChangedName.as_view()(request_of(binh, "post", sent(partner, name="Changed by Bình")), public_id=partner.public_id)
    answer = ChangedName.as_view()(request_of(an, "post", {**opened, "name": "Changed by An"}), public_id=partner.public_id)
    partner.refresh_from_db()
    assert (answer.status_code, partner.name) == (422, "Changed by Bình")
    assert str(binh) in str(context(answer)["form"].errors["seen_revision"])


def test_what_an_action_refuses_becomes_errors_of_the_form(an: User, partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(form: NameForm) -> None:
        raise ValidationError({"name": ["Not this name."], "city": ["No such city."]})

    monkeypatch.setattr(NameForm, "save", refusing)
    answer = NewName.as_view()(request_of(an, "post", sent(partner)))
    errors = context(answer)["form"].errors
    assert answer.status_code == 422
    assert errors["name"] == ["Not this name."]
    assert "No such city." in errors["__all__"][0]


def test_archiving_asks_first_and_then_does(an: User, partner: Partner) -> None:
    assert Archived.as_view()(request_of(an), public_id=partner.public_id).status_code == 200
    assert Partner.objects.live().filter(pk=partner.pk).exists()
    Archived.as_view()(request_of(an, "post"), public_id=partner.public_id)
    partner.refresh_from_db()
    assert partner.is_archived
    assert partner.archived_by == an


def test_a_refused_action_says_why(an: User, partner: Partner) -> None:
    answer = Refused.as_view()(request_of(an, "post"), public_id=partner.public_id)
    assert answer.status_code == 422
    assert context(answer)["refused"] == ["It still has open promises."]


def test_errors_of_unknown_fields_are_shown_above_the_form() -> None:
    class Plain(forms.Form):
        name = forms.CharField()

    form = Plain({"name": "x"})
    add_action_errors(form, ValidationError({"elsewhere": ["Wrong."]}))
    assert form.non_field_errors() == ["elsewhere: Wrong."]


def test_a_field_with_an_error_names_it_for_screen_readers() -> None:
    class Plain(forms.Form):
        name = forms.CharField(help_text="As on the card.")

    page = Plain({"name": ""}, renderer=FormRenderer()).render()
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'id="id_name_error"' in page
    assert 'href="#id_name"' in page


def test_a_combobox_renders_only_what_is_chosen(an: User, partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.forms.reverse", lambda name: "/options/")
    make_partner("Somebody else")

    class Choosing(forms.Form):
        partners = forms.ModelMultipleChoiceField(
            Partner.objects.all(), to_field_name="public_id", widget=Combobox("partners:partner-options", many=True)
        )

    form = Choosing(QueryDict(f"partners={partner.public_id}"), renderer=FormRenderer())
    page = form.render()
    assert form.is_valid()
    assert str(partner.public_id) in page
    assert partner.name in page
    assert "Somebody else" not in page
    broken = Choosing(QueryDict("partners=nonsense"), renderer=FormRenderer())
    assert not broken.is_valid()
    assert "nonsense" not in broken.render().split("<ul>")[-1].split('class="combobox-chosen')[-1]


def test_a_viewer_sees_lists_but_no_form(dung: User) -> None:
    assert dung.memberships.get().role == Role.VIEWER
    assert Names.as_view()(request_of(dung)).status_code == 200
    with pytest.raises(PermissionDenied):
        NewName.as_view()(request_of(dung))
