"""Commitments as rows of a list."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields, widgets

from activities.actions.import_promises import PromiseRow, PromiseRun, import_promises, plan_promises
from activities.choices import CommitmentState, Side
from activities.lookup.vocabulary import find_colleague
from crm.choices import DatePrecision, ImportNoun
from crm.models import ImportJob, User
from crm.permissions import Permission
from crm.tabular import Table
from crm.text import fold
from crm.written import read_day
from partners.actions.import_nouns import ImportedNoun, Reading, register_noun
from partners.actions.import_rows import SKIP, Problem
from partners.models import Partner
from partners.resources.base import ListResource
from partners.resources.widgets import LookupWidget, TextWidget

SIDES = {
    Side.OURS: ("ours", "us", "we", "ta", "phia ta", "ben ta", "chung ta", "viet nam", "cua ta"),
    Side.THEIRS: ("theirs", "them", "they", "ban", "phia ban", "ben ban", "doi tac", "cua ban", "partner"),
}
STATES = {
    CommitmentState.OPEN: ("open", "chua", "chua lam", "chua thuc hien", "mo", "con mo"),
    CommitmentState.IN_PROGRESS: ("in progress", "dang lam", "dang thuc hien", "dang tien hanh"),
    CommitmentState.DONE: ("done", "xong", "da xong", "da thuc hien", "hoan thanh", "da hoan thanh", "kept", "da giu"),
    CommitmentState.BROKEN: ("broken", "khong thuc hien", "khong giu", "that hua"),
    CommitmentState.DROPPED: ("dropped", "huy", "bo", "thoi", "khong lam nua"),
}


class WordsWidget(widgets.Widget):
    """One of a closed list, by its usual words or its label in either language."""

    def __init__(self, words: Mapping[Any, tuple[str, ...]]) -> None:
        super().__init__()
        self._known = {word: code for code, known in words.items() for word in known}
        self._labels = {code: code.label for code in words}

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        folded = fold(value)
        if not folded:
            return ""
        code = self._known.get(folded) or next((code for code, label in self._labels.items() if fold(str(label)) == folded), None)
        if code is None:
            raise ValueError(_("“%(value)s” is not known here.") % {"value": value})
        return str(code.value)


class DayWidget(widgets.Widget):
    """A day; of a month or a year its first, or with ``last`` its last one."""

    def __init__(self, *, last: bool = False) -> None:
        super().__init__()
        self.last = last

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> date | None:
        if not value.strip():
            return None
        written = read_day(value, today=timezone.localdate())
        if written is None:
            raise ValueError(_("This is not a day of the calendar. Write it as dd/mm/yyyy, such as 21/11/2026."))
        day = written.day
        if not self.last or written.precision == DatePrecision.DAY:
            return day
        month = 12 if written.precision == DatePrecision.YEAR else day.month
        return date(day.year, month, monthrange(day.year, month)[1])


class PromiseResource(ListResource[PromiseRow]):
    labels = {
        "text": gettext_lazy("What was promised"),
        "partner": gettext_lazy("Partner"),
        "owed_by": gettext_lazy("Owed by"),
        "promised_on": gettext_lazy("Promised on"),
        "due_on": gettext_lazy("Due on"),
        "state": gettext_lazy("State"),
        "settled_on": gettext_lazy("Settled on"),
        "reason": gettext_lazy("Reason"),
        "proof": gettext_lazy("Proof"),
        "who": gettext_lazy("Who"),
    }
    usual_headers = {
        "text": ("what was promised", "what", "commitment", "promise", "cam ket", "noi dung", "noi dung cam ket", "viec da hua", "viec"),
        "partner": ("partner", "with", "doi tac", "ten doi tac", "voi", "co quan doi tac"),
        "owed_by": ("owed by", "side", "ben", "phia", "ben cam ket", "ben hua", "ai hua"),
        "promised_on": ("promised on", "date", "ngay", "ngay hua", "ngay cam ket"),
        "due_on": ("due on", "due", "deadline", "han", "thoi han", "han chot", "truoc ngay"),
        "state": ("state", "status", "trang thai", "tinh trang", "ket qua"),
        "settled_on": ("settled on", "done on", "ngay xong", "ngay hoan thanh", "ngay ket thuc"),
        "reason": ("reason", "ly do"),
        "proof": ("proof", "evidence", "minh chung", "bang chung", "cong van"),
        "who": ("who", "owner", "responsible", "nguoi phu trach", "phu trach", "can bo", "nguoi lam"),
    }  # fmt: skip
    required = "text"

    text = fields.Field("text", widget=TextWidget())
    partner = fields.Field("partner")
    owed_by = fields.Field("owed_by", widget=WordsWidget(SIDES))
    promised_on = fields.Field("promised_on", widget=DayWidget())
    due_on = fields.Field("due_on", widget=DayWidget(last=True))
    state = fields.Field("state", widget=WordsWidget(STATES))
    settled_on = fields.Field("settled_on", widget=DayWidget())
    reason = fields.Field("reason", widget=TextWidget())
    proof = fields.Field("proof", widget=TextWidget())
    who = fields.Field("who")

    def __init__(self, mapping: Mapping[str, str]) -> None:
        super().__init__(mapping, partner=LookupWidget(find_partner), who=LookupWidget(_find_user))

    def built(self, number: int, values: dict[str, Any], problems: tuple[Problem, ...], decision: str) -> PromiseRow:
        names = {"partner": "partner_id", "who": "assignee_id"}
        said = {names.get(name, name): value for name, value in values.items()}
        return PromiseRow(number, **said, problems=problems, skip=decision == SKIP)


def find_partner(text: str) -> Partner:
    """The one partner in use of that name, of any of its names. Raises ValidationError where there is none, or more than one."""
    folded = fold(text)
    named = Q(search_key=folded) | Q(search_key__startswith=f"{folded}\n") | Q(search_key__endswith=f"\n{folded}")
    found = list(Partner.objects.live().filter(named | Q(search_key__contains=f"\n{folded}\n"))[:2]) if folded else []
    if len(found) != 1:
        words = _("Several partners are called “%(name)s”.") if found else _("No partner is called “%(name)s”. Enter it first.")
        raise ValidationError(words % {"name": text}, code="ambiguous" if found else "unknown")
    return found[0]


def _find_user(text: str) -> User:
    colleague = find_colleague(text)
    if colleague is None:
        raise ValidationError(_("No colleague, or more than one, is called “%(name)s”.") % {"name": text}, code="unknown")
    return colleague


def _read(job: ImportJob, table: Table, is_check: bool) -> Reading:
    resource = PromiseResource(job.mapping)
    run = PromiseRun(unit=job.unit, source=job.original_name, change_set=job.change_set)
    rows = resource.rows(table, decisions=job.defaults.get("decisions", {}))
    return Reading(resource.column_of, rows, run, plan_promises, import_promises)


register_noun(
    ImportNoun.PROMISES,
    ImportedNoun(
        PromiseResource,
        _read,
        not_required=gettext_lazy("Say which column holds what was promised."),
        column_heading=gettext_lazy("Is the commitment’s"),
        new_heading=gettext_lazy("New commitments"),
        rights=(Permission.COMMITMENT_EDIT,),
        row_by_row=True,
    ),
)
