"""One validator: the same bad rows through every door are refused with the same codes at the same fields.

A table per noun says what is wrong and which code it has; each door is sent all rows and must answer exactly that. Where a
door has no way to say something (a list has no column for it, a file of its kind cannot hold it) the row is left out there.
"""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from crm.lookup import CountryIndex
from crm.models import Country, Unit, User
from crm.tabular import open_table
from partners.actions.import_plans import ImportRun, plan_partners
from partners.lookup import PartnerKindIndex
from partners.models import Partner, PartnerKind
from partners.resources import PartnerResource
from tests.api.caller import caller_for
from tests.bed.workbooks import OfficeBook, bring, edited, taken
from tests.factories import make_partner

pytestmark = pytest.mark.django_db

Row = dict[str, Any]
Broken = set[tuple[str, str]]
GONE = object()
TODAY = timezone.localdate()

# What is wrong: the row's fields, and the code that every door has for it.
PARTNER: Row = {"name": "Hội Hoa Sen", "kind": "FOREIGN_NGO", "country": "LA"}
PARTNERS: dict[str, tuple[Row, str, str]] = {
    "no name": ({"name": GONE}, "name", "required"),
    "name too long": ({"name": "x" * 301}, "name", "max-length"),
    "name turned round": ({"name": "Hoa\u202eSen"}, "name", "direction-marks-not-allowed"),
    "name rings": ({"name": "Hoa\u0007Sen"}, "name", "control-characters-not-allowed"),
    "no kind": ({"kind": GONE}, "kind", "required"),
    "no such kind": ({"kind": "NO_SUCH_KIND"}, "kind", "unknown"),
    "no such country": ({"country": "ZZ"}, "country", "unknown"),
    "city too long": ({"city": "x" * 121}, "city", "max-length"),
    "no address": ({"website": "javascript:alert(1)"}, "website", "invalid"),
    "founded before all": ({"founded_year": 700}, "founded_year", "min-value"),
    "founded in the future": ({"founded_year": 3000}, "founded_year", "max-value"),
    "founded in words": ({"founded_year": "long ago"}, "founded_year", "invalid"),
    "friend before all": ({"friend_since": 1800}, "friend_since", "min-value"),
    "no such status": ({"status": "sleeping"}, "status", "invalid-choice"),
    "no such language": ({"name_language": "xx"}, "name_language", "invalid-choice"),
}
EXCHANGE: Row = {"kind": "WORKING_MEETING", "starts_on": TODAY.isoformat()}
EXCHANGES: dict[str, tuple[Row, str, str]] = {
    "no day": ({"starts_on": GONE}, "starts_on", "required"),
    "before there was a state": ({"starts_on": "1900-01-01"}, "starts_on", "too-early"),
    "held in the future": ({"starts_on": (TODAY + timedelta(days=40)).isoformat(), "status": "held"}, "starts_on", "future-held"),
    "ends before it starts": ({"ends_on": (TODAY - timedelta(days=3)).isoformat()}, "ends_on", "ends-before-start"),
    "no kind": ({"kind": GONE}, "kind", "required"),
    "no such kind": ({"kind": "NO_SUCH_KIND"}, "kind", "unknown"),
    "no partner": ({"partners": GONE}, "partners", "required"),
    "no such partner": ({"partners": [str(uuid4())]}, "partners", "unknown"),
    "no such direction": ({"direction": "sideways"}, "direction", "invalid-choice"),
    "place too long": ({"place": "x" * 201}, "place", "max-length"),
    "too many people": ({"people_count": 100_001}, "people_count", "max-value"),
}
PERSON: Row = {"full_name": "Bounmy Vongsa", "family_name": "Vongsa"}
PEOPLE: dict[str, tuple[Row, str, str]] = {
    "no name": ({"full_name": GONE}, "full_name", "required"),
    "name too long": ({"full_name": "x" * 201}, "full_name", "max-length"),
    "name turned round": ({"full_name": "Bounmy\u202eVongsa"}, "full_name", "direction-marks-not-allowed"),
    "no address": ({"email": "nobody"}, "email", "invalid"),
    "phone too long": ({"phone": "0" * 41}, "phone", "max-length"),
}


@pytest.fixture(autouse=True)
def english() -> Iterable[None]:
    with translation.override("en"):
        yield


def rows_of(table: dict[str, tuple[Row, str, str]], good: Row) -> dict[str, Row]:
    return {label: {name: value for name, value in {**good, **bad}.items() if value is not GONE} for label, (bad, _f, _c) in table.items()}


