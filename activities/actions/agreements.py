"""Agreements: entering one with its parties, renewing it, ending it early, taking it out of use."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.actions.commitments import restrict_commitments
from activities.actions.recipients import officers_of
from activities.choices import AgreementFamily, AgreementState, Side
from activities.models import Agreement, AgreementParty
from crm.actions.notifications import settle
from crm.actions.records import archive_record, restore_record, save_record
from crm.choices import Confidentiality
from crm.models import Field, Province, User
from crm.permissions import Permission
from crm.text import one_line

# What a renewal takes over from the agreement that it renews.
CARRIED = (
    "kind", "title", "level", "legal_basis", "policy_document", "renews_itself", "notice_days", "unit", "summary", "confidentiality",
)  # fmt: skip
_WHO = ("side", "unit_id", "province_id", "partner_id")
_SAID = ("signatory", "signatory_title", "rank")


@transaction.atomic
def save_agreement(
    agreement: Agreement, *, by: User, parties: Sequence[AgreementParty] | None = None, fields: Iterable[Field] | None = None
) -> Agreement:
    """Enter an agreement, or change one. What is given replaces what there is; None leaves it.

    ``parties``: of both sides, unstored, in protocol order. One without a unit is kept by the author's own; one signed
    without a day of effect holds from its signing. Raises PermissionDenied outside the author's units, ValidationError
    keyed by field where a rule is broken.
    """
    if not agreement.unit_id and by.scope.home_unit_ids:
        agreement.unit_id = by.scope.home_unit_ids[0]
    _check_rights(agreement, by=by)
    if agreement.state != AgreementState.NEGOTIATED and agreement.valid_from is None:
        agreement.valid_from = agreement.signed_on
    named = (
        list(agreement.parties.select_related("partner", "province")) if parties is None and not agreement.is_new else list(parties or ())
    )
    _check_days(agreement)
    _check_renewal(agreement, by=by)
    _check_parties(agreement, named, is_changed=parties is not None)
    save_record(agreement, by=by)
    if agreement.confidentiality == Confidentiality.RESTRICTED:
        restrict_commitments(agreement.commitments.all(), by=by)
    if fields is not None:
        agreement.fields.set(fields)
    if parties is not None:
        _set_parties(agreement, named, by=by)
    if agreement.renews is not None and agreement.state != AgreementState.NEGOTIATED:
        _settle_reminders(agreement.renews)
    return agreement


def renewal_of(old: Agreement) -> tuple[Agreement, list[AgreementParty]]:
    """Return an unstored agreement that goes on where the old one ends, for as long again, and its parties; nothing is written."""
    renewal = Agreement(**{name: getattr(old, name) for name in CARRIED}, renews=old, state=AgreementState.NEGOTIATED)
    renewal.valid_from = old.valid_to
    if old.valid_from and old.valid_to:
        renewal.valid_to = _as_long_again(old.valid_from, old.valid_to)
    return renewal, [_copy(party) for party in old.parties.select_related("unit", "province", "partner")]


@transaction.atomic
def renew_agreement(
    old: Agreement, *, by: User, renewal: Agreement, parties: Sequence[AgreementParty], fields: Iterable[Field] = ()
) -> Agreement:
    """Enter what renews an agreement: a row of its own that names the old one, which stays as it was signed."""
    if not Agreement.objects.editable_by(by).filter(pk=old.pk).exists():
        raise PermissionDenied
    renewal.renews = old
    return save_agreement(renewal, by=by, parties=parties, fields=fields)


@transaction.atomic
def end_agreement(agreement: Agreement, *, by: User, on: date, reason: str) -> Agreement:
    """End an agreement before its time. ``on``: the first day on which it no longer holds; the reason joins its summary."""
    _check_rights(agreement, by=by)
    if agreement.state != AgreementState.SIGNED:
        raise ValidationError(_("Only a signed agreement can be ended early."), code="not-signed")
    if agreement.valid_to is not None and on > agreement.valid_to:
        raise ValidationError({"on": ValidationError(_("It ends before that day anyway."), code="later-than-end")})
    if agreement.valid_from is not None and on <= agreement.valid_from:
        raise ValidationError({"on": ValidationError(_("The end must come after the start."), code="before-start")})
    if not reason.strip():
        raise ValidationError({"reason": ValidationError(_("Say why it ends, and who asked for it."), code="required")})
    agreement.state, agreement.valid_to = AgreementState.ENDED_EARLY, on
    told = _("Ended early on %(day)s: %(reason)s") % {"day": date_format(on, "SHORT_DATE_FORMAT"), "reason": reason.strip()}
    agreement.summary = f"{agreement.summary}\n\n{told}".strip()
    save_record(agreement, by=by)
    _settle_reminders(agreement)
    return agreement


@transaction.atomic
def archive_agreement(agreement: Agreement, *, by: User) -> None:
    """Take out of use an agreement entered by mistake; one that ran out stays in use, as what was."""
    _check_rights(agreement, by=by)
    archive_record(agreement, by=by)
    _settle_reminders(agreement)


@transaction.atomic
def restore_agreement(agreement: Agreement, *, by: User) -> None:
    _check_rights(agreement, by=by)
    restore_record(agreement, by=by)


def reminder_key(agreement: Agreement) -> str:
    """How the keys of everything that was told about the end of an agreement begin."""
    return f"end:agreement:{agreement.pk}:"


def _settle_reminders(agreement: Agreement) -> None:
    """What was told about its end is settled: it is renewed, ended, or out of use."""
    settle(officers_of([agreement.unit_id]).get(agreement.unit_id, []), key=reminder_key(agreement))


def _check_rights(agreement: Agreement, *, by: User) -> None:
    if not by.may(Permission.AGREEMENT_EDIT):
        raise PermissionDenied
    if agreement.is_new:
        if not by.scope.may_write_for(agreement.unit_id):
            raise PermissionDenied
        return
    stored = Agreement.objects.editable_by(by).filter(pk=agreement.pk).values_list("unit", flat=True).first()
    if stored is None:
        raise PermissionDenied
    if agreement.unit_id != stored and not by.scope.may_write_for(agreement.unit_id):
        raise ValidationError({"unit": ValidationError(_("You may not hand the agreement over to this unit."), code="not-allowed")})


def check_rules(agreement: Agreement, parties: Sequence[AgreementParty]) -> None:
    """Hold an agreement, stored or not, to the rules for its columns, days and parties, without saving it.

    Raises ValidationError keyed by field.
    """
    agreement.clean_fields(exclude=["public_id", "created_by", "updated_by", "archived_by", "kind", "unit"])
    agreement.clean()
    _check_days(agreement)
    _check_parties(agreement, parties, is_changed=True)


def _check_days(agreement: Agreement) -> None:
    signed: date | None = agreement.signed_on
    if agreement.state == AgreementState.NEGOTIATED:
        if signed is not None:
            message = _("What has a day of signing is signed: choose that state, or leave the day empty.")
            raise ValidationError({"signed_on": ValidationError(message, code="negotiated-signed")})
        return
    if signed is None:
        raise ValidationError({"signed_on": ValidationError(_("A signed agreement says on which day it was signed."), code="required")})
    if signed > timezone.localdate():
        message = _("This day is still to come: enter it as being negotiated.")
        raise ValidationError({"signed_on": ValidationError(message, code="future-signed")})
    if agreement.state == AgreementState.ENDED_EARLY and agreement.valid_to is None:
        raise ValidationError({"valid_to": ValidationError(_("Say on which day it was ended."), code="required")})
    if agreement.valid_to is not None and agreement.valid_from is not None and agreement.valid_to <= agreement.valid_from:
        raise ValidationError({"valid_to": ValidationError(_("The end must come after the start."), code="ends-before-start")})


def _check_renewal(agreement: Agreement, *, by: User) -> None:
    old = agreement.renews
    if old is None:
        return
    stored = None if agreement.is_new else Agreement.objects.values_list("renews", flat=True).get(pk=agreement.pk)
    if stored != old.pk and not Agreement.objects.visible_to(by).filter(pk=old.pk).exists():
        raise PermissionDenied
    if old.is_archived or old.state == AgreementState.NEGOTIATED:
        raise _refused("renews", gettext_lazy("Only a signed agreement in use can be renewed."), "not-signed")
    other = Agreement.objects.filter(renews=old).exclude(pk=agreement.pk).first()
    if other is not None:
        text = gettext_lazy("“%(title)s” renews it already; change or restore that one.")
        # One that the reader may not open is not named.
        shown = other.title if Agreement.objects.visible_to(by).filter(pk=other.pk).exists() else "—"
        raise _refused("renews", text, "renewed-already", title=shown)
    seen: set[int] = set()
    step: Agreement | None = old
    while step is not None and step.pk not in seen:
        if step.pk == agreement.pk and not agreement.is_new:
            raise _refused("renews", gettext_lazy("An agreement cannot renew what renews it."), "circle")
        seen.add(step.pk)
        step = step.renews


def _check_parties(agreement: Agreement, parties: Sequence[AgreementParty], *, is_changed: bool) -> None:
    sides = {party.side for party in parties}
    if Side.OURS not in sides:
        raise _refused("parties", gettext_lazy("Name who signs on our side: a unit, a province, or a name."), "ours-required")
    if Side.THEIRS not in sides:
        raise _refused("parties", gettext_lazy("Name who signs on their side: a partner, or a name."), "theirs-required")
    localities = any(party.side == Side.OURS and (party.province or party.name) for party in parties)
    if agreement.kind.family == AgreementFamily.TWINNING and not localities:
        raise _refused("parties", gettext_lazy("A twinning is between localities: name the province of our side."), "province-required")
    if not is_changed:
        return
    known = [_who(party) for party in parties]
    if len(set(known)) < len(known):
        raise _refused("parties", gettext_lazy("The same party is named twice."), "twice")
    for party in parties:
        if party.partner is not None and party.partner.is_archived:
            raise _refused("parties", gettext_lazy("%(name)s is archived; restore it first."), "archived", name=party.partner)
        if party.province is not None:
            _check_province(party.province, on=agreement.signed_on or timezone.localdate())


def _check_province(province: Province, *, on: date) -> None:
    """Signed is signed: the province is the one of that day, whatever became of it since."""
    if (province.valid_from is None or province.valid_from <= on) and (province.valid_to is None or on < province.valid_to):
        return
    text = gettext_lazy("%(province)s did not exist on %(day)s: name the province as it was on the day of signing.")
    raise _refused("parties", text, "province-of-another-day", province=province, day=date_format(on, "SHORT_DATE_FORMAT"))


def _refused(field: str, text: Any, code: str, **said: Any) -> ValidationError:
    return ValidationError({field: ValidationError(text, code=code, params=said or None)})


def _set_parties(agreement: Agreement, parties: Sequence[AgreementParty], *, by: User) -> None:
    """Name the parties in the order given. Whoever stays keeps the row, so that versions tell only what changed."""
    stored = {_who(row): row for row in agreement.parties.all()}
    wanted = {_who(party) for party in parties}
    for who, row in stored.items():
        if who not in wanted:
            row._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
            row.delete()
    places = {Side.OURS: 0, Side.THEIRS: 0}
    for party in parties:
        places[Side(party.side)] += 1
        party.agreement, party.rank = agreement, places[Side(party.side)]
        row = stored.get(_who(party), party)
        if row is not party and all(getattr(row, name) == getattr(party, name) for name in _SAID):
            continue
        for name in _SAID:
            setattr(row, name, getattr(party, name))
        row._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
        row.full_clean()
        row.save()


def _who(party: AgreementParty) -> tuple[Any, ...]:
    return (*(getattr(party, name) for name in _WHO), one_line(party.name))


def _copy(party: AgreementParty) -> AgreementParty:
    return AgreementParty(
        side=party.side, unit=party.unit, province=party.province, partner=party.partner, name=party.name, rank=party.rank
    )


def _as_long_again(begins: date, ends: date) -> date | None:
    """The end of a term as long as the one given that begins on its end; whole years keep the day of the year.

    None where no calendar has that day any more.
    """
    years = ends.year - begins.year
    try:
        if (begins.month, begins.day) == (ends.month, ends.day) and (ends.month, ends.day) != (2, 29):
            return ends.replace(year=ends.year + years)
        return ends + (ends - begins)
    except (ValueError, OverflowError):
        return None
