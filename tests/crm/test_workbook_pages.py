"""The pages of offline workbooks: take one along, bring it back, look, decide, apply, and who may not."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from crm.actions.undoing import undo_change_set
from crm.choices import AuditVerb
from crm.models import AuditEvent, Unit, User, WorkbookUpload
from partners.actions.partners import save_partner
from partners.models import Partner, PartnerKind
from tests.bed.workbooks import OfficeBook, apply, bring, edited, taken
from tests.factories import make_exchange
from tests.query_counts import check_count, get_counted

pytestmark = pytest.mark.django_db
LIST, DOWNLOAD, UPLOAD = (reverse(f"crm:workbook-{name}") for name in ("list", "download", "upload"))


@pytest.fixture
def partner(an: User) -> Partner:
    return save_partner(Partner(name="Hội Hữu nghị", kind=PartnerKind.objects.get(code="FRIENDSHIP_ASSOCIATION"), city="Vinh"), by=an)


@pytest.fixture
def upload(partner: Partner, an: User, nghe_an: Unit) -> WorkbookUpload:
    """A workbook in which a cell was changed that was changed here as well, one that was not, and one to be refused."""
    content = taken(nghe_an, by=an)
    partner.city = "Huế"
    save_partner(partner, by=an)
    row = {"city": "Pakse", "friend_since": 1990}
    new = {"name": "Quỹ Mới", "kind": "Loại lạ"}

    def work(book: OfficeBook) -> None:
        book.set("partners", book.row("partners", partner.name), **row)
        book.set("partners", book.spare("partners"), **new)

    return bring(edited(content, work), by=an)


def signed_in(client: Client, user: User, language: str = "en") -> Client:
    client.force_login(user)
    client.cookies["django_language"] = language
    return client


def test_the_download_is_the_units_workbook_and_is_on_record(client: Client, partner: Partner, an: User) -> None:
    answer = signed_in(client, an).get(DOWNLOAD, {"unit": "PU-40"})

    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]  # a file is streamed
    assert [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"] == [
        "Read me first", "Partners", "People", "Posts", "Exchanges", "Follow-ups",
    ]  # fmt: skip
    assert answer["Cache-Control"] == "no-store"
    event = AuditEvent.objects.get(verb=AuditVerb.EXPORTED)
    assert (event.actor_id, event.details["unit"], event.details["rows"]["partners"]) == (an.pk, "PU-40", 1)


def test_another_units_workbook_is_neither_given_nor_taken(client: Client, partner: Partner, an: User, chau: User, nghe_an: Unit) -> None:
    assert signed_in(client, chau).get(DOWNLOAD, {"unit": "PU-40"}).status_code == 302
    file = SimpleUploadedFile("so.xlsx", taken(nghe_an, by=an))
    answer = client.post(UPLOAD, {"file": file})
    assert answer.status_code == 422
    assert "for which this account may not write" in answer.content.decode()
    assert not WorkbookUpload.objects.exists()


def test_those_who_only_read_are_refused_and_other_units_find_nothing(
    client: Client, upload: WorkbookUpload, chau: User, dung: User
) -> None:
    assert signed_in(client, dung).get(LIST).status_code == 403
    signed_in(client, chau)
    for name in ("detail", "decide", "progress", "result"):
        assert client.get(reverse(f"crm:workbook-{name}", args=[upload.public_id])).status_code == 404
    assert client.post(reverse("crm:workbook-apply", args=[upload.public_id])).status_code == 404


def test_the_page_says_what_would_change_what_is_asked_and_what_is_refused(client: Client, upload: WorkbookUpload, an: User) -> None:
    html = get_counted(signed_in(client, an), upload.get_absolute_url(), name="workbook page").content.decode()

    expected = ("Friend since", "1990", "!E4", "unknown", "Apply the workbook", "1 cell was changed")
    assert [words for words in expected if words not in html] == []


def test_the_list_asks_the_same_number_of_queries_however_many_came_back(client: Client, upload: WorkbookUpload, an: User) -> None:
    get_counted(signed_in(client, an), LIST, name="workbook list")


def test_a_decision_on_the_page_is_kept_and_written_with_the_rest(
    client: Client, upload: WorkbookUpload, partner: Partner, an: User
) -> None:
    decide = reverse("crm:workbook-decide", args=[upload.public_id])
    html = get_counted(signed_in(client, an), decide, name="workbook decisions").content.decode()
    (conflict,) = upload.conflicts
    assert f'name="side:{conflict["id"]}"' in html

    client.post(decide, {f"side:{conflict['id']}": "mine"})
    upload.refresh_from_db()
    apply(upload, by=an)

    partner.refresh_from_db()
    assert (partner.city, partner.friend_since) == ("Pakse", 1990)


def test_the_result_is_a_fresh_workbook_that_says_what_happened(client: Client, upload: WorkbookUpload, partner: Partner, an: User) -> None:
    apply(upload, by=an)

    answer = signed_in(client, an).get(reverse("crm:workbook-result", args=[upload.public_id]))

    book = OfficeBook(b"".join(answer.streaming_content))  # type: ignore[attr-defined]  # a file is streamed
    row = book.row("partners", partner.name)
    told = str(book.cell("partners", row, "what-happened").value)
    assert "Friend since" in told
    draft = book.row("partners", "Quỹ Mới")
    assert (book.cell("partners", draft, "kind").value, book.sheets["partners"].cell(draft, 2).value) == ("Loại lạ", 0)
    assert "unknown" in str(book.cell("partners", draft, "what-happened").value)
    assert "Here: “Huế”. In the workbook: “Pakse”." in told


def test_a_download_asks_the_same_number_of_queries_for_many_rows(client: Client, partner: Partner, an: User) -> None:
    for day in range(1, 9):
        make_exchange(partner, by=an, on=date(2026, 9, day), title=f"Gặp {day}")
    signed_in(client, an).get(DOWNLOAD, {"unit": "PU-40"})
    with CaptureQueriesContext(connection) as captured:
        client.get(DOWNLOAD, {"unit": "PU-40"})
    check_count("workbook download", [query["sql"] for query in captured.captured_queries])


def test_a_workbook_that_was_taken_back_says_so(client: Client, upload: WorkbookUpload, an: User) -> None:
    applied = apply(upload, by=an)
    assert applied.change_set is not None
    undo_change_set(applied.change_set, by=an)
    lede = signed_in(client, an).get(upload.get_absolute_url()).content.decode().partition('class="lede"')[2].partition("</p>")[0]
    with translation.override("en"):
        assert str(applied.change_set.get_state_display()) in lede
