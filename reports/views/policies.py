"""Policy versions: how numbers are made, by every version there ever was, readable, comparable, and as a file."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from activities.choices import Level, PointsClass, merit_code
from crm.generic import SignedInRequest
from crm.models import JobRun, Tier
from crm.permissions import Permission, requires
from reports.actions.policy_text import as_json, content_of, text_of
from reports.choices import DraftState
from reports.jobs.policies import SENSITIVITY, start_sensitivity
from reports.metrics.rounding import points
from reports.models import PolicyDraft, PolicySensitivity, PolicyVersion
from reports.views.policy_curves import curve_of

_NAMES = {
    "half_life_days": gettext_lazy("Half-life in days"),
    "window_days": gettext_lazy("Window in days"),
    "half_index_points": gettext_lazy("Points that make an index of 50"),
    "base_points": gettext_lazy("Base points"),
    "level_factors": gettext_lazy("Level"),
    "sides_factors": gettext_lazy("Sides"),
    "caps": gettext_lazy("Caps"),
    "bands": gettext_lazy("Bands"),
    "cadences": gettext_lazy("Cadence"),
    "both": gettext_lazy("Both sides took part"),
    "one": gettext_lazy("One side only"),
    "day_points": gettext_lazy("Most points per partner and day"),
    "letter_points": gettext_lazy("Most points of letters"),
    "letter_days": gettext_lazy("in so many days"),
    "thin": gettext_lazy("Thin from"),
    "kept": gettext_lazy("Kept from"),
    "close": gettext_lazy("Close from"),
    "required": gettext_lazy("Exchanges a year"),
    "cadence_days": gettext_lazy("At least every so many days"),
    "least_level": gettext_lazy("At least once at level"),
    **{member.name.lower(): member.label for member in PointsClass},
    **{level.name.lower(): level.label for level in Level},
}


@dataclass(frozen=True)
class NumberDifference:
    """A number that two versions have differently, in words."""

    name: str
    before: str
    after: str


@require_safe
@requires(Permission.COVERAGE_VIEW)
def policy_list(request: SignedInRequest) -> HttpResponse:
    """All versions, the newest first, and the drafts on their way."""
    today = timezone.localdate()
    drafts = PolicyDraft.objects.visible_to(request.user).live().exclude(state=DraftState.APPROVED)
    context = {
        "versions": PolicyVersion.objects.select_related("approved_by"),
        "in_force": PolicyVersion.objects.in_force(today).first(),
        "today": today,
        "drafts": drafts.select_related("created_by", "based_on"),
    }
    return render(request, "reports/policy_list.html", context)


@require_safe
@requires(Permission.COVERAGE_VIEW)
def policy_detail(request: SignedInRequest, code: str) -> HttpResponse:
    """One version with all its numbers; ``with``: the code of another one to hold it against."""
    policy = get_object_or_404(PolicyVersion.objects.select_related("approved_by"), code=code)
    others = PolicyVersion.objects.exclude(pk=policy.pk)
    other = others.filter(code=request.GET.get("with", "")).first()
    content = as_json(content_of(policy))
    kept = PolicySensitivity.objects.filter(policy=policy).first()
    run = JobRun.objects.filter(name=SENSITIVITY, parameters__policy=policy.pk).order_by("-pk").first()
    context = {
        "policy": policy,
        "in_force": PolicyVersion.objects.in_force(timezone.localdate()).first(),
        "others": others,
        "other": other,
        "differences": differences(as_json(content_of(other)), content) if other else [],
        **numbers_of(content, policy),
        "sensitivity": kept,
        **(_shown(kept) if kept else {}),
        "run": run if run and (kept is None or run.parameters["day"] > kept.day.isoformat()) else None,
    }  # fmt: skip
    return render(request, "reports/policy_detail.html", context)


@require_safe
@requires(Permission.COVERAGE_VIEW)
def policy_file(request: SignedInRequest, code: str) -> HttpResponse:
    """The version as the file that the command load_policy takes."""
    policy = get_object_or_404(PolicyVersion, code=code)
    response = HttpResponse(text_of(policy), content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{policy.code}.toml"'
    return response


@require_POST
@requires(Permission.POLICY_EDIT)
def policy_sensitivity(request: SignedInRequest, code: str) -> HttpResponse:
    """Ask how far ranks of today move with the weights."""
    policy = get_object_or_404(PolicyVersion, code=code)
    start_sensitivity(policy, timezone.localdate(), asked_by=request.user)
    messages.success(request, _("It is being worked out. You will find it on this page."))
    return redirect(policy)


def _shown(kept: PolicySensitivity) -> dict[str, Any]:
    """The ranges of ranks and the mean moves, with weights in words."""
    ranges = [{**row, **{name: variant_in_words(row[name]) for name in ("least_by", "greatest_by")}} for row in kept.content["ranges"]]
    displacements = [(variant_in_words(code), value) for code, value in kept.content["displacements"].items()]
    return {"ranges": ranges, "displacements": displacements}


def numbers_of(content: dict[str, Any], policy: PolicyVersion) -> dict[str, Any]:
    """The numbers of a version as its page shows them: points in a table of class by level and sides, curve, cadences."""
    hundredths = dict(policy.points.values_list("merit", "hundredths"))
    rows = [
        (member.label, [points(hundredths[merit_code(member, level, one_sided=one)]) for level in Level for one in (False, True)])
        for member in PointsClass
    ]
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    return {
        "content": content,
        "levels": [level.label for level in Level],
        "points": rows,
        "curve": curve_of(policy),
        "cadences": [
            (tiers.get(code, code), asked, _NAMES[asked["least_level"]]) for code, asked in content["cadences"].items()
        ],
    }  # fmt: skip


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[NumberDifference]:
    """The numbers that differ, in the order of a file."""
    old, new = _flat(before), _flat(after)
    keys = list(dict.fromkeys([*old, *new]))
    return [NumberDifference(_in_words(key), old.get(key, "—"), new.get(key, "—")) for key in keys if old.get(key) != new.get(key)]


def variant_in_words(code: str) -> str:
    """A weight moved up or down, as the page names it; nothing for nothing."""
    if not code:
        return ""
    what, which, sign = code.split(":")
    name = _NAMES["half_life_days"] if what == "half_life" else _NAMES[which]
    return f"{name} {'+' if sign == '+' else '−'}25 %"


def _flat(values: dict[str, Any], start: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in values.items():
        found |= _flat(value, f"{start}{key}.") if isinstance(value, dict) else {f"{start}{key}": str(_NAMES.get(value, value))}
    return found


def _in_words(key: str) -> str:
    return " · ".join(str(_NAMES.get(part, part)) for part in key.split("."))
