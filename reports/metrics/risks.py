"""M6: the reason codes that put a partner at risk as of a day, for all partners in one statement; the same on both databases.

A code is a fact with rows that prove it (``reports.metrics.risk_evidence``), no probability. R1, R2, R3, R6, R7 and R8 are asked
of partners with at least one counted exchange by T; R4 and R5 of every partner. Archived partners, and those that no longer
exist, are asked nothing. Restricted rows neither make a code nor unmake one, so no reader learns of them from it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from activities.choices import Side
from activities.models import Agreement, AgreementParty, Attendance, Commitment, Exchange, Participation
from crm.choices import Confidentiality
from crm.models import Membership
from partners.choices import PartnerStatus
from partners.models import Partner, Person, Post, Registration, Stewardship
from reports.choices import Alarm, Risk
from reports.metrics.days import BREADTH_DAYS, YEAR_DAYS, day_number
from reports.metrics.duties import Duties
from reports.metrics.engagement import NAMES, capped_days, engagement_statement, narrowed_to
from reports.metrics.reciprocity import RETURN_DAYS, VISIT_DAYS
from reports.metrics.risk_statement import DUTY_OF_NOBODY, STATEMENT
from reports.metrics.rounding import STRENGTH_UNITS
from reports.models import PolicyVersion

# R1 holds after three halves of the cadence, R2 from a seasonal momentum of −33 hundredths and a strength of ten points.
FADING_HUNDREDTHS = -33
FADING_FROM_POINTS = 10
PROMISE_DAYS = 30
ENDING_DAYS = 180
UNANSWERED_CONTACTS = 3
VERIFIED_DAYS = 365


@dataclass(frozen=True)
class PartnerRisk:
    """The reason codes of one partner as a bit mask of ``Risk``, never empty, and what they add up to."""

    partner_id: int
    mask: int
    alarm: Alarm

    @property
    def codes(self) -> list[Risk]:
        return codes_of(self.mask)


def codes_of(mask: int) -> list[Risk]:
    """The codes of a mask, R1 first."""
    return [code for code in Risk if mask & code]


def risks(policy: PolicyVersion, as_of: date, partner_ids: Collection[int] | None = None) -> Iterator[PartnerRisk]:
    """Yield every partner with at least one code as of the day, by partner: of all, or of those given. Four statements."""
    statement, parameters = risks_statement(policy, as_of, partner_ids)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for partner_id, mask, alarm in cursor:
            yield PartnerRisk(partner_id, mask, Alarm(alarm))


def risk_of(policy: PolicyVersion, as_of: date, partner_id: int) -> PartnerRisk | None:
    """Return the codes of one partner; None where there are none."""
    return next(risks(policy, as_of, [partner_id]), None)


def risks_statement(
    policy: PolicyVersion, as_of: date, partner_ids: Collection[int] | None = None, *, stored: tuple[str, dict[str, Any]] | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the SELECT (partner_id, mask, alarm) with its parameters. Runs three or four small queries, for caps and duties.

    ``stored``: SQL of the partners' figures where they were stored just before, with the parameters they were computed with.
    """
    figures, parameters = stored or engagement_statement(policy, as_of, partner_ids)
    facts, _names = narrowed_to(partner_ids)
    statement = STATEMENT.format(
        figures=figures,
        capped_days=capped_days("AND f.partner_id IN (SELECT partner_id FROM fading)"),
        partners=facts,
        given=facts.replace("f.partner_id", "p.id"),
        duties=_duties(policy, as_of),
        **_TABLES,
        **NAMES,
    )
    return statement, {**parameters, **_parameters(as_of)}


def _duties(policy: PolicyVersion, as_of: date) -> str:
    """SQL of the cadence asked of each country on the day: (column1, column2) as both databases name them."""
    asked = Duties.on(as_of, policy).by_country(as_of)
    rows = ", ".join(f"({country_id:d}, {duty.cadence_days:d})" for country_id, duty in sorted(asked.items()) if not duty.exempt)
    return f"VALUES {rows}" if rows else DUTY_OF_NOBODY


def _parameters(as_of: date) -> dict[str, Any]:
    today, day = day_number(as_of), connection.ops.adapt_datefield_value
    return {
        "year_ago_window": today - YEAR_DAYS,
        "met_since": today - BREADTH_DAYS,
        "visits_since": today - VISIT_DAYS,
        "visits_late": today - RETURN_DAYS,
        "fading": FADING_HUNDREDTHS,
        "faded_from": FADING_FROM_POINTS * STRENGTH_UNITS,
        "unanswered": UNANSWERED_CONTACTS,
        "day": day(as_of),
        "promises_before": day(as_of - timedelta(days=PROMISE_DAYS)),
        "ends_by": day(as_of + timedelta(days=ENDING_DAYS)),
        "verified_since": day(as_of - timedelta(days=VERIFIED_DAYS)),
        "entered_since": _beginning_of(as_of - timedelta(days=VERIFIED_DAYS)),
        "day_over": _beginning_of(as_of + timedelta(days=1)),
        "ours": Side.OURS.value,
        "restricted": Confidentiality.RESTRICTED.value,
        "closed": PartnerStatus.CLOSED.value,
        **{f"code_{code.name.lower()}": code.value for code in Risk},
    }


def _beginning_of(day: date) -> Any:
    return connection.ops.adapt_datetimefield_value(timezone.make_aware(datetime.combine(day, time.min)))


_MODELS = [Partner, Person, Post, Stewardship, Registration, Membership, Exchange, Attendance, Commitment, Agreement, AgreementParty]
_TABLES = {model.__name__.lower(): model._meta.db_table for model in _MODELS} | {
    "participation": Participation._meta.db_table,
    "versions": Partner.history.model._meta.db_table,
}
