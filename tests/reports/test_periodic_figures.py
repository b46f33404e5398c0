"""The figures of periodic reports: what each counts, beside last period and last year, and what never counts."""

from datetime import date
from typing import Any

import pytest

from activities.models import Agreement, AgreementKind, AgreementParty, Commitment
from crm.choices import Confidentiality
from crm.models import Field, PolicyDocument, Province, Unit, User
from reports.choices import PeriodKind
from reports.metrics.periodic.figures import figures_of, label_of, rows_of
from reports.metrics.periodic.lines import Figures, change
from reports.metrics.periodic.spans import span_of
from reports.models import PeriodicReport
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db

TODAY = date(2025, 8, 15)


def report_of(unit: Unit, **values: Any) -> PeriodicReport:
    given = {"period_kind": PeriodKind.HALF_YEAR, "period_from": date(2025, 1, 1), "period_to": date(2025, 7, 1), **values}
    return PeriodicReport(unit=unit, **given)


def values(figures: Figures, code: str) -> tuple[int | None, ...]:
    return figures.lines_by_code[code].values


def test_delegations_their_people_and_countries_stand_beside_last_period_and_last_year(nghe_an: Unit, an: User) -> None:
    laos, thailand = make_partner("Hội Lào", country="LA"), make_partner("Hội Thái", country="TH")
    make_exchange([laos, thailand], by=an, on=date(2025, 3, 1), kind="DELEGATION_OUT", direction="out", people_count=12)
    make_exchange(laos, by=an, on=date(2025, 5, 1), kind="DELEGATION_OUT", direction="out")
    make_exchange(laos, by=an, on=date(2024, 12, 31), kind="DELEGATION_OUT", direction="out", people_count=5)
    make_exchange(laos, by=an, on=date(2024, 6, 30), kind="DELEGATION_IN", direction="in", people_count=7)
    figures = figures_of(report_of(nghe_an), today=TODAY)
    assert [column.code for column in figures.columns] == ["now", "before", "year_before"]
    assert values(figures, "delegations_out") == (2, 1, 0)
    assert values(figures, "people_out") == (12, 5, None)
    assert figures.lines_by_code["people_out"].unknown == 1
    assert values(figures, "countries_out") == (2, 1, 0)
    assert values(figures, "people_in") == (None, None, 7)


def test_where_nothing_was_on_record_there_is_no_figure_and_not_0(nghe_an: Unit, an: User) -> None:
    make_exchange(make_partner(), by=an, on=date(2025, 3, 1))
    figures = figures_of(report_of(nghe_an), today=TODAY)
    assert values(figures, "delegations_in") == (0, None, None)
    assert figures.lines_by_code["delegations_in"].cells == ["0", "–", "–"]
    assert values(figures, "agreements_signed") == (None, None, None)
    assert not figures_of(report_of(nghe_an, period_from=date(2019, 1, 1), period_to=date(2019, 7, 1)), today=TODAY).has_data


def test_a_joint_event_is_one_in_the_total_and_one_in_each_units_own(centre: Unit, nghe_an: Unit, quang_ninh: Unit, an: User) -> None:
    make_exchange(make_partner(), by=an, on=date(2025, 3, 1), kind="FRIENDSHIP_EXCHANGE", co_units=[quang_ninh])
    total = figures_of(report_of(centre), today=TODAY)
    assert values(total, "friendship")[0] == 1
    by_unit = {line.code: line.values[0] for group in total.breakdowns if group.code == "unit" for line in group.lines}
    assert by_unit == {f"unit:{nghe_an.pk}": 1, f"unit:{quang_ninh.pk}": 1}
    for unit in (nghe_an, quang_ninh):
        assert values(figures_of(report_of(unit), today=TODAY), "friendship")[0] == 1


def test_the_centre_without_those_below_counts_its_own_alone(centre: Unit, an: User, khoa: User) -> None:
    partner = make_partner()
    make_exchange(partner, by=an, on=date(2025, 3, 1))
    make_exchange(partner, by=khoa, on=date(2025, 3, 2))
    assert values(figures_of(report_of(centre, with_below=False), today=TODAY), "meetings")[0] == 1
    assert values(figures_of(report_of(centre), today=TODAY), "meetings")[0] == 2


