"""Distrust of our own numbers: issued reports against their hashes, and stored figures of past days computed anew.

A sample is chosen by the date, so that it differs from night to night and anyone can take the same one again.
"""

import random
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Exchange, Participation
from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import progress, start_job
from crm.models import JobRun
from partners.models import Partner
from reports.actions.periodic_reports import recheck_issued
from reports.metrics.engagement import FIGURES, Engagement, engagement
from reports.metrics.stored import stored_days
from reports.models import EngagementSnapshot, IssuedReport, PolicyVersion

ISSUED, SAMPLE = "reports.recheck_issued", "reports.recheck_sample"
DAYS_AT_MOST = 4
PARTNERS_PER_DAY = 50
NAMED_AT_MOST = 10


class RecheckError(Exception):
    """What is stored is not what it should be."""


def start_rechecks(today: date) -> None:
    """Ask for both checks of the night, once."""
    start_job(ISSUED, key=today.isoformat())
    start_job(SAMPLE, key=today.isoformat(), parameters={"seed": today.isoformat()})


@job_kind(ISSUED, gettext_lazy("Issued reports against their hashes"))
def recheck_reports(run: JobRun) -> Result:
    issued = IssuedReport.objects.order_by("pk")
    total, wrong = issued.count(), []
    for number, report in enumerate(issued.iterator(chunk_size=50), 1):
        if not recheck_issued(report):
            wrong.append(str(report))
        progress(run, number, total=total)
    if wrong:
        raise RecheckError(_("%(count)s issued reports do not fit their hashes: %(names)s") % _named(wrong))
    return {"reports": total}


@job_kind(SAMPLE, gettext_lazy("Stored figures of past days, computed anew"))
def recheck_sample(run: JobRun) -> Result:
    """Compare a sample; what somebody changed since the day before yesterday may still be on its way, and is only counted."""
    chance = random.Random(run.parameters["seed"])  # noqa: S311  (a sample, no secret)
    days = [day for day in stored_days() if day < timezone.localdate()]
    sampled = sorted(chance.sample(days, min(DAYS_AT_MOST, len(days))))
    compared, wrong, late = 0, [], 0
    for number, day in enumerate(sampled, 1):
        for policy in _policies_of(day):
            partner_ids = _sample_of(day, policy, chance)
            compared += len(partner_ids)
            differ = _differing(policy, day, partner_ids)
            explained = _changed_lately(differ)
            late += len(explained)
            wrong += [f"{partner.name} ({partner.public_id}), {day}" for partner in Partner.objects.filter(pk__in=differ - explained)]
        progress(run, number, total=len(sampled))
    if wrong:
        raise RecheckError(_("%(count)s stored figures differ from those computed anew: %(names)s") % _named(wrong))
    return {"days": [day.isoformat() for day in sampled], "compared": compared, "on their way": late}


def _policies_of(day: date) -> list[PolicyVersion]:
    return list(PolicyVersion.objects.filter(pk__in=EngagementSnapshot.objects.filter(day=day).values("policy")))


def _sample_of(day: date, policy: PolicyVersion, chance: random.Random) -> list[int]:
    stored = list(EngagementSnapshot.objects.filter(day=day, policy=policy).order_by("partner").values_list("partner", flat=True))
    return sorted(chance.sample(stored, min(PARTNERS_PER_DAY, len(stored))))


def _differing(policy: PolicyVersion, day: date, partner_ids: list[int]) -> set[int]:
    rows = EngagementSnapshot.objects.filter(policy=policy, day=day, partner__in=partner_ids).values_list(*FIGURES)
    stored = {row[0]: Engagement(*row) for row in rows}
    anew = {row.partner_id: row for row in engagement(policy, day, partner_ids)}
    return {pk for pk in partner_ids if stored.get(pk) != anew.get(pk)}


def _changed_lately(partner_ids: set[int]) -> set[int]:
    """Partners with an exchange of which there is a version since the day before yesterday."""
    since = timezone.make_aware(datetime.combine(timezone.localdate() - timedelta(days=1), time.min))
    changed = Exchange.history.filter(history_date__gte=since).values("id")
    return set(Participation.objects.filter(partner__in=partner_ids, exchange__in=changed).values_list("partner", flat=True))


def _named(names: list[str]) -> dict[str, object]:
    shown = "; ".join(names[:NAMED_AT_MOST])
    return {"count": len(names), "names": shown + ("; …" if len(names) > NAMED_AT_MOST else "")}
