"""The rules of this app's own relations when partners or people are merged."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.choices import PairState
from crm.text import fold
from partners.actions.moves import Link, Merging, held, pass_over, rule_for
from partners.choices import ProposalState, StewardRole
from partners.models import ChangeProposal, Post, Relation, Stewardship


def _to_survivor(merging: Merging) -> Any:
    def set_partner(row: Any) -> None:
        row.partner = merging.survivor

    return set_partner


# --- Who keeps the partner ---------------------------------------------------------------------------------


def _move_stewardships(merging: Merging, link: Link) -> None:
    """One lead at a time: the survivor's stays; a unit that keeps both keeps the survivor once, with the better role."""
    own = [row for row in held(link, merging.survivor) if not row.is_archived]
    for row in held(link, merging.merged):
        same_unit = next((other for other in own if other.unit_id == row.unit_id and _open(other) and _open(row)), None)
        rivals = [other for other in own if other.role == StewardRole.LEAD and other is not same_unit and _overlap(other, row)]
        if row.is_archived:
            merging.change([row], _to_survivor(merging))
        elif same_unit is not None:
            merging.archive([row], _to_survivor(merging))
            if row.role == StewardRole.LEAD and same_unit.role != StewardRole.LEAD and not _leads_over(own, same_unit):
                merging.change([same_unit], lambda kept: setattr(kept, "role", StewardRole.LEAD))
        else:
            merging.change([row], _as_support(merging) if row.role == StewardRole.LEAD and rivals else _to_survivor(merging))
            own.append(row)


def _as_support(merging: Merging) -> Any:
    def set_values(row: Stewardship) -> None:
        row.partner, row.role = merging.survivor, StewardRole.SUPPORT

    return set_values


def _leads_over(rows: Iterable[Stewardship], row: Stewardship) -> bool:
    return any(other is not row and other.role == StewardRole.LEAD and _overlap(other, row) for other in rows)


def _open(row: Any) -> bool:
    return row.valid_to is None and not row.is_archived


def _overlap(one: Any, other: Any) -> bool:
    starts_in_time = one.valid_to is None or other.valid_from is None or other.valid_from < one.valid_to
    return starts_in_time and (other.valid_to is None or one.valid_from is None or one.valid_from < other.valid_to)


def _conflicting_stewardships(survivor: Any, merged: Any) -> list[str]:
    own = list(Stewardship.objects.live().filter(partner=survivor).select_related("unit"))
    said = []
    for row in Stewardship.objects.live().filter(partner=merged).select_related("unit"):
        if any(other.unit_id == row.unit_id and _open(other) and _open(row) for other in own):
            said.append(_("%(unit)s keeps both: it will keep the one partner, once.") % {"unit": row.unit})
        elif row.role == StewardRole.LEAD and any(other.role == StewardRole.LEAD and _overlap(other, row) for other in own):
            said.append(_("Both have a lead: %(unit)s becomes a supporting unit.") % {"unit": row.unit})
    return said


# --- Relations between partners ----------------------------------------------------------------------------


def _move_relations(merging: Merging, link: Link) -> None:
    """A relation between the two ends; one that the survivor already has stands once."""
    end = link.foreign_key
    other_end = "target_id" if end == "source" else "source_id"
    there = {(getattr(row, other_end), row.kind) for row in held(link, merging.survivor) if _open(row)}
    for row in held(link, merging.merged):
        if getattr(row, other_end) == merging.survivor.pk:
            merging.archive([] if row.is_archived else [row])
        elif _open(row) and (getattr(row, other_end), row.kind) in there:
            merging.archive([row], lambda kept: setattr(kept, end, merging.survivor))
        else:
            merging.change([row], lambda kept: setattr(kept, end, merging.survivor))


def _conflicting_relations(survivor: Any, merged: Any) -> list[str]:
    pair = [survivor.pk, merged.pk]
    between = Relation.objects.live().filter(source__in=pair, target__in=pair)
    return [_("The relation “%(kind)s” between the two ends.") % {"kind": row.get_kind_display()} for row in between]


# --- Posts ---------------------------------------------------------------------------------------------------


def _move_posts(merging: Merging, link: Link) -> None:
    """The same post of the same person at the same partner for the same days stands once."""
    end = link.foreign_key
    there = {_post_key(row, merging) for row in held(link, merging.survivor) if not row.is_archived}
    for row in held(link, merging.merged):
        if not row.is_archived and _post_key(row, merging) in there:
            merging.archive([row], lambda kept: setattr(kept, end, merging.survivor))
        else:
            merging.change([row], lambda kept: setattr(kept, end, merging.survivor))


def _post_key(row: Post, merging: Merging) -> tuple[Any, ...]:
    titles = tuple(fold(title) for title in (row.title_vi, row.title_en, row.title_native))
    place = row.person_id if hasattr(merging.survivor, "names") else row.partner_id
    return (place, *titles, row.valid_from, row.valid_to)