def test_restricted_planned_and_archived_exchanges_and_parts_of_delegations_count_nowhere(centre: Unit, ha: User) -> None:
    partner = make_partner()
    visit = make_exchange(partner, by=ha, on=date(2025, 3, 1), kind="DELEGATION_IN", direction="in")
    make_exchange(partner, by=ha, on=date(2025, 3, 2), parent=visit)
    make_exchange(partner, by=ha, on=date(2025, 4, 1), confidentiality=Confidentiality.RESTRICTED)
    make_exchange(partner, by=ha, on=date(2025, 5, 1), status="planned")
    figures = figures_of(report_of(centre), today=TODAY)
    assert values(figures, "delegations_in")[0] == 1
    assert values(figures, "meetings")[0] == 0
    assert [line.values[0] for group in figures.breakdowns if group.code == "country" for line in group.lines] == [1]


def test_days_decide_not_entry_and_the_first_day_after_the_period_is_outside(nghe_an: Unit, an: User) -> None:
    partner = make_partner()
    for day in (date(2024, 12, 31), date(2025, 1, 1), date(2025, 6, 30), date(2025, 7, 1)):
        make_exchange(partner, by=an, on=day)
    assert values(figures_of(report_of(nghe_an), today=TODAY), "meetings") == (2, 1, None)


def test_exchanges_of_a_merged_province_stand_under_todays_with_the_old_one_visible(nghe_an: Unit, an: User) -> None:
    province, old = Province.objects.get(slug="bac-ninh"), Province.objects.get(slug="bac-giang")
    make_exchange(make_partner(), by=an, on=date(2025, 3, 1), provinces=[old])
    figures = figures_of(report_of(nghe_an), today=date(2025, 8, 1))
    # On the map of the period's last day, 30 June 2025, the old province is itself.
    codes = [line.code for group in figures.breakdowns if group.code == "province" for line in group.lines]
    assert codes == [f"province:{old.pk}"]
    year = report_of(nghe_an, period_kind=PeriodKind.YEAR, period_to=date(2026, 1, 1))
    lines = [line for group in figures_of(year, today=date(2025, 8, 1)).breakdowns if group.code == "province" for line in group.lines]
    assert [line.code for line in lines][1] == f"old_province:{old.pk}"
    assert lines[0].values[0] == lines[1].values[0] == 1
    assert lines[0].code != f"province:{old.pk}"
    assert province.pk > 0


def test_breakdowns_count_an_exchange_once_in_each_row_it_belongs_to(nghe_an: Unit, an: User) -> None:
    fields = list(Field.objects.filter(parent=None).order_by("pk")[:2])
    partners = [make_partner("A", country="LA"), make_partner("B", country="LA"), make_partner("C", country="KH")]
    make_exchange(partners, by=an, on=date(2025, 3, 1), fields=fields)
    figures = figures_of(report_of(nghe_an), today=TODAY)
    found = {group.code: sorted(line.values[0] or 0 for line in group.lines) for group in figures.breakdowns}
    assert found["country"] == [1, 1]
    assert found["field"] == [1, 1]
    assert set(found["tier"]) == {1}


def test_only_what_serves_the_directive_counts_where_one_is_named(nghe_an: Unit, an: User) -> None:
    directive = PolicyDocument.objects.order_by("pk")[0]
    make_exchange(make_partner(), by=an, on=date(2025, 3, 1), policy_document=directive)
    make_exchange(make_partner("B"), by=an, on=date(2025, 3, 2))
    assert values(figures_of(report_of(nghe_an, directive=directive), today=TODAY), "meetings")[0] == 1


def test_agreements_are_named_one_by_one_and_counted_by_level(nghe_an: Unit, an: User) -> None:
    kind = AgreementKind.objects.order_by("pk").first() or AgreementKind.objects.create(code="MOU", label_vi="BGN", label_en="MOU")
    given = {"kind": kind, "unit": nghe_an, "created_by": an}
    signed = Agreement.objects.create(title="Bản ghi nhớ", level="provincial", signed_on=date(2025, 2, 2), **given)
    AgreementParty.objects.create(agreement=signed, side="theirs", name="Tỉnh Xiêng Khoảng")
    Agreement.objects.create(
        title="Kín", level="provincial", signed_on=date(2025, 2, 3), confidentiality=Confidentiality.RESTRICTED, **given
    )
    figures = figures_of(report_of(nghe_an), today=TODAY)
    assert [row.title for row in figures.agreements] == ["Bản ghi nhớ"]
    assert figures.agreements[0].parties == "Tỉnh Xiêng Khoảng"
    assert values(figures, "agreements_signed") == (1, None, None)
    assert values(figures, "agreements_provincial")[0] == 1


