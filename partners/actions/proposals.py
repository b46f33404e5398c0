"""What one unit would change in a partner that another unit leads: proposed, decided field by field, or taken back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.actions.notifications import Telling, holders_of, notify_of
from crm.actions.records import save_record
from crm.choices import NotificationTopic, UnitKind
from crm.models import Unit, User
from crm.permissions import Permission
from crm.three_way import merge, same
from partners.actions.partners import save_partner
from partners.actions.source_values import REGISTRY_FIELDS, SETS, Codes, standing
from partners.choices import ProposalState, StewardRole
from partners.models import ChangeProposal, Partner, Stewardship


def lead_units_of(partners: Collection[Partner]) -> dict[int, Unit]:
    """Return partner → the unit that decides about it: its lead today, else the unit that entered it, else the centre."""
    leads = Stewardship.objects.current().filter(partner__in=[partner.pk for partner in partners], role=StewardRole.LEAD)
    found = {row.partner_id: row.unit for row in leads.select_related("unit")}
    for partner in partners:
        if partner.pk not in found:
            found[partner.pk] = partner.unit or _centre()
    return found


def _centre() -> Unit:
    return Unit.objects.filter(kind=UnitKind.CENTRE).order_by("path")[0]


def leads(by: User, lead_unit: Unit) -> bool:
    """Whether the account writes the registry fields of partners that the unit leads, rather than proposing."""
    return by.may(Permission.PARTNER_EDIT) and by.scope.may_write_for(lead_unit.pk)


@transaction.atomic
def propose_changes(partner: Partner, *, unit: Unit, by: User, values: Mapping[str, Any], message: str = "") -> ChangeProposal:
    """Propose registry fields of a partner for a unit, or change the proposal that it has open.

    ``values``: field → value as the API writes it; those that stand already are left out. Raises PermissionDenied where the
    account may not write for the unit, ValidationError where nothing would change.
    """
    if not by.may(Permission.PARTNER_EDIT) or not by.scope.may_write_for(unit.pk):
        raise PermissionDenied
    if partner.is_archived:
        raise ValidationError(_("“%(name)s” is archived. Restore it first."), code="archived", params={"name": partner})
    stands = standing([partner])[partner.pk]
    waiting = {name: value for name, value in values.items() if not _stands(name, value, stands)}
    proposal = keep_proposal(
        partner, unit=unit, lead_unit=lead_units_of([partner])[partner.pk], by=by, waiting=waiting,
        settled=values.keys() - waiting.keys(), stands=stands, opened=open_proposal(partner, unit), message=message,
    )  # fmt: skip
    if proposal is None:
        raise ValidationError(_("Nothing would change: all of this stands already."), code="nothing_proposed")
    return proposal


def _stands(name: str, value: Any, stands: Mapping[str, Any]) -> bool:
    return name in merge({}, {name: value}, stands, as_sets=SETS).same


def open_proposal(partner: Partner, unit: Unit) -> ChangeProposal | None:
    """The proposal of the unit for the partner that waits to be decided, held until the transaction ends."""
    return ChangeProposal.objects.open().filter(partner=partner, unit=unit).select_for_update(of=("self",)).first()


def keep_proposal(
    partner: Partner,
    *,
    unit: Unit,
    lead_unit: Unit,
    by: User,
    waiting: Mapping[str, Any],
    settled: Collection[str],
    stands: Mapping[str, Any],
    opened: ChangeProposal | None,
    message: str = "",
) -> ChangeProposal | None:
    """Let the unit's open proposal say what it wants by now; return it, or None where there is none any more.

    ``waiting``: field → proposed value; ``settled``: fields about which there is nothing left to propose.
    """
    before = dict(opened.changes) if opened else {}
    changes = {name: change for name, change in before.items() if name not in settled}
    changes |= {name: [stands[name], value] for name, value in waiting.items()}
    if opened is not None and not changes:
        opened.state = ProposalState.WITHDRAWN
        save_record(opened, by=by)
        return None
    if not changes or (opened is not None and same(changes, before) and message in ("", opened.message)):
        return opened
    proposal = opened or ChangeProposal(partner=partner, unit=unit)
    proposal.lead_unit, proposal.changes = lead_unit, changes
    proposal.message = message or proposal.message
    save_record(proposal, by=by)
    _tell(proposal, lead_unit, _("{unit} proposes a change: {partner}"), but=by)
    return proposal


@transaction.atomic
def accept_proposal(proposal: ChangeProposal, *, by: User, names: Collection[str] | None = None) -> ChangeProposal:
    """Save the proposed values of these fields, or of all, as the word of whoever accepts; the others count as declined.

    A list gets what was added and loses what was taken away; what others changed in it meanwhile stays. Raises
    PermissionDenied where the account may not decide; ValidationError where nothing is chosen, or a rule is broken by now.
    """
    # The partner before its proposals, as whoever writes it by a key does, so that neither waits for the other.
    Partner.objects.select_for_update(of=("self",), no_key=True).filter(pk=proposal.partner_id).first()
    held = _hold(proposal, by=by)
    chosen = {name: change for name, change in held.changes.items() if names is None or name in names}
    if not chosen:
        raise ValidationError(_("Choose at least one field, or decline the proposal."), code="nothing_chosen")
    partner = Partner.objects.select_related("kind", "country").get(pk=held.partner_id)
    stands = standing([partner])[partner.pk]
    old, new = ({name: change[place] for name, change in chosen.items()} for place in (0, 1))
    merged = merge(old, new, stands, as_sets=SETS)
    wanted = merged.apply | {name: conflict.theirs for name, conflict in merged.conflicts.items()}
    save_values(partner, wanted, by=by)
    held.changes = {name: [*change[:2], *([] if name in chosen else [False])] for name, change in held.changes.items()}
    return _decide(held, ProposalState.ACCEPTED, by=by, text=_("Your change proposal was accepted: {partner}"))


@transaction.atomic
def decline_proposal(proposal: ChangeProposal, *, by: User, reason: str) -> ChangeProposal:
    """Leave the partner as it is, and say why. Raises PermissionDenied, or ValidationError without a reason."""
    held = _hold(proposal, by=by)
    if not reason.strip():
        raise ValidationError({"reason": ValidationError(_("Say why, so that the unit that proposed it understands."), code="required")})
    held.reason = reason
    return _decide(held, ProposalState.DECLINED, by=by, text=_("Your change proposal was declined: {partner}"))


@transaction.atomic
def withdraw_proposal(proposal: ChangeProposal, *, by: User) -> ChangeProposal:
    """Take a proposal back that nobody has decided yet. Raises PermissionDenied for an account of another unit."""
    if not may_withdraw(proposal, by):
        raise PermissionDenied
    held = _held_open(proposal)
    held.state = ProposalState.WITHDRAWN
    save_record(held, by=by)
    return held


def may_decide(proposal: ChangeProposal, user: User) -> bool:
    return proposal.state == ProposalState.OPEN and leads(user, deciding_unit(proposal))


def deciding_unit(proposal: ChangeProposal) -> Unit:
    """The unit that leads the partner today; it may have been handed over since the proposal was made."""
    return lead_units_of([proposal.partner])[proposal.partner_id]


def may_withdraw(proposal: ChangeProposal, user: User) -> bool:
    own = user.may(Permission.PARTNER_EDIT) and proposal.unit_id in user.scope.unit_ids
    return proposal.state == ProposalState.OPEN and own


def save_values(partner: Partner, said: Mapping[str, Any], *, by: User, codes: Codes | None = None) -> None:
    """Save registry fields given as the API writes them, by the action that saves every partner.

    Raises ValidationError where a code is no longer known, or a rule is broken.
    """
    if not said:
        return
    try:
        values = (codes or Codes()).read(said)
    except KeyError as error:
        raise ValidationError(_("“%(code)s” is no longer known."), code="unknown", params={"code": error.args[0]}) from error
    related = {name: values.pop(name) for name in SETS & values.keys()}
    for name, value in values.items():
        setattr(partner, name, value)
    save_partner(partner, by=by, **related)


@dataclass(frozen=True)
class ProposedField:
    """One field of a proposal, side by side. ``moved``: it was changed here after it was proposed."""

    name: str
    label: Any
    old: Any
    proposed: Any
    present: Any
    moved: bool
    declined: bool


def label_of(name: str) -> Any:
    """What a field of the register is called; other names are rows of their own, and no column."""
    return _("Other names") if name == "names" else Partner._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # a column


def proposed_fields(proposal: ChangeProposal) -> list[ProposedField]:
    """The fields of a proposal as they were, as they are wanted and as they are now. Values as the API writes them."""
    partner = Partner.objects.select_related("kind", "country").get(pk=proposal.partner_id)
    stands = standing([partner])[partner.pk]
    found = []
    for name in REGISTRY_FIELDS:
        if (change := proposal.changes.get(name)) is not None:
            moved = proposal.state == ProposalState.OPEN and not _stands(name, change[0], stands)
            found.append(ProposedField(name, label_of(name), change[0], change[1], stands[name], moved, declined=len(change) > 2))
    return found


# --- Steps -----------------------------------------------------------------------------------------------------


def _hold(proposal: ChangeProposal, *, by: User) -> ChangeProposal:
    lead_unit = deciding_unit(proposal)
    if not leads(by, lead_unit):
        raise PermissionDenied
    held = _held_open(proposal)
    held.lead_unit = lead_unit
    return held


def _held_open(proposal: ChangeProposal) -> ChangeProposal:
    held = ChangeProposal.objects.select_for_update(of=("self",)).select_related("unit", "lead_unit", "partner").get(pk=proposal.pk)
    if held.state != ProposalState.OPEN:
        raise ValidationError(_("Somebody has decided this proposal already."), code="decided")
    return held


def _decide(held: ChangeProposal, state: ProposalState, *, by: User, text: Any) -> ChangeProposal:
    held.state, held.decided_at, held.decided_by = state, timezone.now(), by
    save_record(held, by=by)
    _tell(held, held.unit, text, but=by)
    return held


def _tell(proposal: ChangeProposal, unit: Unit, text: Any, *, but: User) -> None:
    """Tell those who write for the unit, in their own languages."""
    users = holders_of(Permission.PARTNER_EDIT, unit=unit).exclude(pk=but.pk)
    named = format_lazy(text, unit=proposal.unit.display, partner=str(proposal.partner))
    key = f"proposal:{proposal.public_id}:{proposal.revision}"
    notify_of([Telling(users, NotificationTopic.PROPOSAL, key, named, proposal.get_absolute_url())])
