"""Exporting exactly what is seen; text stays text on every way."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from crm import exporting
from crm.choices import AuditVerb, Confidentiality
from crm.formulas import protected, unprotected
from crm.models import AuditEvent, User
from crm.tabular import open_table
from partners.models import Partner, Person
from tests.factories import make_exchange, make_partner

LIST = "/partners/"
DANGEROUS = ["=1+1", "+84 912 345 678", "-2", "@SUM(A1)", "00123", "'=1+1", "''00", "123456789012345", "thường", "O'Brien"]


@given(st.text(alphabet="'=+-@\t\r\n0123456789ab＝", max_size=8))
def test_what_is_protected_comes_back_as_it_was(text: str) -> None:
    assert unprotected(protected(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+84", "-2", "@x", "\t=1", "\r=1", "00123", "＝1", "123456789012"])
def test_what_a_spreadsheet_would_run_or_retype_is_protected(text: str) -> None:
    assert protected(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "0", "12", "0.5", "Hội", "'", "a=1"])
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert protected(text) == text


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def rows_of_csv(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig"), newline="")))


@pytest.fixture
def partners(reference_data: None) -> list[Partner]:
    return [make_partner(f"Tên {number:02d}", city=city) for number, city in enumerate(DANGEROUS)]


@pytest.mark.django_db
def test_the_file_has_the_filters_columns_and_order_of_the_list_and_all_its_pages(
    an: User, partners: list[Partner], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 3)
    client.force_login(an)
    client.cookies["django_language"] = "en"

    answer = client.get(f"{LIST}?q=ten&columns=name,country&order=-name&export=csv")
    rows = rows_of_csv(answer)

    assert rows[0] == ["Name", "Country"]
    assert [row[0] for row in rows[1:]] == [partner.name for partner in reversed(partners)]
    assert {row[1] for row in rows[1:]} == {"Lao People's Democratic Republic"} or {row[1] for row in rows[1:]} == {"Laos"}
    assert answer["Content-Disposition"].endswith('-10.csv"')


@pytest.mark.django_db
@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_text_survives_the_round_trip_through_our_own_import(format_name: str, an: User, partners: list[Partner], client: Client) -> None:
    client.force_login(an)

    file = io.BytesIO(body(client.get(f"{LIST}?columns=name,city&export={format_name}")))
    table = open_table(file)

    assert [row.cells[table.columns[1]] for row in table.rows()] == DANGEROUS


@pytest.mark.django_db
def test_in_a_workbook_text_is_text_days_are_days_and_numbers_numbers(an: User, partners: list[Partner], client: Client) -> None:
    Partner.objects.update(last_contact_on=date(2026, 11, 2), founded_year=1957)
    client.force_login(an)

    content = body(client.get(f"{LIST}?columns=name,city,last_contact,founded&export=xlsx"))
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]

    assert [sheet.cell(line, 2).value for line in range(2, 12)] == DANGEROUS
    assert {sheet.cell(line, 2).data_type for line in range(2, 12)} == {"s"}
    assert (sheet.cell(2, 3).value.date(), sheet.cell(2, 4).value) == (date(2026, 11, 2), 1957)
    assert sheet.cell(2, 3).is_date


@pytest.mark.django_db
def test_an_export_is_on_record_with_its_filters_and_number(an: User, partners: list[Partner], client: Client) -> None:
    client.force_login(an)

    client.get(f"{LIST}?city=x&status=active&export=csv")

    event = AuditEvent.objects.get(verb=AuditVerb.EXPORTED)
    assert event.actor_id == an.pk
    assert event.details["rows"] == 10
    assert "status=active" in event.details["filters"]


@pytest.mark.django_db
def test_nobody_exports_what_they_do_not_see_and_restricted_rows_leave_a_trace(
    an: User, chau: User, ha: User, nghe_an: Any, client: Client
) -> None:
    Person.objects.create(full_name="Nội bộ", unit=nghe_an, confidentiality=Confidentiality.UNIT)
    Person.objects.create(full_name="Hạn chế", unit=nghe_an, confidentiality=Confidentiality.RESTRICTED)
    seen = {}
    for user in (an, chau, ha):
        client.force_login(user)
        seen[user] = {row[0] for row in rows_of_csv(client.get("/partners/people/?columns=name&export=csv"))[1:]}

    assert seen == {an: {"Nội bộ"}, chau: set(), ha: {"Nội bộ", "Hạn chế"}}
    assert [event.actor_id for event in AuditEvent.objects.filter(verb=AuditVerb.READ_RESTRICTED)] == [ha.pk]


@pytest.mark.django_db
def test_an_account_without_the_permission_exports_nothing(an: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from crm import permissions

    reading = {role: granted - {permissions.Permission.EXPORT} for role, granted in permissions.ROLE_PERMISSIONS.items()}
    monkeypatch.setattr("crm.scope.ROLE_PERMISSIONS", reading)
    client.force_login(an)

    assert client.get(f"{LIST}?export=csv").status_code == 403
    assert not AuditEvent.objects.filter(verb=AuditVerb.EXPORTED).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "status"), [("?export=pdf", 404), ("?export=", 404), ("?export=csv&status=lost", 422)])
def test_nonsense_is_refused(address: str, status: int, an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get(LIST + address).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/partners/", "/activities/", "/activities/follow-ups/", "/activities/events/", "/partners/people/", "/changes/"]
)
@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_every_list_is_exported_with_all_its_columns(address: str, format_name: str, an: User, client: Client) -> None:
    make_exchange(make_partner("Hội"), by=an, on=date(2026, 11, 2))
    client.force_login(an)
    offered = [column.name for column in client.get(f"{address}?panel=columns").context["offered"]]

    answer = client.get(address, {"export": format_name, "columns": ",".join(offered)})

    assert answer.status_code == 200
    assert len(body(answer)) > 20


def test_an_identifier_that_merely_begins_with_zeros_is_left_alone() -> None:
    assert protected("01a2013a-7fe3-765a-aa9f-1c4e98945db0") == "01a2013a-7fe3-765a-aa9f-1c4e98945db0"
