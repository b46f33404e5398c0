"""What would move under a draft, and how far ranks move with the weights: both look at every partner, so they are jobs."""

from dataclasses import asdict
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import progress, start_job
from crm.models import JobRun, User
from partners.models import Partner
from reports.actions.policy_trials import STEPS, preview_of
from reports.metrics.sensitivity import Sensitivity, sensitivity, variants
from reports.models import PolicyDraft, PolicySensitivity, PolicyVersion

PREVIEW, SENSITIVITY = "reports.policy_preview", "reports.sensitivity"


def start_preview(draft: PolicyDraft, *, asked_by: User | None) -> JobRun:
    """Ask for what would move under the draft as it is written now; once for each revision and day."""
    today = timezone.localdate().isoformat()
    parameters = {"draft": draft.pk, "revision": draft.revision, "day": today}
    return start_job(PREVIEW, key=f"{draft.pk}:{draft.revision}:{today}", parameters=parameters, total=STEPS, asked_by=asked_by)


def start_sensitivity(policy: PolicyVersion, day: date, *, asked_by: User | None) -> JobRun:
    """Ask how far ranks of the day move with the weights of the policy; once for each day."""
    parameters = {"policy": policy.pk, "day": day.isoformat()}
    key, total = f"{policy.pk}:{day.isoformat()}", len(variants()) + 1
    return start_job(SENSITIVITY, key=key, parameters=parameters, total=total, asked_by=asked_by)


@job_kind(PREVIEW, _("What would move under a draft"))
def work_out_preview(run: JobRun) -> Result:
    draft = PolicyDraft.objects.get(pk=run.parameters["draft"])
    if draft.revision != run.parameters["revision"] or draft.version_id:
        return {"skipped": "the draft was changed meanwhile"}
    found = preview_of(draft, date.fromisoformat(run.parameters["day"]), tell=lambda done: progress(run, done))
    # Only for the revision that was looked at; no revision of its own, since nobody wrote anything.
    PolicyDraft.objects.filter(pk=draft.pk, revision=draft.revision).update(preview=found, preview_revision=draft.revision)
    return {"partners": found["partners"], "moved": found["moved"]}


@job_kind(SENSITIVITY, _("How far ranks move with the weights"))
def work_out_sensitivity(run: JobRun) -> Result:
    policy, day = PolicyVersion.objects.get(pk=run.parameters["policy"]), date.fromisoformat(run.parameters["day"])
    found = sensitivity(policy, day, tell=lambda done: progress(run, done))
    PolicySensitivity.objects.update_or_create(policy=policy, day=day, defaults={"content": _as_json(found)})
    return {"partners": found.partners, "top": len(found.ranges)}


def _as_json(found: Sensitivity) -> dict[str, Any]:
    partners = Partner.objects.in_bulk([row.partner_id for row in found.ranges])
    ranges = [
        {**asdict(row), "partner": str(partners[row.partner_id].public_id), "name": partners[row.partner_id].name} for row in found.ranges
    ]
    displacements = {code: str(value) for code, value in found.displacements.items()}
    return {"partners": found.partners, "ranges": ranges, "displacements": displacements}