def check(answered: dict[str, Broken], table: dict[str, tuple[Row, str, str]], *, left_out: Iterable[str] = ()) -> None:
    wanted = {label: {(field, code)} for label, (_bad, field, code) in table.items() if label not in left_out}
    assert {label: broken for label, broken in answered.items() if label in wanted} == wanted


def dashed(field: str, code: str | None) -> tuple[str, str]:
    return field, (code or "").replace("_", "-")


# --- Doors ---------------------------------------------------------------------------------------------


def of_problem(errors: Iterable[dict[str, str]]) -> Broken:
    """The field is the first step of the pointer in the record."""
    return {(one["pointer"].removeprefix("/data").split("/")[1], one["code"]) for one in errors}


def of_form(response: Any) -> Broken:
    assert response.status_code == 422, response
    context = response.context
    return {dashed(name, one.code) for name, errors in context["form"].errors.as_data().items() for one in errors}


def through_page(rows: dict[str, Row], by: User, address: str, said: Callable[[Row], Row]) -> dict[str, Broken]:
    client = Client(headers={"accept-language": "en"})
    client.force_login(by)
    return {label: of_form(client.post(address, said(row))) for label, row in rows.items()}


def through_rest(rows: dict[str, Row], by: User, path: str) -> dict[str, Broken]:
    caller = caller_for(by)
    return {label: of_problem(caller.post(path, row).json()["errors"]) for label, row in rows.items()}


def through_source(rows: dict[str, Row], by: User, noun: str, unit: Unit) -> dict[str, Broken]:
    caller = caller_for(by)
    address = f"/sources/{unit.code}/{noun}/"
    answers = {label: caller._send("put", f"{address}{number}/", data={"version": 1, "data": row}, content_type="application/json")
               for number, (label, row) in enumerate(rows.items())}  # fmt: skip
    return {label: of_problem(answer.json()["errors"]) for label, answer in answers.items()}


def through_batch(rows: dict[str, Row], by: User, noun: str, unit: Unit) -> dict[str, Broken]:
    items = [{"external_id": label, "version": 1, "data": row} for label, row in rows.items()]
    answer = caller_for(by).post(f"/sources/{unit.code}/{noun}/batch/", {"items": items}).json()
    return {item["external_id"]: of_problem(item["errors"]) for item in answer["items"]}


def through_workbook(rows: dict[str, Row], by: User, sheet: str, unit: Unit) -> dict[str, Broken]:
    numbers: dict[int, str] = {}

    # The spare rows are those that were empty before the first was written.
    content = taken(unit, by=by)
    first = OfficeBook(content).spare(sheet)

    def work(book: OfficeBook) -> None:
        for place, (label, row) in enumerate(rows.items()):
            numbers[first + place] = label
            book.set(sheet, first + place, **{name: ";".join(value) if isinstance(value, list) else value for name, value in row.items()})

    upload = bring(edited(content, work), by=by)
    answered: dict[str, Broken] = {label: set() for label in rows}
    for entry in upload.refused:
        answered[numbers[entry["row"]]].add((entry["column"], entry["code"]))
    return answered


def through_list(rows: dict[str, Row], by: User, unit: Unit) -> dict[str, Broken]:
    columns = {"name": "name", "kind": "kind", "country": "country", "city": "city", "website": "website", "founded_year": "founded"}
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows.values())
    resource = PartnerResource(columns, countries=CountryIndex(), kinds=PartnerKindIndex())
    read = list(resource.rows(open_table(io.BytesIO(stream.getvalue().encode()))))
    names = {field: column for column, field in columns.items()}
    planned = plan_partners(read, by=by, run=ImportRun(unit=unit))
    return {
        label: {dashed(names[problem.field], problem.code) for problem in plan.problems} for label, plan in zip(rows, planned, strict=True)
    }


# --- Partners ------------------------------------------------------------------------------------------


def partner_as_sent(row: Row) -> Row:
    kind = PartnerKind.objects.filter(code=row.get("kind", "")).first()
    country = Country.objects.filter(alpha2=row.get("country", "")).first()
    keys = {"kind": kind.pk if kind else row.get("kind", ""), "country": country.pk if country else row.get("country", "")}
    return {"status": "active", "name_language": "vi", "names-TOTAL_FORMS": "0", "names-INITIAL_FORMS": "0", **row, **keys}


def test_partners_on_the_page(an: User) -> None:
    rows = rows_of(PARTNERS, PARTNER)
    check(through_page(rows, an, reverse("partners:partner-create"), partner_as_sent), PARTNERS)


def test_partners_by_the_api(an: User) -> None:
    check(through_rest(rows_of(PARTNERS, PARTNER), an, "/partners/"), PARTNERS)


