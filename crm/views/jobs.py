"""The work that runs by itself: what is under way, what is done, what failed and why, and running it again."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from crm.actions.job_kinds import label_of, routine_names
from crm.actions.job_runs import run_again
from crm.choices import JobState
from crm.generic import SignedInRequest
from crm.jobs import JOB_COLUMNS, JobFilter, duration_in_words, duration_of, first_line
from crm.lists import EmptyState, RecordList
from crm.models import JobRun
from crm.permissions import Permission, requires
from crm.views.filters import FilterPanel

PARTS_SHOWN = 60
IN_WORK = (JobState.QUEUED, JobState.RUNNING)


class JobList(RecordList):
    permission = Permission.JOB_VIEW
    model = JobRun
    template_name = "crm/job_list.html"
    filterset_class = JobFilter
    url_name = "crm:job-list"
    filters_url_name = "crm:job-filters"
    columns = JOB_COLUMNS
    default_order = "-queued"
    empty = EmptyState(
        _("No job here"),
        _("Jobs begin by themselves: everybody's figures at night, a few partners' after each change. Remove a filter to see more."),
    )

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | standing(self.request)


class JobFilters(FilterPanel):
    list_class = JobList


def standing(request: SignedInRequest) -> dict[str, Any]:
    """What is under way, and how the last day went."""
    runs = JobRun.objects.visible_to(request.user).whole()
    lately = runs.filter(queued_at__gte=timezone.now() - timedelta(days=1))
    counts = lately.aggregate(
        routine_done=Count("pk", filter=Q(name__in=routine_names(), state=JobState.DONE)),
        failed=Count("pk", filter=Q(state=JobState.FAILED)),
    )
    unfinished = runs.unfinished()
    return {
        "under_way": [as_shown(run) for run in unfinished.exclude(name__in=routine_names()).order_by("-id")[:10]],
        "routine_names": routine_names(),
        "routine_waiting": unfinished.filter(name__in=routine_names()).count(),
        **counts,
    }


def as_shown(run: JobRun) -> dict[str, Any]:
    """A run with its name and its duration in words."""
    return {
        "run": run,
        "label": label_of(run.name),
        "took": duration_in_words(duration_of(run)),
        "line": first_line(run.error),
        "rest": run.error.partition("\n")[2].strip(),
    }


@require_safe
@requires(Permission.JOB_VIEW)
def jobs_under_way(request: SignedInRequest) -> HttpResponse:
    """What the list asks for every few seconds while something runs."""
    return render(request, "crm/job_list.html#under_way", standing(request))


@require_safe
@requires(Permission.JOB_VIEW)
def job_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    return render(request, "crm/job_detail.html", _context(request, pk))


@require_GET
@requires(Permission.JOB_VIEW)
def job_progress(request: SignedInRequest, pk: int) -> HttpResponse:
    """The bar and the parts of a run in work; once it has ended, the whole page anew."""
    context = _context(request, pk)
    if not context["in_work"]:
        return HttpResponseClientRefresh()
    return render(request, "crm/job_detail.html#progress", context)


@require_POST
@requires(Permission.JOB_VIEW)
def job_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Run a failed job again: of one in parts those that failed."""
    run = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk)
    try:
        run_again(run, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("It runs again."))
    return redirect(run)


def _context(request: SignedInRequest, pk: int) -> dict[str, Any]:
    run = get_object_or_404(JobRun.objects.visible_to(request.user).select_related("parent", "asked_by"), pk=pk)
    parts = [as_shown(part) for part in _worst_first(run.parts.all())[:PARTS_SHOWN]]
    return {
        "object": run,
        **as_shown(run),
        "in_work": run.state in IN_WORK,
        "parts": parts,
        "more_parts": max(run.total - len(parts), 0) if parts else 0,
        "parent_label": label_of(run.parent.name) if run.parent else "",
        "parameters": _shown(run.parameters),
        "results": _shown(run.result),
    }


def _shown(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Values for reading; long lists only by their beginning."""
    return [
        (name, text if len(text := str(value)) <= 300 else f"{text[:300]}…") for name, value in values.items() if value not in (None, "")
    ]


def _worst_first(parts: QuerySet[JobRun]) -> QuerySet[JobRun]:
    order = (JobState.FAILED, JobState.RUNNING, JobState.QUEUED, JobState.DONE)
    rank = Case(*(When(state=state, then=Value(place)) for place, state in enumerate(order)), output_field=IntegerField())
    return parts.order_by(rank, "id")
