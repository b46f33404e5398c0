"""Many exchanges written together are the same as each logged by itself: rules, rows, versions, facts, last contacts, figures."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activities.actions.exchanges import log_exchange
from activities.actions.log_many import NewExchange, check_new, log_checked
from activities.models import Exchange, ExchangeKind, ExchangeUnit, Participation
from activities.signals import activity_recorded
from crm.models import Field, Province, Unit, User
from partners.models import Partner
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(an: User, chau: User, nghe_an: Unit, quang_ninh: Unit) -> list[dict[str, Any]]:
    """What is logged twice: good and bad, each as the columns and rows of one exchange."""
    lao, khmer = make_partner(), make_partner("Hội Campuchia", country="KH")
    archived = make_partner("Archived", country="TH", archived_at="2026-01-01T00:00:00+07:00", archived_by=an)
    delegation = make_exchange(lao, by=an, on=date(2026, 5, 1), kind="DELEGATION_IN" if _kind("DELEGATION_IN") else "WORKING_MEETING")
    foreign = make_exchange(lao, by=chau, on=date(2026, 5, 1), host_unit=quang_ninh)
    peace, culture = Field.objects.get(code="PEACE"), Field.objects.get(code="CUL")
    good: dict[str, Any] = {"kind": _kind("WORKING_MEETING"), "starts_on": date(2026, 3, 16), "partners": [lao]}
    return [
        good,
        good | {"title": "  Gặp\u00adgỡ ", "fields": [culture, peace], "provinces": list(Province.objects.filter(slug="nghe-an"))},
        good | {"partners": [khmer, lao], "level": 2, "sides": "ours", "co_units": [quang_ninh, nghe_an]},
        good | {"status": "planned", "starts_on": date(2099, 1, 1)},
        good | {"confidentiality": "restricted"},
        good | {"parent": delegation, "partners": [lao, khmer], "starts_on": date(2026, 5, 2)},
        good | {"partners": []},
        good | {"partners": [lao, archived]},
        good | {"starts_on": date(2099, 1, 1)},
        good | {"starts_on": date(1945, 9, 1)},
        good | {"starts_on": None},
        good | {"kind": None},
        good | {"ends_on": date(2026, 3, 15)},
        good | {"direction": "sideways"},
        good | {"level": 9},
        good | {"people_count": 100_001},
        good | {"people_count": -1},
        good | {"title": "a\x00b"},
        good | {"title": "x" * 301},
        good | {"summary": "x" * 20_001},
        good | {"outcome": "a\x07b"},
        good | {"host_unit": quang_ninh},
        good | {"parent": foreign},
    ]


def _kind(code: str) -> ExchangeKind | None:
    return ExchangeKind.objects.filter(code=code).first()


def entry_of(row: dict[str, Any]) -> NewExchange:
    related = {name: row[name] for name in ("partners", "fields", "provinces", "co_units") if name in row}
    return NewExchange(Exchange(**{name: value for name, value in row.items() if name not in related}), **related)


def codes(error: Exception | None) -> Any:
    """What is wrong, as a reader of errors sees it."""
    if isinstance(error, ValidationError):
        named = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
        return sorted((name, one.code, message) for name, errors in named.items() for one in errors for message in one.messages)
    return type(error).__name__ if error else None


def one_by_one(rows: Sequence[dict[str, Any]], by: User) -> tuple[list[Any], list[Exchange]]:
    told: list[Any] = []
    made: list[Exchange] = []
    for row in rows:
        entry = entry_of(row)
        related: dict[str, Any] = {"fields": entry.fields, "provinces": entry.provinces, "co_units": entry.co_units}
        try:
            made.append(log_exchange(entry.exchange, by=by, partners=entry.partners, **related))
            told.append(None)
        except (ValidationError, PermissionDenied) as error:
            told.append(codes(error))
    return told, made


def together(rows: Sequence[dict[str, Any]], by: User) -> tuple[list[Any], list[Exchange]]:
    entries = [entry_of(row) for row in rows]
    told = check_new(entries, by=by)
    good = [entry for entry, error in zip(entries, told, strict=True) if error is None]
    log_checked(good, by=by)
    return [codes(error) for error in told], [entry.exchange for entry in good]


NOT_COMPARED = {"id", "public_id", "created_at", "updated_at", "history_id", "history_date", "exchange_id", "search_key"}


def columns(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in NOT_COMPARED}


def seen(exchange: Exchange) -> dict[str, Any]:
    """All that is stored of an exchange, with the last version of each row and its links."""
    stored = Exchange.objects.get(pk=exchange.pk)
    version = stored.history.latest()
    parts = list(Participation.objects.filter(exchange=stored).order_by("rank"))
    units = list(ExchangeUnit.objects.filter(exchange=stored).order_by("unit"))
    marks = {"history_type", "history_change_reason"}
    return {
        "row": {**columns(stored), "search_key": stored.search_key},
        "fields": set(stored.fields.all()),
        "provinces": set(stored.provinces.all()),
        "parts": [columns(part) for part in parts],
        "units": [columns(unit) for unit in units],
        "version": {name: value for name, value in columns(version).items() if name not in marks},
        "version fields": set(version.fields.values_list("field", flat=True)),
        "version provinces": set(version.provinces.values_list("province", flat=True)),
        "version parts": [{name: value for name, value in columns(part.history.get()).items() if name not in marks} for part in parts],
        "version units": [{name: value for name, value in columns(unit.history.get()).items() if name not in marks} for unit in units],
    }


def test_the_same_is_refused_with_the_same_words(rows: list[dict[str, Any]], an: User) -> None:
    alone, _made = one_by_one(rows, an)
    many, _made = together(rows, an)
    assert many == alone
    assert [told is None for told in many] == [True] * 6 + [False] * 17


def test_the_same_is_stored_with_its_versions_and_facts(rows: list[dict[str, Any]], an: User) -> None:
    _told, alone = one_by_one(rows, an)
    _told, many = together(rows, an)
    assert [seen(exchange) for exchange in many] == [seen(exchange) for exchange in alone]


def test_the_same_last_contacts_and_the_same_is_told_to_figures(rows: list[dict[str, Any]], an: User) -> None:
    said: list[tuple[set[int], date]] = []

    def hear(**kwargs: Any) -> None:
        said.append((kwargs["partner_ids"], kwargs["since"]))

    activity_recorded.connect(hear)
    contacts = []
    for write in (one_by_one, together):
        Partner.objects.update(last_contact_on=None)
        write(rows, an)
        contacts.append(dict(Partner.objects.values_list("name", "last_contact_on")))
    activity_recorded.disconnect(hear)
    assert contacts[0] == contacts[1]
    assert any(contacts[0].values())
    *alone, many = said
    assert many == (set().union(*(ids for ids, _since in alone)), min(since for _ids, since in alone))