def test_partners_by_the_key_of_the_office(an: User, nghe_an: Unit) -> None:
    check(through_source(rows_of(PARTNERS, PARTNER), an, "partners", nghe_an), PARTNERS)


def test_partners_in_a_batch(an: User, nghe_an: Unit) -> None:
    check(through_batch(rows_of(PARTNERS, PARTNER), an, "partners", nghe_an), PARTNERS)


def test_partners_in_an_offline_workbook(an: User, nghe_an: Unit) -> None:
    # A spreadsheet cannot hold a character that rings.
    left_out = {"name rings"}
    rows = {label: row for label, row in rows_of(PARTNERS, PARTNER).items() if label not in left_out}
    check(through_workbook(rows, an, "partners", nghe_an), PARTNERS, left_out=left_out)


def test_partners_in_a_list(an: User, nghe_an: Unit) -> None:
    # A list has no columns for these; a file with a character that rings is no table.
    left_out = {"name rings", "friend before all", "no such status", "no such language"}
    rows = {label: row for label, row in rows_of(PARTNERS, PARTNER).items() if label not in left_out}
    check(through_list(rows, an, nghe_an), PARTNERS, left_out=left_out)


# --- Exchanges -----------------------------------------------------------------------------------------


@pytest.fixture
def partner(nghe_an: Unit) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt", country="LA", unit=nghe_an)


def exchange_rows(partner: Partner) -> dict[str, Row]:
    return rows_of(EXCHANGES, {**EXCHANGE, "partners": [str(partner.public_id)]})


def exchange_as_sent(row: Row) -> Row:
    return {"status": "held", "level": "1", "confidentiality": "unit", **row, "overrule_warnings": "on"}


def test_exchanges_on_the_page(an: User, partner: Partner) -> None:
    # The page takes a day to come for a plan once it has said so and was answered.
    left_out = {"held in the future"}
    rows = {label: row for label, row in exchange_rows(partner).items() if label not in left_out}
    check(through_page(rows, an, reverse("activities:exchange-log"), exchange_as_sent), EXCHANGES, left_out=left_out)


def test_exchanges_by_the_api(an: User, partner: Partner) -> None:
    check(through_rest(exchange_rows(partner), an, "/exchanges/"), EXCHANGES)


def test_exchanges_by_the_key_of_the_office(an: User, nghe_an: Unit, partner: Partner) -> None:
    check(through_source(exchange_rows(partner), an, "exchanges", nghe_an), EXCHANGES)


def test_exchanges_in_a_batch(an: User, nghe_an: Unit, partner: Partner) -> None:
    check(through_batch(exchange_rows(partner), an, "exchanges", nghe_an), EXCHANGES)


def test_exchanges_in_an_offline_workbook(an: User, nghe_an: Unit, partner: Partner) -> None:
    named = {label: {**row, **({"partners": partner.name} if row.get("partners") == [str(partner.public_id)] else {})}
             for label, row in exchange_rows(partner).items()}  # fmt: skip
    check(through_workbook(named, an, "exchanges", nghe_an), EXCHANGES)


# --- People --------------------------------------------------------------------------------------------


def test_people_on_the_page(an: User) -> None:
    usual = {"name_order": "given_first", "confidentiality": "network", "consent": "public"}
    check(through_page(rows_of(PEOPLE, PERSON), an, reverse("partners:person-create"), lambda row: {**usual, **row}), PEOPLE)


def test_people_by_the_api(an: User) -> None:
    check(through_rest(rows_of(PEOPLE, PERSON), an, "/people/"), PEOPLE)


def test_people_in_an_offline_workbook(an: User, nghe_an: Unit) -> None:
    check(through_workbook(rows_of(PEOPLE, PERSON), an, "people", nghe_an), PEOPLE)


def test_people_from_cards(an: User) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(an)
    rows = rows_of(PEOPLE, PERSON)
    sent: Row = {"cards-TOTAL_FORMS": len(rows), "cards-INITIAL_FORMS": len(rows), "source": "danh-ba.vcf"}
    for number, row in enumerate(rows.values()):
        sent |= {f"cards-{number}-{name}": value for name, value in {"take": "on", "number": number + 1, **row}.items()}
    response = client.post(reverse("partners:vcard-save"), sent)
    assert response.status_code == 422
    answered = {
        label: {dashed(name, one.code) for name, errors in form.errors.as_data().items() for one in errors}
        for label, form in zip(rows, response.context["cards"].forms, strict=True)
    }
    check(answered, PEOPLE)