def test_commitments_of_both_sides_are_made_kept_and_overdue(nghe_an: Unit, an: User) -> None:
    given = {"partner": make_partner(), "unit": nghe_an, "promised_on": date(2025, 1, 5)}
    Commitment.objects.create(text="a", due_on=date(2025, 3, 1), state="done", settled_on=date(2025, 2, 1), **given)
    Commitment.objects.create(text="b", due_on=date(2025, 3, 1), state="done", settled_on=date(2025, 4, 1), **given)
    Commitment.objects.create(text="c", due_on=date(2025, 3, 1), **given)
    Commitment.objects.create(text="d", due_on=date(2025, 3, 1), owed_by="theirs", **given)
    # Settled after the period: at its end it was overdue.
    Commitment.objects.create(text="e", due_on=date(2025, 5, 1), state="done", settled_on=date(2025, 7, 9), **given)
    figures = figures_of(report_of(nghe_an), today=TODAY)
    found = {code: values(figures, code)[0] for code in ("ours_made", "ours_kept", "ours_late", "ours_overdue", "theirs_overdue")}
    assert found == {"ours_made": 4, "ours_kept": 1, "ours_late": 1, "ours_overdue": 2, "theirs_overdue": 1}


def test_a_partner_is_new_in_the_period_of_its_first_exchange(nghe_an: Unit, an: User) -> None:
    old, new = make_partner("Cũ"), make_partner("Mới")
    make_exchange(old, by=an, on=date(2024, 3, 1))
    make_exchange([old, new], by=an, on=date(2025, 3, 1))
    assert values(figures_of(report_of(nghe_an), today=TODAY), "partners_new") == (1, None, 1)


@pytest.mark.parametrize("key", ["9" * 50, "+" + "9" * 50, "-1", "\x00"])
def test_a_key_that_no_row_can_have_is_no_figure(centre: Unit, key: str) -> None:
    span = span_of(report_of(centre), today=TODAY)
    for breakdown in ("unit", "ngo_region"):
        with pytest.raises(KeyError):
            label_of(f"{breakdown}:{key}", span)


def test_each_figure_opens_as_many_rows_as_it_counts(centre: Unit, an: User, ha: User) -> None:
    partner = make_partner()
    make_exchange(partner, by=an, on=date(2025, 3, 1), kind="FRIENDSHIP_EXCHANGE", provinces=[Province.objects.order_by("pk")[0]])
    make_exchange(partner, by=ha, on=date(2025, 4, 1), kind="DELEGATION_OUT", direction="out", people_count=3)
    report = report_of(centre)
    span = span_of(report, today=TODAY)
    counted = [line for group in figures_of(report, today=TODAY).groups for line in group.lines if line.opens and line.values[0]]
    assert len(counted) > 10
    for line in counted:
        if not line.code.startswith(("people", "countries")):
            assert rows_of(line.code, span)[1].count() == line.values[0], line.code


def test_the_figures_come_back_from_json_as_they_were(centre: Unit, an: User) -> None:
    make_exchange(make_partner(), by=an, on=date(2025, 3, 1))
    figures = figures_of(report_of(centre), today=TODAY)
    assert Figures.from_document(figures.to_document()) == figures


def test_a_year_stands_beside_one_other_column_only(centre: Unit) -> None:
    report = report_of(centre, period_kind=PeriodKind.YEAR, period_from=date(2024, 1, 1), period_to=date(2025, 1, 1))
    assert [column.code for column in figures_of(report, today=TODAY).columns] == ["now", "before"]


@pytest.mark.parametrize(
    ("value", "other", "words"),
    [(25, 20, "+5 (+25\u00a0%)"), (10, 20, "−10 (−50\u00a0%)"), (3, 2, "+1"), (None, 2, ""), (2, None, ""), (5, 0, "+5")],
)
def test_changes_are_said_in_words_and_percentages_only_of_many(value: int | None, other: int | None, words: str) -> None:
    assert change(value, other) == words