# --- Pairs that may be the same, and records merged before ---------------------------------------------------


def _move_pairs(merging: Merging, link: Link) -> None:
    """The pair of the two is settled; what somebody called different from the one is different from the other."""
    end = link.foreign_key
    other_end = "second_id" if end == "first" else "first_id"
    for row in held(link, merging.merged):
        other = getattr(row, other_end)
        if other == merging.survivor.pk:
            merging.change([row], _settle(merging))
        elif row.state == PairState.DIFFERENT:
            _carry_difference(merging, row, other)


def _settle(merging: Merging) -> Any:
    def set_values(row: Any) -> None:
        row.state, row.decided_by, row.decided_at = PairState.MERGED, merging.by, timezone.now()

    return set_values


def _carry_difference(merging: Merging, row: Any, other: int) -> None:
    first, second = sorted((merging.survivor.pk, other))
    known = type(row).objects.filter(first=first, second=second).first()

    def call_different(pair: Any) -> None:
        pair.state, pair.decided_by_id, pair.decided_at, pair.remark = row.state, row.decided_by_id, row.decided_at, row.remark

    if known is None:
        pair = type(row)(first_id=first, second_id=second, score=row.score, reasons=row.reasons)
        call_different(pair)
        merging.create([pair])
    elif known.state != PairState.DIFFERENT:
        merging.change([known], call_different)


# --- Change proposals --------------------------------------------------------------------------------------


def _move_proposals(merging: Merging, link: Link) -> None:
    """Proposals pass over; of two open ones of one unit, the survivor's stays open and the other is withdrawn."""
    open_units = {row.unit_id for row in held(link, merging.survivor) if row.state == ProposalState.OPEN}
    for row in held(link, merging.merged):
        twice = row.state == ProposalState.OPEN and row.unit_id in open_units
        merging.change([row], _as_withdrawn(merging) if twice else _to_survivor(merging))


def _as_withdrawn(merging: Merging) -> Any:
    def set_values(row: ChangeProposal) -> None:
        row.partner, row.state = merging.survivor, ProposalState.WITHDRAWN

    return set_values


# --- Names and fields ----------------------------------------------------------------------------------------


def _move_names(merging: Merging, link: Link) -> None:
    """All names pass over; those that the survivor has already, in the same use and language, stand once."""
    there = {(row.name, row.language, row.usage) for row in held(link, merging.survivor)}
    rows = held(link, merging.merged)
    twice = [row for row in rows if (row.name, row.language, row.usage) in there or row.name == merging.survivor.name]
    merging.change([row for row in rows if row not in twice], _to_survivor(merging))
    merging.remove(twice)


def _unite_fields(merging: Merging, link: Link) -> None:
    """The survivor has the fields of both; the merged record keeps its own."""
    there = {row.field_id for row in held(link, merging.survivor)}
    missing = [row.field_id for row in held(link, merging.merged) if row.field_id not in there]
    merging.create(link.source(partner=merging.survivor, field_id=field) for field in missing)


def _shared_names(survivor: Any, merged: Any) -> list[str]:
    own = {fold(name) for name in (survivor.name, *survivor.names.values_list("name", flat=True))}
    shared = sum(fold(name) in own for name in merged.names.values_list("name", flat=True))
    said = ngettext("%(count)d name stands with both: it is kept once.", "%(count)d names stand with both: they are kept once.", shared)
    return [said % {"count": shared}] if shared else []


rule_for("partners.partnername.partner", label=_("Other names"), move=_move_names, conflicts=_shared_names)
rule_for("partners.partner_fields.partner", label=_("Fields of cooperation"), move=_unite_fields)
rule_for("partners.partner.merged_into", label=_("Records merged before"), move=pass_over)
rule_for("partners.partner.person", label=_("Is a partner of its own"), move=pass_over)
rule_for("partners.stewardship.partner", label=_("Units that keep it"), move=_move_stewardships, conflicts=_conflicting_stewardships)
rule_for("partners.relation.source", label=_("Relations"), move=_move_relations, conflicts=_conflicting_relations)
rule_for("partners.relation.target", label=_("Relations from others"), move=_move_relations)
rule_for("partners.externalid.partner", label=_("External identifiers"), move=pass_over)
rule_for("partners.registration.partner", label=_("Registrations"), move=pass_over)
rule_for("partners.post.partner", label=_("Posts of people"), move=_move_posts)
rule_for("partners.changeproposal.partner", label=_("Change proposals"), move=_move_proposals)
rule_for("partners.partnerpair.first", move=_move_pairs)
rule_for("partners.partnerpair.second", move=_move_pairs)

rule_for("partners.person.merged_into", label=_("Records merged before"), move=pass_over)
rule_for("partners.post.person", label=_("Posts"), move=_move_posts)
rule_for("partners.personnote.person", label=_("Notes"), move=pass_over)
rule_for("partners.personpair.first", move=_move_pairs)
rule_for("partners.personpair.second", move=_move_pairs)
