"""Agreements signed, running out, renewed and being negotiated, each through the action that pages use."""

from datetime import date, timedelta
from typing import Any

from activities.actions.agreements import end_agreement, save_agreement
from activities.choices import AgreementState, Side
from activities.models import Agreement, AgreementKind, AgreementParty
from config.demo.directory import Acquaintance
from config.demo.surroundings import Surroundings
from config.demo.tables import document
from crm.choices import Confidentiality
from crm.models import Field, Province


def make_agreements(known: dict[str, Acquaintance], around: Surroundings) -> None:
    """Make the agreements of ``agreements.toml``, in its order: a renewal comes after what it renews."""
    made: dict[str, Agreement] = {}
    fields = {field.code: field for field in Field.objects.all()}
    for row in document("agreements.toml")["agreement"]:
        agreement, author = _agreement(row, made, around), around.colleagues.of(around.units[row["unit"]])
        parties = [*_ours(row, around), *_theirs(row, known)]
        save_agreement(agreement, by=author, parties=parties, fields=[fields[code] for code in row.get("fields", [])])
        if "ended_ago" in row:
            end_agreement(agreement, by=author, on=around.today - timedelta(days=row["ended_ago"]), reason=row["reason"])
        made[row.get("key", "")] = agreement


def _agreement(row: dict[str, Any], made: dict[str, Agreement], around: Surroundings) -> Agreement:
    signed_on = _day(row, "signed", "signed_ago", around.today, ahead=-1)
    return Agreement(
        kind=AgreementKind.objects.get(code=row["kind"]),
        title=row["title"],
        number=row.get("number", ""),
        level=row["level"],
        state=AgreementState.SIGNED if signed_on else AgreementState.NEGOTIATED,
        signed_on=signed_on,
        signed_at=row.get("place", ""),
        valid_to=_day(row, "until", "ends_in", around.today),
        renews_itself=row.get("renews_itself", False),
        notice_days=row.get("notice_days"),
        renews=made.get(row.get("renews", "-")),
        policy_document=around.directive if row.get("directive") else None,
        unit=around.units[row["unit"]],
        summary=row.get("summary", ""),
        confidentiality=row.get("confidentiality", Confidentiality.NETWORK),
        is_demo=True,
    )


def _day(row: dict[str, Any], absolute: str, counted: str, today: date, *, ahead: int = 1) -> date | None:
    if absolute in row:
        return date.fromisoformat(row[absolute])
    return today + timedelta(days=ahead * row[counted]) if counted in row else None


def _ours(row: dict[str, Any], around: Surroundings) -> list[AgreementParty]:
    name, _comma, title = row.get("signatory", "").partition(", ")
    parties = [
        AgreementParty(side=Side.OURS, unit=around.units[key]) if key in around.units else _province(key) for key in row["ours"]
    ]  # fmt: skip
    parties[0].signatory, parties[0].signatory_title = name, title
    return parties


def _province(slug: str) -> AgreementParty:
    return AgreementParty(side=Side.OURS, province=Province.objects.get(slug=slug))


def _theirs(row: dict[str, Any], known: dict[str, Acquaintance]) -> list[AgreementParty]:
    return [
        AgreementParty(side=Side.THEIRS, partner=known[key].partner, signatory=known[key].people[0].full_name if known[key].people else "")
        for key in row["theirs"]
    ]
