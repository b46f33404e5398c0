"""Two records become one. The other stays, archived, and leads to the survivor for ever; the whole can be taken back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.audit import record_event
from crm.actions.change_sets import announce
from crm.choices import AuditVerb, ChangeKind, ChangeState, Confidentiality, NameUsage
from crm.models import ChangeSet, User
from crm.permissions import Permission
from crm.text import fold
from partners.actions import move_rules  # noqa: F401  (the rules of this app's own relations)
from partners.actions.moves import RULES, Merging, move_all, relations_of, rows_of, unknown_relations
from partners.models import ExternalId, Partner, PartnerName, Person

KEPT, MERGED, BOTH = "kept", "merged", "both"

# What is chosen field by field. A name goes with its language.
PARTNER_FIELDS = (
    *("name", "kind", "country", "city", "website", "founded_year", "status", "friend_since", "verified_on", "interests", "person"),
    "unit",
)
PERSON_FIELDS = (
    *("full_name", "latin_name", "native_name", "family_name", "middle_name", "given_name", "name_order", "how_to_address"),
    *("salutation_en", "salutation_native", "country", "languages", "email", "phone", "protocol_notes", "purpose", "consent"),
    *("consent_on", "review_on", "unit"),
)
GOES_WITH = {"name": ("name_language",), "family_name": ("middle_name", "given_name", "name_order")}
TEXTS = frozenset({"interests", "protocol_notes"})
_STRICTNESS = [Confidentiality.NETWORK, Confidentiality.UNIT, Confidentiality.RESTRICTED]

Choices = Mapping[str, str]


def merge_partners(survivor: Partner, merged: Partner, *, by: User, choices: Choices | None = None, message: str = "") -> ChangeSet:
    """Merge one partner into another, in one transaction, as one change set that can be taken back.

    ``choices`` says for each field of PARTNER_FIELDS whose value stands: "kept", "merged", or "both" for texts; without a
    choice see ``suggested``. Raises PermissionDenied without the right to merge or to change both; ValidationError for a
    record that is archived, merged already or the same, and for relations that merging does not know.
    """
    with transaction.atomic():
        _hold_keys(survivor, merged)
        merging = _start(survivor, merged, by=by, message=message)
        survivor, merged = merging.survivor, merging.merged
        values = _chosen_values(survivor, merged, PARTNER_FIELDS, choices)
        names = [(partner.name, partner.name_language) for partner in (survivor, merged)]
        move_all(merging)
        _retire(merging)
        merging.change([survivor], _setting(values))
        _keep_names(merging, names)
        return _finish(merging)


def merge_people(survivor: Person, merged: Person, *, by: User, choices: Choices | None = None, message: str = "") -> ChangeSet:
    """Merge one person into another; see ``merge_partners``. The stricter confidentiality of the two stands."""
    with transaction.atomic():
        merging = _start(survivor, merged, by=by, message=message)
        survivor, merged = merging.survivor, merging.merged
        if all(Partner.objects.filter(person=person).exists() for person in (survivor, merged)):
            raise ValidationError(_("Each of the two is a partner of its own. Merge those two partners first."), code="both-partners")
        values = _chosen_values(survivor, merged, PERSON_FIELDS, choices) | _other_spelling(survivor, merged)
        values["confidentiality"] = max(
            survivor.confidentiality, merged.confidentiality, key=lambda level: _STRICTNESS.index(Confidentiality(level))
        )
        move_all(merging)
        _retire(merging)
        merging.change([survivor], _setting(values))
        return _finish(merging)


# --- Steps ---------------------------------------------------------------------------------------------------


def _hold_keys(*partners: Partner) -> None:
    """Lock the offices' keys of the partners: before the partners, as whoever writes by a key does, so that neither waits for the other."""
    list(ExternalId.objects.filter(partner__in=partners).order_by("value", "pk").select_for_update(of=("self",)).values_list("pk"))


