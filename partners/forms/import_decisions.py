"""Deciding on the rows of a checked list: which are records we know, which are new, which are left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import ImportJob
from partners.actions.import_nouns import imported_noun
from partners.actions.import_people_plans import NO_POST
from partners.actions.import_rows import NEW, SKIP, TAKE, Outcome

PAGE_SIZE = 100
FOR_ALL = [
    ("", _("choose for all of them")),
    (NEW, _("all are new")),
    ("same", _("all are the first one suggested")),
    (SKIP, _("leave all out")),
]
FOR_ALL_PEOPLE = [("", _("choose for all of them")), (TAKE, _("take all")), (SKIP, _("leave all out"))]


def in_words(rows: Sequence[Mapping[str, Any]], job: ImportJob) -> list[dict[str, Any]]:
    """Rows of the preview with outcomes and fields in the reader's language."""
    labels = {**imported_noun(job.noun).resource.labels}
    labels["founded_year"] = labels.get("founded", "")
    return [
        {
            **row,
            "outcome_label": Outcome(row["outcome"]).label,
            "changes": [{**change, "label": labels.get(change["field"], change["field"])} for change in row["changes"]],
        }
        for row in rows
    ]


class DecisionForm(forms.Form):
    """One page of the rows to decide on. Choices made before are shown; fields are named by the number of the row."""

    for_all = forms.ChoiceField(label=_("For all rows"), choices=FOR_ALL, required=False)

    def __init__(self, *args: Any, job: ImportJob, page: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job
        self.row_by_row = imported_noun(job.noun).row_by_row
        if self.row_by_row:
            self.fields["for_all"] = forms.ChoiceField(label=self.fields["for_all"].label, choices=FOR_ALL_PEOPLE, required=False)
        self.kept: dict[str, str] = job.defaults.get("decisions", {})
        self.all_rows: list[dict[str, Any]] = self._takeable() if self.row_by_row else job.preview.get("likely", [])
        self.pages = max(1, -(-len(self.all_rows) // PAGE_SIZE))
        self.page = min(max(page, 1), self.pages)
        self.shown = self.all_rows[(self.page - 1) * PAGE_SIZE : self.page * PAGE_SIZE]
        self.organisations: list[dict[str, Any]] = job.preview.get("organisations", []) if self.page == 1 else []
        likely = {row["row"]: row["candidates"] for row in job.preview.get("likely", [])}
        for row in self.shown:
            self._add_row(row, likely.get(row["row"], []))
        for organisation in self.organisations:
            undecided = [("", _("not decided")), (NEW, _("a new partner"))] if organisation["candidates"] else [("", _("a new partner"))]
            self.fields[organisation["key"]] = self._choice(
                organisation["key"], organisation["name"], organisation["candidates"],
                before=undecided, after=[(NO_POST, _("leave it out: its people get no post"))],
            )  # fmt: skip

    def _takeable(self) -> list[dict[str, Any]]:
        return [row for row in self.job.preview.get("rows", []) if row["outcome"] not in (Outcome.REFUSED, Outcome.REPEATED)]

    def _add_row(self, row: dict[str, Any], candidates: list[dict[str, Any]]) -> None:
        number = str(row["row"])
        if self.row_by_row:
            is_taken = self.kept.get(number) != SKIP
            self.fields[f"take_{number}"] = forms.BooleanField(label=row["name"], initial=is_taken, required=False)
            if candidates:
                self.fields[number] = self._choice(number, row["name"], candidates, before=[("", _("a new person"))], after=[])
            return
        self.fields[number] = self._choice(
            number, row["name"], candidates, before=[("", _("a new partner"))],
            after=[(NEW, _("a new partner, surely: do not ask again")), (SKIP, _("leave the row out"))],
        )  # fmt: skip

    def _choice(self, key: str, label: str, candidates: list[dict[str, Any]], *, before: list[Any], after: list[Any]) -> forms.ChoiceField:
        same = [(each["partner"], _("the same as %(name)s") % {"name": each["name"]}) for each in candidates if each["partner"]]
        return forms.ChoiceField(label=label, choices=[*before, *same, *after], initial=self.kept.get(key, ""), required=False)

    def rows(self) -> list[dict[str, Any]]:
        """The rows of this page with their fields, in the reader's language."""
        shown = in_words(self.shown, self.job) if self.row_by_row else self.shown
        return [
            {
                **row,
                "field": self[str(row["row"])] if str(row["row"]) in self.fields else None,
                "take": self[f"take_{row['row']}"] if self.row_by_row else None,
            }
            for row in shown
        ]

    def organisation_rows(self) -> list[tuple[dict[str, Any], forms.BoundField]]:
        return [(organisation, self[organisation["key"]]) for organisation in self.organisations]

    def decisions(self) -> dict[str, str]:
        """What was decided on this page: by row number, or by the key of an organisation; empty for nothing."""
        values = self.cleaned_data
        chosen = {organisation["key"]: values[organisation["key"]] for organisation in self.organisations}
        for row in self.shown:
            number = str(row["row"])
            # A tick box that was not sent along is no decision: the page was not shown with it.
            is_left_out = self.row_by_row and f"shown_{number}" in self.data and not values[f"take_{number}"]
            chosen[number] = SKIP if is_left_out else values.get(number, "")
        return chosen
