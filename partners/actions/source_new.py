"""New partners from the words of a source, set by set: what ``save_partner`` does for one, in a dozen statements for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.actions.sources import SourceItem
from crm.actions.versions import record_first_links, record_first_versions
from crm.bulk_rows import insert_rows
from crm.choices import PairState
from crm.models import Unit, User
from partners.actions.source_matching import Match
from partners.choices import StewardRole
from partners.models import Partner, PartnerName, PartnerPair, Stewardship

_COLUMNS = (
    "public_id", "name", "name_language", "kind_id", "country_id", "city", "website", "founded_year", "status", "friend_since",
    "unit_id", "created_by_id", "updated_by_id", "search_key", "sort_key",
)  # fmt: skip
# The validator has read these as rows already; the machine sets the others.
_REFERENCES = ("kind", "country", "unit", "person", "created_by", "updated_by", "archived_by", "merged_into", "merged_in")
_RELATED = frozenset({"names", "fields"})


@dataclass(frozen=True)
class Newcomer:
    """A partner to be made: the word that makes it, as the source and as JSON says it, and the record with all its columns."""

    place: int
    item: SourceItem
    said: dict[str, Any]
    match: Match
    partner: Partner


def new_partner(item: SourceItem, said: dict[str, Any], *, unit: Unit, by: User) -> Partner:
    """Build the partner that a word would make, and hold it against the rules of its model. Raises ValidationError. No query."""
    plain = {name: value for name, value in item.values.items() if name not in _RELATED}
    partner = Partner(unit=unit, created_by=by, updated_by=by, **plain)
    partner.set_keys([row["name"] for row in said.get("names", ())])
    partner.full_clean(exclude=_REFERENCES, validate_unique=False, validate_constraints=False)
    for row in said.get("names", ()):
        _validate_name(row)
    return partner


def _validate_name(row: Mapping[str, str]) -> None:
    try:
        PartnerName(**row).full_clean(exclude=["partner"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise ValidationError({"names": error.messages}, code="invalid") from error


def create_partners(new: Sequence[Newcomer], *, unit: Unit, by: User) -> None:
    """Store new partners with their names, fields, lead steward and first versions."""
    reason = unit.code
    for newcomer in new:
        if newcomer.match.newcomer and newcomer.match.newcomer.public_id:
            # The identifier under which later words of the batch were told of it.
            newcomer.partner.public_id = newcomer.match.newcomer.public_id
    pks = insert_rows(Partner, _COLUMNS, [tuple(getattr(newcomer.partner, name) for name in _COLUMNS) for newcomer in new])
    names, fields = [], []
    for pk, newcomer in zip(pks, new, strict=True):
        newcomer.partner.pk = pk
        newcomer.partner._state.adding = False
        names += [(pk, row["name"], row["language"], row["usage"]) for row in newcomer.said.get("names", ())]
        fields += [(pk, row.pk) for row in newcomer.item.values.get("fields", ())]
    insert_rows(Partner.fields.through, ("partner_id", "field_id"), fields)
    record_first_versions(Partner, pks, by=by, reason=reason)
    if fields:
        record_first_links(Partner, pks)
    record_first_versions(PartnerName, insert_rows(PartnerName, ("partner_id", "name", "language", "usage"), names), by=by, reason=reason)
    today = timezone.localdate()
    stewards = [(pk, unit.pk, StewardRole.LEAD.value, today, by.pk, by.pk) for pk in pks]
    columns = ("partner_id", "unit_id", "role", "valid_from", "created_by_id", "updated_by_id")
    record_first_versions(Stewardship, insert_rows(Stewardship, columns, stewards), by=by, reason=reason)
    _remember_different(new, by=by)


def _remember_different(new: Sequence[Newcomer], *, by: User) -> None:
    """The source said that these are certainly new: the likeness is not to be offered again."""
    decided = {"state": PairState.DIFFERENT, "decided_by": by, "decided_at": timezone.now()}
    pairs = []
    for newcomer in new:
        for likeness in newcomer.match.told_from:
            if likeness.partner.pk is not None:
                first, second = sorted((likeness.partner.pk, newcomer.partner.pk))
                pairs.append(PartnerPair(first_id=first, second_id=second, score=round(likeness.score * 100), **decided))
    PartnerPair.objects.bulk_create(pairs, ignore_conflicts=True)
