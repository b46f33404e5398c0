"""What a weekly digest tells: the rows of each part, within the reader's scope, and which of them are new since last week.

Nothing restricted is ever told, since a digest also goes out by mail.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.models import Commitment
from crm.choices import Confidentiality
from crm.models import TierMembership, User
from partners.models import Partner, Stewardship
from reports.choices import Alarm, GapKind, Reporting, Risk
from reports.metrics.completeness import usual_completeness
from reports.metrics.days import policy_on
from reports.metrics.gaps import Gap, worst_gaps
from reports.metrics.stored import stored_days
from reports.models import DigestSubscription, RiskSnapshot

ROWS_AT_MOST = 10
# Beyond this many, what is new is not told row by row: the page of the part sorts better than a message.
KEYS_AT_MOST = 3000


@dataclass(frozen=True)
class Row:
    """One line of a part. ``key`` tells next week whether it was there already."""

    key: str
    text: str
    detail: str
    url: str


@dataclass(frozen=True)
class Part:
    """One part: ``url`` leads to all of it, ``total`` counts it, ``rows`` are all rows, or the first where there are too many."""

    url: str
    total: int
    rows: list[Row]


def content_for(user: User, wanted: DigestSubscription, as_of: date, before: dict[str, Any]) -> dict[str, Any]:
    """Return the digest as JSON, in the language that is active. ``before``: the content of the last one, empty for the first."""
    parts = {
        name: _told(part, before.get("parts", {}).get(name))
        for name, is_wanted, make in _parts_of(wanted)
        if is_wanted and (part := make(user, wanted, as_of)) is not None
    }
    return {"as_of": as_of.isoformat(), "tier": wanted.tier.code if wanted.tier else "", "parts": parts}


def _parts_of(wanted: DigestSubscription) -> Iterable[tuple[str, bool, Callable[[User, DigestSubscription, date], Part | None]]]:
    return (
        ("gaps", wanted.gaps, _gaps),
        ("at_risk", wanted.at_risk, _at_risk),
        ("promises", wanted.promises, _promises),
        ("unreported", wanted.unreported, _unreported),
    )


def _told(part: Part, before: dict[str, Any] | None) -> dict[str, Any]:
    """A part as JSON: what is new first. With no digest before it, nothing is called new."""
    keys = [row.key for row in part.rows]
    known = set(keys if before is None else before["keys"])
    rows = [{"text": row.text, "detail": row.detail, "url": row.url, "is_new": row.key not in known} for row in part.rows]
    rows.sort(key=lambda row: not row["is_new"])
    new = sum(1 for row in rows if row["is_new"])
    return {"url": part.url, "total": part.total, "new": new, "rows": rows[:ROWS_AT_MOST], "keys": keys}


def _gaps(user: User, wanted: DigestSubscription, as_of: date) -> Part:
    found = [gap for gap in worst_gaps(policy_on(as_of), as_of) if gap.kind != GapKind.DUE and _is_in_tier(gap, wanted)]
    rows = [Row(f"{gap.kind}:{gap.key}", _name_of(gap), _why(gap), _gap_url(gap)) for gap in found]
    return Part(reverse("reports:gap-list"), len(rows), rows)


def _is_in_tier(gap: Gap, wanted: DigestSubscription) -> bool:
    return wanted.tier_id is None or any(tier.pk == wanted.tier_id for tier in gap.tiers)


def _name_of(gap: Gap) -> str:
    line = gap.target.line.scope_label if gap.target else ""
    return " · ".join(filter(None, [str(gap.country) if gap.country else "", line]))


def _why(gap: Gap) -> str:
    done = _("%(done)s of %(asked)s") % {"done": gap.done, "asked": gap.required}
    last = _("last on %(day)s") % {"day": date_format(gap.last_on, "SHORT_DATE_FORMAT")} if gap.last_on else ""
    return " · ".join(filter(None, [str(GapKind(gap.kind).label), done, last]))


def _gap_url(gap: Gap) -> str:
    if gap.target is not None or gap.country is None:
        return gap.target.line.get_absolute_url() if gap.target else reverse("reports:gap-list")
    return reverse("reports:country-detail", args=[gap.country.alpha2])


def _at_risk(user: User, wanted: DigestSubscription, as_of: date) -> Part | None:
    """Partners that are red on the last stored day: all for the centre, else those that the reader's units keep."""
    days = [day for day in stored_days() if day <= as_of]
    if not days:
        return None
    red = RiskSnapshot.objects.filter(policy=policy_on(days[0]), day=days[0], alarm=Alarm.RED)
    partners = Partner.objects.visible_to(user).live()
    if not user.scope.central:
        partners = partners.filter(pk__in=Stewardship.objects.current().filter(unit__in=user.scope.unit_ids).values("partner"))
    if wanted.tier_id is not None:
        partners = partners.filter(country__in=TierMembership.objects.on(as_of).filter(tier=wanted.tier_id).values("country"))
    found = red.filter(partner__in=partners.values("pk")).select_related("partner").order_by("partner__sort_key", "partner_id")
    rows = [
        Row(
            str(row.partner.public_id),
            row.partner.name,
            ", ".join(str(risk.label) for risk in Risk if row.mask & risk),
            row.partner.get_absolute_url(),
        )
        for row in found[:KEYS_AT_MOST]
    ]
    return Part(f"{reverse('reports:risk-list')}?alarm=red", found.count(), rows)


def _promises(user: User, wanted: DigestSubscription, as_of: date) -> Part:
    seen = Commitment.objects.visible_to(user).overdue(as_of).exclude(confidentiality=Confidentiality.RESTRICTED)
    if not user.scope.central:
        seen = seen.filter(unit__in=user.scope.unit_ids)
    if wanted.tier_id is not None:
        seen = seen.filter(partner__country__in=TierMembership.objects.on(as_of).filter(tier=wanted.tier_id).values("country"))
    found = seen.select_related("partner", "unit").order_by("due_on", "id")
    rows = [Row(str(row.public_id), row.text, _promise_detail(row, as_of), row.get_absolute_url()) for row in found[:KEYS_AT_MOST]]
    return Part(f"{reverse('activities:commitment-list')}?standing=overdue", found.count(), rows)


def _promise_detail(row: Commitment, as_of: date) -> str:
    days = (as_of - row.due_on).days if row.due_on else 0
    late = ngettext("%(n)s day late", "%(n)s days late", days) % {"n": days}
    return " · ".join(filter(None, [row.partner.name, str(row.get_owed_by_display()), row.unit.display, late]))


def _unreported(user: User, wanted: DigestSubscription, as_of: date) -> Part:
    period, found = usual_completeness(as_of)
    silent = [row.unit for row in found.rows if row.state == Reporting.SILENT]
    if not user.scope.central:
        silent = [unit for unit in silent if unit.pk in user.scope.unit_ids]
    rows = [Row(f"{period}:{unit.code}", unit.display, str(period), reverse("reports:reporting")) for unit in silent]
    return Part(reverse("reports:reporting"), len(rows), rows)
