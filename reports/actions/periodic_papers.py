"""What a periodic report says, as plain data: of a draft as things stand, of an issued one as it was kept."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Self

from crm.models.records import reads_english
from reports.metrics.days import policy_on
from reports.metrics.periodic.figures import figures_of
from reports.metrics.periodic.labels import in_both_languages
from reports.metrics.periodic.lines import Figures
from reports.metrics.periodic.spans import title_of
from reports.models import IssuedReport, PeriodicReport

# Papers are written in Vietnamese, so their usual headings are words of the papers and not of the pages.
USUAL_SECTIONS = (
    ("assessment", "Đánh giá chung"),
    ("difficulties", "Khó khăn, hạn chế và nguyên nhân"),
    ("ahead", "Phương hướng, nhiệm vụ thời gian tới"),
    ("proposals", "Kiến nghị, đề xuất"),
)


@dataclass(frozen=True)
class SectionText:
    code: str
    heading: str
    text: str


@dataclass(frozen=True)
class Paper:
    """Everything that stands in the paper. ``issue`` is None for a draft; ``note`` says what a later issue corrects."""

    title: str
    unit: str
    superior: str
    number: str
    place: str
    addressee: str
    signatory: str
    signatory_title: str
    directive: str
    period_vi: str
    period_en: str
    period_from: date
    period_to: date
    with_below: bool
    as_of: date
    dated: date
    policy: str
    figures: Figures
    sections: tuple[SectionText, ...] = ()
    issue: int | None = None
    note: str = ""
    corrections: tuple[str, ...] = ()

    @property
    def is_draft(self) -> bool:
        return self.issue is None

    @property
    def last_day(self) -> date:
        return self.period_to - timedelta(days=1)

    @property
    def period(self) -> str:
        """The period in the language of the reader."""
        return self.period_en if reads_english() else self.period_vi

    @property
    def unwritten(self) -> list[str]:
        """The headings of parts in which nothing stands yet."""
        return [section.heading for section in self.sections if not section.text.strip()]

    @property
    def days(self) -> str:
        return f"{self.period_from:%d/%m/%Y} – {self.last_day:%d/%m/%Y}"

    @property
    def signed_by(self) -> str:
        return ", ".join(part for part in (self.signatory_title, self.signatory) if part)

    def to_document(self) -> dict[str, Any]:
        """The same as JSON, without the figures, which are kept beside it."""
        kept = {name: value for name, value in vars(self).items() if name not in ("figures", "sections")}
        kept = {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}
        return {**kept, "corrections": list(self.corrections), "sections": [vars(section) for section in self.sections]}

    @classmethod
    def from_document(cls, kept: dict[str, Any], figures: Figures) -> Self:
        days = {name: date.fromisoformat(kept[name]) for name in ("period_from", "period_to", "as_of", "dated")}
        sections = tuple(SectionText(**section) for section in kept["sections"])
        return cls(**{**kept, **days, "sections": sections, "corrections": tuple(kept["corrections"]), "figures": figures})


@dataclass(frozen=True)
class Issue:
    """What makes an issue more than a draft."""

    number: int
    note: str = ""
    corrections: tuple[str, ...] = field(default=())


def paper_of(report: PeriodicReport, *, today: date, issue: Issue | None = None) -> Paper:
    """Return the paper as the records stand today. Raises ValidationError where no figure can be given."""
    figures = figures_of(report, today=today)
    as_of = min(report.period_to - timedelta(days=1), today)
    period_vi, period_en = in_both_languages(_Title(report))
    return Paper(
        title=report.title,
        unit=report.unit.name_vi,
        superior=report.unit.parent.name_vi if report.unit.parent else "",
        number=report.number,
        place=report.place,
        addressee=report.addressee,
        signatory=report.signatory,
        signatory_title=report.signatory_title,
        directive=str(report.directive) if report.directive else "",
        period_vi=period_vi,
        period_en=period_en,
        period_from=report.period_from,
        period_to=report.period_to,
        with_below=report.with_below,
        as_of=as_of,
        dated=today,
        policy=policy_on(as_of).code,
        figures=figures,
        sections=tuple(SectionText(row.code, row.heading, row.text) for row in (report.sections.all() if report.pk else ())),
        issue=issue.number if issue else None,
        note=issue.note if issue else "",
        corrections=issue.corrections if issue else (),
    )


def issued_paper(issued: IssuedReport) -> Paper:
    """Return the paper as it was issued."""
    return Paper.from_document(issued.content, Figures.from_document(issued.figures))


def digest_of(*, content: Any, figures: Any, ledger: Any, policy: str, as_of: date) -> str:
    """The SHA-256 of all that a report was made from, the same for the same data wherever it was stored."""
    inputs = {"content": content, "figures": figures, "ledger": ledger, "policy": policy, "as_of": as_of.isoformat()}
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def default_title(report: PeriodicReport) -> str:
    """What a report is called where nobody says otherwise, as the abstract of the paper."""
    period = in_both_languages(_Title(report))[0]
    return f"Kết quả công tác đối ngoại nhân dân {period[:1].lower()}{period[1:]}"


def previous_texts(report: PeriodicReport, *, among: Any) -> dict[str, SectionText]:
    """The sections of the last report of the same unit and kind, by code: the text of last time. Two queries."""
    earlier = among.live().filter(unit=report.unit_id, period_kind=report.period_kind, period_to__lte=report.period_from)
    last = earlier.exclude(pk=report.pk).order_by("-period_to", "-id").first()
    return {row.code: SectionText(row.code, row.heading, row.text) for row in last.sections.all()} if last else {}


class _Title:
    """The period in the language that is active when it is read."""

    def __init__(self, report: PeriodicReport) -> None:
        self.report = report

    def __str__(self) -> str:
        return title_of(self.report)