def _start(survivor: Any, merged: Any, *, by: User, message: str) -> Merging:
    """Check the rights and the records, hold both rows, and open the change set."""
    model: Any = type(survivor)
    check_rights(survivor, merged, by=by)
    held = {row.pk: row for row in model.objects.select_for_update(of=("self",)).filter(pk__in=[survivor.pk, merged.pk]).order_by("pk")}
    survivor, merged = held[survivor.pk], held[merged.pk]
    check_records(survivor, merged)
    if unknown := unknown_relations(model):
        raise ValidationError(
            _("Merging does not know what to do with: %(relations)s. Nothing was changed. Tell the administrator."),
            code="unknown-relation",
            params={"relations": ", ".join(unknown)},
        )
    now = timezone.now()
    words = message.strip() or _in_words(survivor, merged)
    change_set = ChangeSet.objects.create(
        kind=ChangeKind.MERGE, message=words[:300], unit_id=_unit_of(survivor, by), state=ChangeState.APPLIED, created_by=by, updated_by=by,
        plan={"noun": model._meta.model_name, "survivor": survivor.public_id, "merged": merged.public_id},
        started_at=now, finished_at=now,
    )  # fmt: skip
    return Merging(by, change_set, survivor, merged)


def _in_words(survivor: Any, merged: Any) -> str:
    """The message of the change set, which whole units read: it names nobody who is restricted."""
    if any(getattr(record, "confidentiality", "") == Confidentiality.RESTRICTED for record in (survivor, merged)):
        return _("Merged: two people, at least one of them restricted")
    return _("Merged: %(merged)s → %(survivor)s") % {"merged": merged, "survivor": survivor}


def check_rights(survivor: Any, merged: Any, *, by: User) -> None:
    """Raise PermissionDenied unless the account may merge, and may change both records."""
    editable = type(survivor).objects.editable_by(by).filter(pk__in={survivor.pk, merged.pk}).count()
    if not by.may(Permission.MERGE) or editable < len({survivor.pk, merged.pk}):
        raise PermissionDenied


def check_records(survivor: Any, merged: Any) -> None:
    """Raise ValidationError where the two cannot be merged whoever asks."""
    if survivor.pk == merged.pk:
        raise ValidationError(_("A record cannot be merged with itself."), code="same")
    for record in (survivor, merged):
        if record.merged_into_id:
            raise ValidationError(_("“%(name)s” has been merged already."), code="merged", params={"name": record})
        if record.is_archived:
            raise ValidationError(_("“%(name)s” is archived. Restore it first."), code="archived", params={"name": record})


def _unit_of(record: Any, by: User) -> int:
    unit = by.scope.home_unit_ids[0] if by.scope.home_unit_ids else record.unit_id
    if unit is None:
        raise PermissionDenied
    return int(unit)


def _retire(merging: Merging) -> None:
    now = timezone.now()

    def retire(record: Any) -> None:
        record.archived_at, record.archived_by = now, merging.by
        record.merged_into, record.merged_in = merging.survivor, merging.change_set
        if hasattr(record, "person"):
            record.person = None  # Only one partner may be this person; the survivor may be the one.

    merging.change([merging.merged], retire)


def _setting(values: Mapping[str, Any]) -> Any:
    def set_values(record: Any) -> None:
        for name, value in values.items():
            setattr(record, name, value)
        record.full_clean(exclude={"public_id", "archived_at", "archived_by", "merged_into", "merged_in", "created_by", "updated_by"})

    return set_values


def _keep_names(merging: Merging, names: Iterable[tuple[str, str]]) -> None:
    """What either was called stays a name of the survivor."""
    partner = merging.survivor
    there = {partner.name, *PartnerName.objects.filter(partner=partner).values_list("name", flat=True)}
    dropped = [(name, language) for name, language in dict.fromkeys(names) if name not in there]
    merging.create(PartnerName(partner=partner, name=name, language=language, usage=NameUsage.OTHER) for name, language in dropped)


