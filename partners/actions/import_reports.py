"""What a run over a list found or did, as people and programs read it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm.models import Country
from partners.actions.import_nouns import Planned
from partners.actions.import_rows import Outcome
from partners.models import PartnerKind

# A list with more mistakes than this is brought anew; its job need not carry them all.
KEPT_ERRORS = 2_000
KEPT_LIKELY = 5_000
KEPT_PREVIEW = 50
# Where each row may be ticked.
KEPT_TICKED = 2_000


@dataclass
class ImportReport:
    """Adds up planned rows, chunk by chunk. ``column_of``: field → the user's own name of its column."""

    column_of: Mapping[str, str]
    kept_preview: int = KEPT_PREVIEW
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, Any]] = field(default_factory=list)
    likely: list[dict[str, Any]] = field(default_factory=list)
    preview: list[Planned] = field(default_factory=list)

    def resume(self, totals: Mapping[str, int], errors: list[dict[str, Any]]) -> None:
        """Go on from the totals and errors of the chunks that an earlier worker finished."""
        self.counts = Counter(totals)
        self.counts["unchanged"] -= self.counts["repeated"]
        self.errors = list(errors)

    def add(self, plans: Iterable[Planned]) -> None:
        for plan in plans:
            self.counts["rows"] += 1
            self.counts[plan.outcome] += 1
            if plan.outcome is Outcome.REFUSED and len(self.errors) < KEPT_ERRORS:
                self.errors += self._errors(plan)
            if plan.likely:
                self.counts["duplicates"] += 1
                if len(self.likely) < KEPT_LIKELY:
                    self.likely.append(_likely(plan))
            if len(self.preview) < self.kept_preview:
                self.preview.append(plan)

    def totals(self) -> dict[str, int]:
        """Counts by outcome. A row that repeats another of the list is unchanged; ``duplicates``: created, yet likely known."""
        names = ("rows", "created", "updated", "restored", "repeated", "skipped", "refused", "duplicates")
        return {**{name: self.counts[name] for name in names}, "unchanged": self.counts["unchanged"] + self.counts["repeated"]}

    def as_json(self) -> dict[str, Any]:
        """The shape that the command prints and programs may rely on."""
        totals = self.totals()
        shown = {name: totals[name] for name in ("rows", "created", "updated", "unchanged", "duplicates")}
        return {**shown, "errors": self.errors, "likely_duplicates": self.likely}

    def preview_json(self) -> list[dict[str, Any]]:
        """The first rows with what they would change, ids replaced by names. Two queries."""
        labels = _labels(self.preview)
        return [_preview(plan, labels) for plan in self.preview]

    def _errors(self, plan: Planned) -> list[dict[str, Any]]:
        return [
            {
                "row": plan.row.number,
                "column": problem.column or self.column_of.get(problem.field, problem.field),
                "value": problem.value,
                # One spelling of codes, as the API has it.
                "code": problem.code.replace("_", "-"),
                "message": problem.message,
            }
            for problem in plan.problems
        ]


def _likely(plan: Planned) -> dict[str, Any]:
    candidates = [
        {
            "name": likeness.partner.name,
            "partner": str(likeness.partner.public_id or ""),
            "row": likeness.partner.row or None,
            "score": round(likeness.score, 2),
            "reasons": list(likeness.reasons),
        }
        for likeness in plan.likely
    ]
    return {"row": plan.row.number, "name": plan.name, "candidates": candidates}


def _labels(plans: Iterable[Planned]) -> dict[str, dict[Any, str]]:
    shown = [(name, value) for plan in plans for name, pair in plan.shown().items() for value in pair if value]
    kinds = PartnerKind.objects.in_bulk({value for name, value in shown if name == "kind_id"})
    countries = Country.objects.in_bulk({value for name, value in shown if name == "country_id"})
    return {"kind_id": {pk: str(kind) for pk, kind in kinds.items()}, "country_id": {pk: str(country) for pk, country in countries.items()}}


def _preview(plan: Planned, labels: Mapping[str, Mapping[Any, str]]) -> dict[str, Any]:
    def worded(name: str, value: Any) -> Any:
        return labels[name].get(value, "") if name in labels else value

    return {
        "row": plan.row.number,
        "name": plan.name,
        "outcome": plan.outcome,
        "changes": [
            {"field": name.removesuffix("_id"), "before": worded(name, before), "after": worded(name, after)}
            for name, (before, after) in plan.shown().items()
        ],
        "new_names": [name.name for name in plan.new_names],
        "repeats": plan.repeats or None,
        "messages": [problem.message for problem in plan.problems],
    }
