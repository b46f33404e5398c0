from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from crm.actions.records import archive_record, restore_record, save_record
from crm.choices import Language, NameUsage
from crm.models import Field, Unit, User
from crm.permissions import Permission
from partners.choices import StewardRole
from partners.models import Partner, PartnerName, Stewardship


@dataclass(frozen=True)
class OtherName:
    """A name beside the one a partner is shown by; the language is a code of ``crm.choices.Language``."""

    name: str
    language: str = Language.OTHER
    usage: str = NameUsage.OTHER


@transaction.atomic
def save_partner(
    partner: Partner,
    *,
    by: User,
    names: Sequence[OtherName] | None = None,
    fields: Iterable[Field] | None = None,
    lead_unit: Unit | None = None,
) -> Partner:
    """Register a partner, or change one. To register it, its unit also becomes its lead steward.

    ``names`` and ``fields`` replace what there is; None leaves it. Raises PermissionDenied where the account may
    not write for the partner, ValidationError where a rule is broken.
    """
    is_new = partner.pk is None
    _check_rights(partner, by=by)
    if is_new:
        partner.unit = lead_unit or partner.unit or _home_unit(by)
        if not by.scope.may_write_for(partner.unit.pk):
            raise PermissionDenied
    save_record(partner, by=by)
    if names is not None:
        _replace_names(partner, names)
    if fields is not None:
        partner.fields.set(fields)
    if is_new:
        steward = Stewardship(partner=partner, unit=partner.unit, role=StewardRole.LEAD, valid_from=timezone.localdate())
        save_record(steward, by=by)
    return partner


def archive_partner(partner: Partner, *, by: User) -> None:
    """Take a partner out of use; its exchanges stay where they are."""
    _check_rights(partner, by=by)
    archive_record(partner, by=by)


def restore_partner(partner: Partner, *, by: User) -> None:
    """Bring an archived partner back."""
    _check_rights(partner, by=by)
    restore_record(partner, by=by)


def _check_rights(partner: Partner, *, by: User) -> None:
    if not by.may(Permission.PARTNER_EDIT):
        raise PermissionDenied
    if partner.pk and not Partner.objects.editable_by(by).filter(pk=partner.pk).exists():
        raise PermissionDenied


def _home_unit(user: User) -> Unit:
    if not user.scope.home_unit_ids:
        raise PermissionDenied
    return Unit.objects.get(pk=user.scope.home_unit_ids[0])


def _replace_names(partner: Partner, names: Sequence[OtherName]) -> None:
    wanted = {(name.name.strip(), name.language, name.usage) for name in names if name.name.strip()}
    kept = set()
    for row in partner.names.all():
        key = (row.name, row.language, row.usage)
        if key in wanted:
            kept.add(key)
        else:
            row.delete()
    for name, language, usage in sorted(wanted - kept):
        row = PartnerName(partner=partner, name=name, language=language, usage=usage)
        try:
            row.full_clean(exclude=["partner"])
        except ValidationError as error:
            raise ValidationError({"names": error.messages}, code="invalid") from error
        row.save()
    partner.set_keys([name for name, _language, _usage in sorted(wanted)])
    Partner.objects.filter(pk=partner.pk).update(search_key=partner.search_key, sort_key=partner.sort_key)