def _finish(merging: Merging) -> ChangeSet:
    change_set, survivor = merging.change_set, merging.survivor
    change_set.counts = dict(merging.counts)
    change_set.rows_total = change_set.rows_done = change_set.entries.count()
    change_set.save(update_fields=["counts", "rows_total", "rows_done"])
    announce(merging.touched)
    merged_id, record = str(merging.merged.public_id), str(change_set.public_id)
    record_event(AuditVerb.MERGED, by=merging.by, subject=survivor, merged=merged_id, change_set=record)
    return change_set


# --- Which value stands ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldPair:
    """One field of the two, side by side. ``suggested``: the choice that stands unless another is made."""

    name: str
    label: str
    kept: Any
    merged: Any
    suggested: str
    may_be_both: bool

    @property
    def differ(self) -> bool:
        return bool(self.kept != self.merged)


def field_pairs(survivor: Any, merged: Any) -> list[FieldPair]:
    """The fields of the two side by side, those that differ first."""
    names = PARTNER_FIELDS if isinstance(survivor, Partner) else PERSON_FIELDS
    pairs = []
    for name in names:
        label = str(survivor._meta.get_field(name).verbose_name)
        chosen = suggested(survivor, merged, name)
        pairs.append(FieldPair(name, label, _shown(survivor, name), _shown(merged, name), chosen, name in TEXTS))
    return sorted(pairs, key=lambda pair: not pair.differ)


def suggested(survivor: Any, merged: Any, name: str) -> str:
    """What the survivor says stands; where it says nothing, what the other says; of two notes both."""
    own, other = getattr(survivor, name), getattr(merged, name)
    if own in (None, ""):
        return KEPT if other in (None, "") else MERGED
    return BOTH if name in TEXTS and other and other != own else KEPT


def _shown(record: Any, name: str) -> Any:
    display = getattr(record, f"get_{name}_display", None)
    return display() if display else getattr(record, name)


def _chosen_values(survivor: Any, merged: Any, names: Iterable[str], choices: Choices | None) -> dict[str, Any]:
    values = {}
    for name in names:
        choice = (choices or {}).get(name) or suggested(survivor, merged, name)
        own, other = getattr(survivor, name), getattr(merged, name)
        if choice == MERGED:
            values[name] = other
            values |= {column: getattr(merged, column) for column in GOES_WITH.get(name, ()) if column not in (choices or {})}
        elif choice == BOTH and name in TEXTS:
            values[name] = "\n\n".join(text for text in (own, other) if text)
        elif choice != KEPT:
            raise ValidationError(_("“%(choice)s” is no choice for “%(field)s”."), params={"choice": choice, "field": name})
    return values


def _other_spelling(survivor: Person, merged: Person) -> dict[str, str]:
    """A person has no list of other names: what the other was called is kept where a form of the name is still empty."""
    known = {fold(form) for form in (survivor.full_name, survivor.latin_name, survivor.native_name)}
    if fold(merged.full_name) in known:
        return {}
    column = "latin_name" if fold(merged.full_name).isascii() else "native_name"
    return {} if getattr(survivor, column) or getattr(merged, column) else {column: merged.full_name}


# --- What would move --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moving:
    """One line of "what moves": how many rows, and what cannot simply pass over."""

    label: str
    count: int
    conflicts: list[str]


def what_moves(survivor: Any, merged: Any) -> list[Moving]:
    """What merging would move, with counts and conflicts in words. Two queries for each kind of row."""
    lines = []
    for name, link in sorted(relations_of(type(survivor)).items()):
        rule = RULES.get(name)
        if rule is None or not rule.label:
            continue
        conflicts = [str(words) for words in rule.conflicts(survivor, merged)] if rule.conflicts else []
        if (count := rows_of(link, merged).count()) or conflicts:
            lines.append(Moving(str(rule.label), count, conflicts))
    return lines
