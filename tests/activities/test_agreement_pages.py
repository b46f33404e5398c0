"""Finding, reading, entering and renewing agreements on the pages; the twinned pairs; what other pages show of them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.actions.agreements import renew_agreement, renewal_of, save_agreement
from activities.choices import AgreementState
from activities.columns.agreements import AGREEMENT_COLUMNS
from activities.models import Agreement, AgreementKind
from crm.actions.bulk_edits import plan_bulk_edit, start_bulk_edit
from crm.choices import AuditVerb, ChangeState, Confidentiality
from crm.models import AuditEvent, Unit, User
from crm.tasks import run_bulk_edit
from partners.models import Partner
from tests.activities.agreeing import make_agreement, ours, theirs
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
LIST = "/activities/agreements/"


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def found(client: Client, query: str, at: str = LIST) -> list[str]:
    return [agreement.title for agreement in client.get(f"{at}?{query}").context["page"].rows]


def lines(side: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """What the lines of one side send."""
    sent: dict[str, Any] = {f"{side}-TOTAL_FORMS": len(rows), f"{side}-INITIAL_FORMS": 0}
    return sent | {f"{side}-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}


def entered(unit: Unit, partner: Partner, **changes: Any) -> dict[str, Any]:
    return {
        "kind": AgreementKind.objects.get(code="MOU").pk, "title": "Bản ghi nhớ mới", "level": "organisation", "state": "signed",
        "signed_on": "18/03/2024", "valid_to": "18/03/2029", "unit": unit.pk, "confidentiality": "unit",
        **lines("ours", {"unit": str(unit.public_id), "signatory": "Trần Thị Hoa", "signatory_title": "Phó Chủ tịch"}, {}),
        **lines("theirs", {"partner": str(partner.public_id)}, {"name": "Huyện Mường Xén"}),
        **changes,
    }  # fmt: skip


# --- Finding -----------------------------------------------------------------------------------------


def test_every_filter_finds_what_it_says(ha: User, nghe_an: Unit, partner: Partner, client: Client) -> None:
    client.force_login(ha)
    today, korean = timezone.localdate(), make_partner("Quỹ Đường Bình Minh", country="KR")
    soon: dict[str, Any] = {"signed_on": today - timedelta(days=300), "valid_to": today + timedelta(days=100)}
    make_agreement(partner, by=ha, title="Sắp hết", number="07/TT", unit=nghe_an, level="central", **soon)
    make_agreement(partner, by=ha, title="Đã hết", kind="PLAN", signed_on=date(2018, 1, 1), valid_to=date(2020, 1, 1))
    make_agreement(korean, by=ha, title="Đàm phán", state=AgreementState.NEGOTIATED, signed_on=None, valid_to=None)
    twinned = [ours(province="quang-nam"), theirs(korean)]
    make_agreement(korean, by=ha, title="Kết nghĩa", kind="TWINNING_PROVINCE", parties=twinned, signed_on=date(2009, 4, 18), valid_to=None)
    expected = {
        "": ["Đàm phán", "Sắp hết", "Đã hết", "Kết nghĩa"],
        "q=07+tt": ["Sắp hết"],
        "q=duong+binh+minh": ["Đàm phán", "Kết nghĩa"],
        "kind=PLAN": ["Đã hết"],
        "family=twinning": ["Kết nghĩa"],
        "level=central": ["Sắp hết"],
        "state=negotiated": ["Đàm phán"],
        "unit=PU-40": ["Sắp hết"],
        "country=KR": ["Đàm phán", "Kết nghĩa"],
        f"partner={partner.public_id}": ["Sắp hết", "Đã hết"],
        "province=da-nang": ["Kết nghĩa"],
        "province=quang-nam": ["Kết nghĩa"],
        "province=nghe-an": [],
        "in_force_on=2019-06-01": ["Đã hết", "Kết nghĩa"],
        "ending=3": [],
        "ending=6": ["Sắp hết"],
        "ending=3&ending=12": ["Sắp hết"],
        "overdue=true": ["Đã hết"],
        "renewal=none&state=negotiated": ["Đàm phán"],
        "signed_until=2010-01-01": ["Kết nghĩa"],
    }
    assert {query: found(client, query) for query in expected} == expected
    assert found(client, "", at=f"{LIST}twinnings/") == ["Kết nghĩa"]
    page = client.get(LIST)
    assert [view.rows for view in page.context["quick_views"]] == [2, 0, 1, 1, 1]


def test_the_list_and_its_export_show_all_columns_without_a_query_more_for_a_row(ha: User, nghe_an: Unit, client: Client) -> None:
    client.force_login(ha)
    partners = [make_partner(f"Hội số {number}") for number in range(12)]
    for number, each in enumerate(partners):
        parties = [ours(province="quang-nam"), ours(unit=nghe_an), theirs(each), theirs(partners[number - 1])]
        make_agreement(
            each, by=ha, kind="TWINNING_PROVINCE", title=f"Kết nghĩa {number}", parties=parties, signed_on=date(2010, 1, 1 + number)
        )
    every = ",".join(column.name for column in AGREEMENT_COLUMNS)
    page = get_counted(client, f"{LIST}?columns={every}", name="agreement list").content.decode()
    assert page.count("Quảng Nam (") == 12
    twinned = get_counted(client, f"{LIST}twinnings/", name="twinning list").content.decode()
    assert "Đà Nẵng) – Hội số 3, Hội số 2" in twinned
    export = b"".join(client.get(f"{LIST}?columns={every}&export=csv").streaming_content).decode()  # type: ignore[attr-defined]  # a stream
    assert export.count("Quảng Nam (") == 12


def test_a_twinned_pair_shows_the_last_exchange_and_what_is_planned(ha: User, partner: Partner, client: Client) -> None:
    client.force_login(ha)
    today = timezone.localdate()
    pair = [ours(province="nghe-an"), theirs(partner)]
    make_agreement(partner, by=ha, kind="TWINNING_PROVINCE", parties=pair, valid_to=None)
    make_agreement(partner, by=ha, kind="PLAN", title="Kế hoạch năm", signed_on=today, valid_to=today + timedelta(days=90))
    make_exchange(partner, by=ha, on=today - timedelta(days=9))
    make_exchange(partner, by=ha, on=today + timedelta(days=30), status="planned")
    row = client.get(f"{LIST}twinnings/").content.decode()
    for shown in (today - timedelta(days=9), today + timedelta(days=30)):
        assert f"{shown:%d/%m/%Y}" in row
    assert "Kế hoạch năm" in row


# --- Reading -----------------------------------------------------------------------------------------


def test_the_page_shows_parties_titles_days_left_and_the_chain(an: User, nghe_an: Unit, partner: Partner, client: Client) -> None:
    client.force_login(an)
    parties = [ours(unit=nghe_an, signatory="Trần Thị Hoa", signatory_title="Phó Chủ tịch"), theirs(partner)]
    old = make_agreement(partner, by=an, parties=parties, title="Bản cũ")
    renewal, copies = renewal_of(old)
    renewal.title = "Bản mới"
    renew_agreement(old, by=an, renewal=renewal, parties=copies)
    page = get_counted(client, old.get_absolute_url(), name="agreement page")
    text = page.content.decode()
    for shown in ("Trần Thị Hoa, Phó Chủ tịch", partner.name, "Bản mới", "18/03/2029"):
        assert shown in text
    assert page.context["days_left"] == (date(2029, 3, 18) - timezone.localdate()).days
    assert not page.context["may_renew"]
    assert client.get(reverse("activities:agreement-history", args=[old.public_id])).status_code == 200


def test_a_page_out_of_scope_is_not_found_and_a_restricted_one_leaves_a_trace(an: User, binh: User, chau: User, partner: Partner) -> None:
    hidden = make_agreement(partner, by=binh, confidentiality=Confidentiality.RESTRICTED)
    for user, status in ((an, 404), (chau, 404), (binh, 200)):
        client = Client()
        client.force_login(user)
        for name in ("detail", "history"):
            assert client.get(reverse(f"activities:agreement-{name}", args=[hidden.public_id])).status_code == status
    assert AuditEvent.objects.filter(verb=AuditVerb.READ_RESTRICTED, subject_id=str(hidden.public_id)).count() == 2


def test_the_chain_names_no_agreement_that_the_reader_may_not_see(an: User, binh: User, partner: Partner, client: Client) -> None:
    old = make_agreement(partner, by=binh, title="Kín", confidentiality=Confidentiality.RESTRICTED)
    renewal = make_agreement(partner, by=binh, title="Mở", renews=old)
    client.force_login(an)
    assert "Kín" not in client.get(renewal.get_absolute_url()).content.decode()


# --- Entering ----------------------------------------------------------------------------------------


def test_the_form_enters_several_parties_in_their_order(an: User, nghe_an: Unit, partner: Partner, client: Client) -> None:
    client.force_login(an)
    response = client.post(f"{LIST}new/", entered(nghe_an, partner))
    assert response.status_code == 302, response.context["form"].errors
    agreement = Agreement.objects.get()
    assert [(str(party), party.signatory, party.rank) for party in agreement.parties.all()] == [
        (str(nghe_an), "Trần Thị Hoa", 1), (partner.name, "", 1), ("Huyện Mường Xén", "", 2),
    ]  # fmt: skip


def test_the_form_says_what_is_wrong_with_a_party_and_keeps_what_was_written(
    an: User, nghe_an: Unit, partner: Partner, client: Client
) -> None:
    client.force_login(an)
    two_ways = lines("theirs", {"partner": str(partner.public_id), "name": "Huyện Mường Xén"})
    nobody = lines("theirs", {"partner": "", "signatory": "Bounmy"})
    foreign = lines("ours", {"unit": "", "province": "lam-dong"})
    for changes in (two_ways, nobody, lines("theirs"), {"kind": AgreementKind.objects.get(code="TWINNING_PROVINCE").pk, **foreign}):
        response = client.post(f"{LIST}new/", entered(nghe_an, partner, **changes))
        assert response.status_code == 422
        assert "Bản ghi nhớ mới" in response.content.decode()
    assert not Agreement.objects.exists()


def test_the_form_begins_with_the_partner_or_the_signing_that_it_was_opened_from(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)
    signing = make_exchange(partner, by=an, on=date(2026, 11, 2), kind="SIGNING", place="Vinh")
    for query in (f"partner={partner.public_id}", f"exchange={signing.public_id}"):
        assert partner.name in client.get(f"{LIST}new/?{query}").content.decode()
    assert "Vinh" in client.get(f"{LIST}new/?exchange={signing.public_id}").content.decode()


def test_whoever_saves_second_is_told(an: User, nghe_an: Unit, partner: Partner, client: Client) -> None:
    client.force_login(an)
    agreement = make_agreement(partner, by=an)
    address = reverse("activities:agreement-edit", args=[agreement.public_id])
    agreement.number = "07/TT"
    save_agreement(agreement, by=an)
    response = client.post(address, entered(nghe_an, partner, seen_revision=1))
    assert response.status_code == 422
    assert Agreement.objects.get().number == "07/TT"


def test_the_renewal_page_is_filled_in_from_the_old_one(an: User, nghe_an: Unit, partner: Partner, client: Client) -> None:
    client.force_login(an)
    old = make_agreement(partner, by=an)
    address = reverse("activities:agreement-renew", args=[old.public_id])
    page = client.get(address).content.decode()
    assert partner.name in page
    assert "18/03/2029" in page
    response = client.post(address, entered(nghe_an, partner, state="negotiated", signed_on="", valid_to="", title="Bản gia hạn"))
    assert response.status_code == 302
    assert Agreement.objects.get(title="Bản gia hạn").renews == old


def test_an_agreement_is_ended_archived_and_restored_from_its_pages(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)
    agreement = make_agreement(partner, by=an)

    def post(name: str, **sent: Any) -> int:
        return client.post(reverse(f"activities:agreement-{name}", args=[agreement.public_id]), sent).status_code

    assert post("end", on="01/06/2026", reason="") == 422
    assert post("end", on="01/06/2031", reason="Bạn đề nghị.") == 422
    assert [post("end", on="01/06/2026", reason="Bạn đề nghị."), post("archive"), post("restore")] == [302, 302, 302]
    agreement.refresh_from_db()
    assert (agreement.state, agreement.valid_to, agreement.is_archived) == (AgreementState.ENDED_EARLY, date(2026, 6, 1), False)


def test_many_are_handed_to_another_unit_but_not_signed_without_a_day(ha: User, nghe_an: Unit, partner: Partner) -> None:
    signed = make_agreement(partner, by=ha)
    open_one = make_agreement(partner, by=ha, title="Đàm phán", state=AgreementState.NEGOTIATED, signed_on=None, valid_to=None)
    rows = Agreement.objects.visible_to(ha)
    change_set = plan_bulk_edit("activities:agreement-list", rows, {"unit": nghe_an, "state": AgreementState.SIGNED}, by=ha)
    start_bulk_edit(change_set, by=ha, message="Giao đơn vị giữ")
    run_bulk_edit(change_set.pk)
    change_set.refresh_from_db()
    assert change_set.state == ChangeState.APPLIED
    signed.refresh_from_db()
    open_one.refresh_from_db()
    assert (signed.unit, open_one.state) == (nghe_an, AgreementState.NEGOTIATED)


# --- On other pages -----------------------------------------------------------------------------------


def test_the_partner_page_and_its_timeline_show_what_was_signed_renewed_and_ends(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)
    old = make_agreement(partner, by=an, title="Bản cũ", signed_on=date(2019, 3, 18), valid_to=date(2024, 3, 18))
    make_agreement(partner, by=an, title="Bản mới", renews=old, valid_to=timezone.localdate() + timedelta(days=40))
    make_agreement(partner, by=an, title="Đàm phán", state=AgreementState.NEGOTIATED, signed_on=None, valid_to=None)
    side = client.get(reverse("activities:partner-agreements", args=[partner.public_id])).content.decode()
    assert side.index("Bản mới") < side.index("Bản cũ")
    timeline = client.get(reverse("activities:partner-timeline", args=[partner.public_id])).content.decode()
    assert (timeline.count("Bản cũ"), timeline.count("Bản mới"), timeline.count("Đàm phán")) == (1, 2, 0)
    only = client.get(reverse("activities:partner-timeline", args=[partner.public_id]), {"sort": "registration"}).content.decode()
    assert "Bản mới" not in only


def test_it_is_found_by_title_number_and_partner_but_not_out_of_scope(an: User, chau: User, partner: Partner) -> None:
    make_agreement(partner, by=an, title="Thỏa thuận Mường Xén", number="19/TTHT")
    for words in ("muong xen", "19 ttht", "hoi huu nghi lao"):
        for user, is_found in ((an, True), (chau, False)):
            client = Client()
            client.force_login(user)
            page = client.get("/search/", {"q": words}).content.decode()
            assert (LIST in page.split("<main")[1] and "Mường" in page.replace("<mark>", "").replace("</mark>", "")) is is_found, words
