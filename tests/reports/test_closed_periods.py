"""What a unit has reported is not changed by its program any more: the period of an issued report is closed to it."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from activities.actions.exchanges import change_exchange
from activities.actions.sources import push_exchanges
from activities.models import Exchange, ExchangeKind
from crm.actions.sources import Outcome, SourceItem
from crm.models import Unit, User
from partners.models import Partner
from reports.choices import PeriodKind
from reports.models import IssuedReport, PeriodicReport, PolicyVersion
from tests.api.caller import caller_for
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


def issue(unit: Unit, start: date, end: date, *, by: User) -> PeriodicReport:
    report = PeriodicReport.objects.create(
        unit=unit, period_kind=PeriodKind.OTHER, period_from=start, period_to=end, title="Báo cáo quý I", created_by=by
    )
    policy = PolicyVersion.objects.latest("pk")
    IssuedReport.objects.create(
        report=report, number=1, issued_by=by, as_of=end, policy=policy, content={}, figures={}, ledger={}, inputs_sha256="0" * 64
    )
    return report


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner()


def word(partner: Partner, day: date, version: int = 1, **values: Any) -> SourceItem:
    kind = ExchangeKind.objects.get(code="WORKING_MEETING")
    return SourceItem(external_id="A", version=version, values={"kind": kind, "starts_on": day, "partners": [partner], **values})


def closed(unit: Unit, by: User, *items: SourceItem) -> list[Any]:
    told = []
    for result in push_exchanges(items, unit=unit, by=by):
        error = result.error
        assert error is None or isinstance(error, ValidationError)
        told.append(error.error_dict["starts_on"][0].code if error else result.outcome)
    return told


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), Outcome.CREATED),
        (date(2026, 1, 1), "period-issued"),
        (date(2026, 3, 31), "period-issued"),
        (date(2026, 4, 1), Outcome.CREATED),
    ],
)
def test_a_new_exchange_is_refused_on_the_days_of_the_period(lao: Partner, an: User, nghe_an: Unit, day: date, expected: Any) -> None:
    issue(nghe_an, date(2026, 1, 1), date(2026, 4, 1), by=an)
    assert closed(nghe_an, an, word(lao, day)) == [expected]


def test_what_stands_is_not_changed_moved_or_withdrawn_but_may_be_repeated(lao: Partner, an: User, nghe_an: Unit) -> None:
    inside, outside = date(2026, 2, 1), date(2026, 5, 1)
    closed(nghe_an, an, word(lao, inside))
    report = issue(nghe_an, date(2026, 1, 1), date(2026, 4, 1), by=an)
    gone = SourceItem(external_id="A", version=2, withdraw=True)
    words = [word(lao, inside), word(lao, inside, 2, title="x"), word(lao, outside, 2), gone]
    assert closed(nghe_an, an, *words) == [Outcome.UNCHANGED, "period-issued", "period-issued", "period-issued"]
    exchange = Exchange.objects.get()
    assert (exchange.title, exchange.starts_on, exchange.is_archived) == ("", inside, False)
    (refused,) = push_exchanges([words[1]], unit=nghe_an, by=an)
    assert isinstance(refused.error, ValidationError)
    assert report.title in refused.error.messages[0]
    assert "2026-01-01 – 2026-03-31" in refused.error.messages[0]


def test_moving_an_exchange_into_the_period_is_refused(lao: Partner, an: User, nghe_an: Unit) -> None:
    closed(nghe_an, an, word(lao, date(2026, 5, 1)))
    issue(nghe_an, date(2026, 1, 1), date(2026, 4, 1), by=an)
    assert closed(nghe_an, an, word(lao, date(2026, 3, 1), 2)) == ["period-issued"]


def test_which_periods_of_another_unit_are_issued_is_not_told(lao: Partner, an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    closed(nghe_an, an, word(lao, date(2026, 2, 1)))
    issue(quang_ninh, date(2026, 1, 1), date(2026, 4, 1), by=an)
    inside, outside = (
        push_exchanges([word(lao, day, version, host_unit=quang_ninh)], unit=nghe_an, by=an)[0].error
        for version, day in ((2, date(2026, 3, 1)), (3, date(2026, 5, 1)))
    )
    assert inside is not None
    assert repr(inside) == repr(outside)
    assert Exchange.objects.get().host_unit == nghe_an


def test_drafts_archived_reports_and_those_of_other_units_close_nothing(lao: Partner, an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    span = (date(2026, 1, 1), date(2026, 4, 1))
    issue(quang_ninh, *span, by=an)
    archived = issue(nghe_an, *span, by=an)
    PeriodicReport.objects.filter(pk=archived.pk).update(archived_at="2026-05-01T00:00:00+07:00", archived_by=an)
    PeriodicReport.objects.create(unit=nghe_an, period_kind=PeriodKind.OTHER, period_from=span[0], period_to=span[1], title="Draft")
    assert closed(nghe_an, an, word(lao, date(2026, 2, 1))) == [Outcome.CREATED]


def test_people_correct_it_on_the_page(lao: Partner, an: User, nghe_an: Unit) -> None:
    closed(nghe_an, an, word(lao, date(2026, 2, 1)))
    issue(nghe_an, date(2026, 1, 1), date(2026, 4, 1), by=an)
    exchange = Exchange.objects.get()
    exchange.title = "Corrected"
    change_exchange(exchange, by=an)
    assert Exchange.objects.get().title == "Corrected"


def test_no_other_address_of_the_api_is_a_way_around(lao: Partner, an: User, nghe_an: Unit) -> None:
    program, body = caller_for(an), {"kind": "WORKING_MEETING", "partners": [str(lao.public_id)]}
    inside = program.post("/exchanges/", body | {"starts_on": "2026-02-01"})["Location"]
    outside = program.post("/exchanges/", body | {"starts_on": "2026-05-01"})["Location"]
    issue(nghe_an, date(2026, 1, 1), date(2026, 4, 1), by=an)

    answers = [
        program.post("/exchanges/", body | {"starts_on": "2026-02-02"}),
        program.patch(inside, {"title": "x"}),
        program.patch(inside, {"starts_on": "2026-05-01"}),
        program.patch(outside, {"starts_on": "2026-02-01"}),
        program.archive(inside),
    ]

    assert [(answer.status_code, answer.json()["errors"][0]["code"]) for answer in answers] == [(422, "period-issued")] * 5
    assert program.patch(outside, {"title": "x"}).status_code == 200
