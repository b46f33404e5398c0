"""Finding a partner and reading its page."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from config.navigation import PARTNER_TABS
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Country, Unit, User
from partners.actions.partners import OtherName, save_partner
from partners.choices import RelationKind
from partners.models import Partner, PartnerKind, Person, Post, Relation
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
LIST = "/partners/"


def register(name: str, by: User, *, country: str = "LA", names: list[OtherName] | None = None) -> Partner:
    partner = Partner(name=name, kind=PartnerKind.objects.order_by("order")[0], country=Country.objects.get(alpha2=country))
    return save_partner(partner, by=by, names=names or [])


def names_on(response: Any) -> list[str]:
    return [row.name for row in response.context["page"].rows]


def test_the_list_pages_in_vietnamese_order(an: User, client: Client) -> None:
    for number in range(55):
        register(f"Hội số {number:02d}", an, names=[OtherName(f"Association {number}"), OtherName(f"Ассоциация {number}", "ru")])
    for name in ("Đoàn kết", "Đà Nẵng", "Dân chủ"):
        register(name, an)
    client.force_login(an)

    first = get_counted(client, LIST, name="partner list")
    second = get_counted(client, f"{LIST}?cursor={first.context['page'].next_cursor}", name="partner list, next page")

    names = [*names_on(first), *names_on(second)]
    assert names[:3] == ["Dân chủ", "Đà Nẵng", "Đoàn kết"]
    assert names[3:] == [f"Hội số {number:02d}" for number in range(55)]


@pytest.mark.parametrize("words", ["huu nghi", "HỮU NGHỊ", "Hữu nghi\u0323", "friendship", "ມິດຕະພາບ", "lvfa", "nghi huu"])
def test_a_partner_is_found_by_any_of_its_names_with_or_without_marks(words: str, an: User, client: Client) -> None:
    names = [OtherName("Lao-Viet Nam Friendship Association", "en"), OtherName("ສະມາຄົມມິດຕະພາບ", "lo"), OtherName("LVFA", "und", "acronym")]
    register("Hội Hữu nghị Lào - Việt", an, names=names)
    register("Viện Nghiên cứu", an)
    client.force_login(an)

    assert names_on(client.get(LIST, {"q": words})) == ["Hội Hữu nghị Lào - Việt"]


def test_typing_in_the_search_gets_only_the_rows(an: User, client: Client) -> None:
    register("Hội Hữu nghị Lào - Việt", an)
    client.force_login(an)

    rows = client.get(LIST, {"q": "huu"}, headers={"HX-Request": "true"}).content.decode()

    assert "Hội Hữu nghị" in rows
    assert "<html" not in rows


def test_filters_stand_as_chips_that_take_them_away(an: User, client: Client) -> None:
    register("Ở Lào", an)
    register("Ở Cuba", an, country="CU")
    client.force_login(an)

    page = client.get(f"{LIST}?country=CU")

    assert names_on(page) == ["Ở Cuba"]
    assert [chip.remove_url for chip in page.context["chips"]] == [LIST]


@pytest.mark.parametrize("query", ["country=XX", "kind=%00", "tier_on=31/02/2026", "status=lost", "q=" + "x" * 300, "q=%00"])
def test_a_filter_that_makes_no_sense_is_named(query: str, an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get(f"{LIST}?{query}").status_code == 422


def test_the_filter_panel_is_filled_in_as_the_address_says(an: User, client: Client) -> None:
    client.force_login(an)

    panel = get_counted(client, "/partners/filters/?country=LA&status=active", name="partner filters", headers={"HX-Request": "true"})

    assert '<option value="LA" selected>' in panel.content.decode()
    assert "<html" not in panel.content.decode()


def test_the_page_shows_names_in_their_scripts_tiers_stewards_people_and_relations(an: User, nghe_an: Unit, client: Client) -> None:
    partner = register("Hội Hữu nghị Lào - Việt", an, names=[OtherName("ສະມາຄົມມິດຕະພາບ", "lo", "official")])
    chair, deputy = Person.objects.create(full_name="Bounthavy Keo"), Person.objects.create(full_name="Somsak Phan")
    former = Person.objects.create(full_name="Khamphone Xay")
    Post.objects.create(person=deputy, partner=partner, title_vi="Phó Chủ tịch", rank=2)
    Post.objects.create(person=chair, partner=partner, title_vi="Chủ tịch", rank=1, valid_from=date(2024, 1, 1))
    Post.objects.create(person=former, partner=partner, title_vi="Chủ tịch", rank=1, valid_to=date(2024, 1, 1))
    Relation.objects.create(source=partner, target=make_partner("Mặt trận Lào"), kind=RelationKind.PART_OF)
    client.force_login(an)

    page = get_counted(client, partner.get_absolute_url(), name="partner page").content.decode()

    assert '<span class="native" lang="lo">ສະມາຄົມມິດຕະພາບ</span>' in page
    assert "Nước láng giềng" in page
    assert nghe_an.display in page
    assert "Mặt trận Lào" in page
    assert page.index("Bounthavy Keo") < page.index("Somsak Phan")
    assert "Khamphone Xay" not in page
    tab = client.get(f"{partner.get_absolute_url()}people/").content.decode()
    people = [tab.index(name) for name in ("Bounthavy Keo", "Somsak Phan", "Khamphone Xay")]
    assert people == sorted(people)


def test_a_restricted_person_is_not_on_the_page_of_other_readers(an: User, ha: User, client: Client) -> None:
    partner = make_partner()
    hidden = Person.objects.create(full_name="Người kín", confidentiality=Confidentiality.RESTRICTED, created_by=ha)
    Post.objects.create(person=hidden, partner=partner, title_vi="Chủ tịch")

    client.force_login(an)
    assert "Người kín" not in client.get(partner.get_absolute_url()).content.decode()
    client.force_login(ha)
    assert "Người kín" in client.get(partner.get_absolute_url()).content.decode()


def test_every_tab_opens_as_a_page_and_as_a_part(an: User, client: Client) -> None:
    partner = make_partner()
    make_exchange(partner, by=an, on=date(2026, 11, 2))
    client.force_login(an)
    page = client.get(f"{partner.get_absolute_url()}?tab=follow-ups").content.decode()

    for tab in PARTNER_TABS:
        address = f"/{tab.url_name.split(':')[0]}/"
        assert address in page
    assert page.count('aria-current="true"') >= 1


def test_the_address_keeps_the_tab(an: User, client: Client) -> None:
    partner = make_partner()
    client.force_login(an)

    page = client.get(f"{partner.get_absolute_url()}?tab=follow-ups").content.decode()

    assert f'<div hx-get="/activities/partners/{partner.public_id}/follow-ups/" hx-trigger="load"' in page


def test_archiving_asks_first_is_traced_and_can_be_undone(an: User, client: Client) -> None:
    partner = register("Hội Hữu nghị Lào - Việt", an)
    client.force_login(an)

    assert client.get(f"{partner.get_absolute_url()}archive/").status_code == 200
    client.post(f"{partner.get_absolute_url()}archive/")
    assert names_on(client.get(LIST)) == []
    assert names_on(client.get(f"{LIST}?archived=true")) == ["Hội Hữu nghị Lào - Việt"]
    assert AuditEvent.objects.filter(verb=AuditVerb.ARCHIVED, subject_id=str(partner.public_id)).exists()

    client.post(f"{partner.get_absolute_url()}restore/")
    assert names_on(client.get(LIST)) == ["Hội Hữu nghị Lào - Việt"]


def test_the_history_says_who_changed_what(an: User, binh: User, client: Client) -> None:
    partner = register("Tên lúc đầu", an)
    partner.name, partner.country = "Tên về sau", Country.objects.get(alpha2="CU")
    save_partner(partner, by=binh)
    client.force_login(an)

    page = get_counted(client, f"{partner.get_absolute_url()}history/", name="partner history").content.decode()

    for words in ("Tên lúc đầu", "Tên về sau", "Trần Thị Bình", "Nguyễn Văn An", "Cuba"):
        assert words in page


def test_the_box_for_picking_finds_partners_in_use(an: User, ha: User, client: Client) -> None:
    register("Hội Hữu nghị Lào - Việt", an)
    client.force_login(an)

    found = get_counted(client, "/partners/options/?q=lao viet", name="partner options").content.decode()

    assert 'role="option"' in found
    assert "Hội Hữu nghị Lào - Việt" in found
    assert 'role="option"' not in client.get("/partners/options/", {"q": "khong co"}).content.decode()
    assert client.get("/partners/options/", {"q": "\x00"}).status_code == 200


def test_markup_in_a_name_is_shown_as_text(an: User, client: Client) -> None:
    partner = register("<img src=x onerror=alert(1)>", an, names=[OtherName("<b>Hội</b>", "en")])
    client.force_login(an)

    for address in (LIST, partner.get_absolute_url(), f"{partner.get_absolute_url()}history/", "/partners/options/?q=img"):
        assert "<img src=x" not in client.get(address).content.decode()


def test_a_partner_kept_by_others_is_read_but_not_changed(an: User, chau: User, quang_ninh: Unit, client: Client) -> None:
    partner = register("Của Nghệ An", an)
    client.force_login(chau)

    assert client.get(partner.get_absolute_url()).status_code == 200
    for part in ("edit/", "archive/", "restore/"):
        assert client.post(f"{partner.get_absolute_url()}{part}").status_code == 404

    theirs = make_partner("Quảng Ninh phụ trách")
    make_steward(theirs, quang_ninh)
    assert client.get(f"{theirs.get_absolute_url()}edit/").status_code == 200


def test_a_viewer_is_offered_no_change_and_refused_one(an: User, dung: User, client: Client) -> None:
    partner = register("Hội Hữu nghị Lào - Việt", an)
    client.force_login(dung)

    assert f"{partner.get_absolute_url()}edit/" not in client.get(partner.get_absolute_url()).content.decode()
    assert client.get(f"{partner.get_absolute_url()}edit/").status_code == 403
    assert client.post(f"{partner.get_absolute_url()}archive/").status_code == 403


def test_an_unknown_partner_is_not_found(an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get("/partners/00000000-0000-7000-8000-000000000000/").status_code == 404


def test_the_history_tells_of_other_names(an: User, client: Client) -> None:
    partner = register("Hội Hữu nghị Lào - Việt", an, names=[OtherName("Tên thôi dùng", "vi", "former"), OtherName("Tên giữ lại", "vi")])
    save_partner(partner, by=an, names=[OtherName("Tên giữ lại", "vi"), OtherName("LVFA", "lo", "acronym")])
    client.force_login(an)

    page = client.get(f"{partner.get_absolute_url()}history/").content.decode()

    assert '<del class="soft">Tên thôi dùng (' in page
    assert "<ins>LVFA (" in page
    assert "Tên giữ lại" not in page
