from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from crm.actions.audit import trace_readings
from crm.actions.records import archive_record
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, Question, SignedInRequest, UpdateView
from crm.models import User
from crm.permissions import Permission, requires
from partners.actions.people import archive_person, restore_person
from partners.forms.people import NamePartsForm, PersonForm, PostForm
from partners.models import Partner, Person, PersonNote, Post
from partners.names import address_form, formal_name, salutation
from partners.views.history import HistoryView
from partners.views.history_records import Related


class PersonDetail(DetailView):
    """A person; reading a restricted one is traced."""

    permission = Permission.PERSON_VIEW
    model = Person
    template_name = "partners/person_detail.html"

    def get_queryset(self) -> QuerySet[Person]:
        rows: QuerySet[Person] = super().get_queryset()
        return rows.select_related("country", "unit", "updated_by")

    def get_object(self) -> Person:
        return trace_reading(super().get_object(), self.request)

    def get_context(self, **context: Any) -> dict[str, Any]:
        person, user = self.object, self.request.user
        country = person.country.alpha2 if person.country else None
        notes = list(PersonNote.objects.visible_to(user).live().filter(person=person).select_related("unit", "person"))
        trace_readings(notes, by=user, request=self.request)
        return super().get_context(**context) | {
            "posts": posts_of(person, user),
            "today": timezone.localdate(),
            "notes": [(note, user.scope.may_write_for(note.unit_id)) for note in notes],
            "formal_name": formal_name(person),
            "address_form": address_form(person, country),
            "salutations": [salutation(person, country, language) for language in ("vi", "en", "native")],
            "may_edit": user.may(Permission.PERSON_EDIT) and Person.objects.editable_by(user).filter(pk=person.pk).exists(),
        }


def posts_of(person: Person, user: User) -> QuerySet[Post]:
    """The person's posts, the latest first, each with who came before and after as far as the account may see them."""
    seen = Post.objects.live().visible_to(user).select_related("person")
    posts = person.posts.live().select_related("partner").order_by(F("valid_from").desc(nulls_last=True), "rank", "-id")
    return posts.prefetch_related(Prefetch("successors", seen, to_attr="followed_by"), Prefetch("predecessor", seen))


class PersonCreate(CreateView):
    """A new person; ``?partner=`` names where the post is held."""

    permission = Permission.PERSON_EDIT
    model = Person
    template_name = "partners/person_form.html"
    form_class = PersonForm
    success_message = _("The person is recorded.")

    @cached_property
    def partner(self) -> Partner | None:
        public_id = self.request.GET.get("partner")
        return by_public_id(Partner.objects.visible_to(self.request.user), public_id) if public_id else None

    def get_form_arguments(self) -> dict[str, Any]:
        return {"partner": self.partner}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"partner": self.partner}


class PersonEdit(UpdateView):
    permission = Permission.PERSON_EDIT
    model = Person
    template_name = "partners/person_form.html"
    form_class = PersonForm

    def get_object(self) -> Person:
        return trace_reading(super().get_object(), self.request)


@require_GET
@requires(Permission.PERSON_EDIT)
def name_parts(request: SignedInRequest) -> HttpResponse:
    """The parts of a name as proposed from the card and the country; what somebody has corrected stays."""
    sent = NamePartsForm(request.GET)
    sent.full_clean()
    form = PersonForm(by=request.user, initial=sent.parts())
    context = {"form": form, "split_name": sent.cleaned_data.get("full_name", ""), "split_country": sent.country_code}
    return render(request, "partners/name_parts.html", context)


class PersonArchive(ArchiveView):
    permission = Permission.PERSON_EDIT
    model = Person
    action = staticmethod(archive_person)  # type: ignore[assignment]  # takes its own noun, not any record
    question = Question(
        _("Archive this person?"), _("Exchanges keep the name. The record goes out of lists and search; it can be restored."), _("Archive")
    )


class PersonRestore(ActionView):
    permission = Permission.PERSON_EDIT
    model = Person
    action = staticmethod(restore_person)
    success_message = _("Restored.")
    question = Question(_("Restore this person?"), _("The record comes back into lists and search."), _("Restore"))


class PersonHistory(HistoryView):
    """Posts and notes too; a note only for those who may read it. Reading restricted ones is traced."""

    permission = Permission.PERSON_VIEW
    model = Person
    related = (
        Related(("posts",), says=("partner", "title_vi", "title_en", "valid_from", "valid_to")),
        Related(("notes",), says=("kind", "text", "on", "confidentiality")),
    )

    def get_object(self) -> Person:
        person = trace_reading(super().get_object(), self.request)
        notes = PersonNote.objects.visible_to(self.request.user).filter(person=person).select_related("person")
        trace_readings(notes, by=self.request.user, request=self.request)
        return person


class PostCreate(CreateView):
    """Another post of the person that the address names."""

    permission = Permission.PERSON_EDIT
    model = Post
    template_name = "partners/post_form.html"
    form_class = PostForm

    @cached_property
    def person(self) -> Person:
        return get_object_or_404(Person.objects.editable_by(self.request.user), public_id=self.kwargs["public_id"])

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": Post(person=self.person)}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"person": self.person}

    def get_success_url(self) -> str:
        return self.person.get_absolute_url()


class PostEdit(UpdateView):
    permission = Permission.PERSON_EDIT
    model = Post
    template_name = "partners/post_form.html"
    form_class = PostForm

    def get_queryset(self) -> QuerySet[Post]:
        return Post.objects.live().filter(person__in=Person.objects.editable_by(self.request.user)).select_related("person")

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"person": self.object.person}

    def get_success_url(self) -> str:
        address: str = self.object.person.get_absolute_url()
        return address


class PostArchive(ArchiveView):
    """Take a post that was entered by mistake out of use; a post that ended gets its last day instead."""

    permission = Permission.PERSON_EDIT
    model = Post
    action = staticmethod(archive_record)
    success_message = _("Archived")
    question = Question(
        _("Archive this post?"), _("Only for a post entered by mistake. For one that ended, give its last day instead."), _("Archive")
    )

    def get_queryset(self) -> QuerySet[Post]:
        return Post.objects.live().filter(person__in=Person.objects.editable_by(self.request.user)).select_related("person")

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"object": self.object.person}

    def get_success_url(self) -> str:
        address: str = self.object.person.get_absolute_url()
        return address


def trace_reading(person: Person, request: SignedInRequest) -> Person:
    """Leave a trace of who read a restricted person."""
    trace_readings([person], by=request.user, request=request)
    return person


def by_public_id(rows: QuerySet[Any], public_id: str) -> Any:
    """The row that a query parameter names; 404 where there is none in scope, or where it is no identifier at all."""
    try:
        return get_object_or_404(rows, public_id=public_id)
    except (ValueError, ValidationError):
        raise Http404 from None
