"""Jobs as their pages show them: the columns and filters of the list, how long a run took."""

from datetime import timedelta

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.job_kinds import KINDS, label_of, routine_names
from crm.choices import JobState
from crm.columns import NOTHING, Column, SortKey, link, related, status_column, text_column, under
from crm.filters import ChoicesFilter
from crm.models import JobRun
from crm.templatetags.nhipcau import day, number


def duration_of(run: JobRun) -> timedelta | None:
    """How long the run took, or has taken so far; None before it began."""
    return (run.finished_at or timezone.now()) - run.started_at if run.started_at else None


def duration_in_words(length: timedelta | None) -> str:
    """Seconds with a tenth below a minute, else minutes and seconds, else hours and minutes."""
    if length is None:
        return ""
    seconds = length.total_seconds()
    if seconds < 60:
        return _("%(s)s s") % {"s": number(round(seconds, 1), 1)}
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _("%(m)s min %(s)s s") % {"m": minutes, "s": rest}
    return _("%(h)s h %(m)s min") % {"h": minutes // 60, "m": minutes % 60}


def first_line(error: str) -> str:
    """What went wrong, in a line; the end of the traceback stands below it."""
    return error.split("\n", 1)[0]


def _name(run: JobRun) -> SafeString:
    named = link(run.get_absolute_url(), label_of(run.name))
    return SafeString(named + under(run.key.partition(":")[2]))


def _queued(run: JobRun) -> SafeString:
    at = timezone.localtime(run.queued_at)
    return format_html("{} {}", day(at), at.strftime("%H:%M"))


def _how_far(run: JobRun) -> SafeString | str:
    if not run.total:
        return NOTHING
    label = _("%(done)s of %(total)s done") % {"done": run.done, "total": run.total}
    shown = format_html('<span class="number">{} / {}</span>', number(run.done), number(run.total))
    if run.state != JobState.RUNNING:
        return shown
    return format_html('{}<progress max="{}" value="{}" aria-label="{}"></progress>', shown, run.total, run.done, label)


JOB_COLUMNS = (
    Column("name", gettext_lazy("Job"), _name, lambda run: label_of(run.name), heads_row=True),
    Column("queued", gettext_lazy("Asked for"), _queued, lambda run: timezone.localtime(run.queued_at).date(), sort=SortKey(("id",))),
    status_column("state", gettext_lazy("State"), "state"),
    Column("progress", gettext_lazy("Progress"), _how_far, lambda run: f"{run.done}/{run.total}" if run.total else ""),
    Column(
        "took", gettext_lazy("Duration"), lambda run: duration_in_words(duration_of(run)) or NOTHING,
        lambda run: round(length.total_seconds(), 1) if (length := duration_of(run)) else None, is_number=True,
    ),
    text_column("error", gettext_lazy("Error"), lambda run: first_line(run.error)),
    text_column("attempts", gettext_lazy("Attempts"), lambda run: run.attempts, standard=False),
    text_column("who", gettext_lazy("Asked for by"), lambda run: run.asked_by, fetch=related("asked_by"), standard=False),
    text_column("key", gettext_lazy("Key"), lambda run: run.key, standard=False),
)  # fmt: skip


def kinds_known() -> list[tuple[str, str]]:
    return sorted(((name, str(kind.label)) for name, kind in KINDS.items()), key=lambda choice: choice[1])


class JobFilter(django_filters.FilterSet):
    """The list of jobs: wholes, not parts. Routine ones are left out, unless they failed or their name or a state is asked for."""

    name = ChoicesFilter(choices=kinds_known, label=gettext_lazy("Job"))
    state = ChoicesFilter(choices=JobState.choices, label=gettext_lazy("State"))
    since = django_filters.DateFilter(field_name="queued_at", lookup_expr="date__gte", label=gettext_lazy("From day"))
    until = django_filters.DateFilter(field_name="queued_at", lookup_expr="date__lte", label=gettext_lazy("To day"))

    class Meta:
        model = JobRun
        fields: list[str] = []

    @property
    def qs(self) -> QuerySet[JobRun]:
        found: QuerySet[JobRun] = super().qs.filter(parent__isnull=True)
        chosen = self.form.cleaned_data if self.is_valid() else {}
        if chosen.get("name") or chosen.get("state"):
            return found
        return found.exclude(~Q(state=JobState.FAILED), name__in=routine_names())
