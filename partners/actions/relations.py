from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.actions.records import archive_record, save_record
from crm.models import User
from crm.permissions import Permission
from partners.choices import MUTUAL_RELATIONS
from partners.models import Partner, Relation


@transaction.atomic
def save_relation(relation: Relation, *, by: User) -> Relation:
    """Record how two partners stand to each other, or change it. Whoever may write one of the two may write the relation.

    Raises PermissionDenied, or ValidationError where a rule is broken: the same relation in the other direction, where
    it is mutual; or one that would make each a part of the other.
    """
    _check_rights(relation, by=by)
    _refuse_the_other_way_round(relation)
    save_record(relation, by=by)
    return relation


def archive_relation(relation: Relation, *, by: User) -> None:
    """Take a relation entered by mistake out of use; one that came to an end gets its last day instead."""
    _check_rights(relation, by=by)
    archive_record(relation, by=by)


def _check_rights(relation: Relation, *, by: User) -> None:
    ends = {relation.source_id, relation.target_id}
    if not relation.is_new:
        ends |= set(Relation.objects.filter(pk=relation.pk).values_list("source", flat=True))
    if not by.may(Permission.PARTNER_EDIT) or not Partner.objects.editable_by(by).filter(pk__in=ends).exists():
        raise PermissionDenied


def _refuse_the_other_way_round(relation: Relation) -> None:
    reverse = Relation.objects.live().filter(source=relation.target_id, target=relation.source_id, kind=relation.kind)
    if reverse.filter(Q(valid_to__isnull=True) | Q(pk__in=reverse.overlapping(relation).values("pk"))).exclude(pk=relation.pk).exists():
        if relation.kind in MUTUAL_RELATIONS:
            raise ValidationError(_("This relation is already recorded, from the other partner's side."), code="already-recorded")
        raise ValidationError(_("The same relation stands the other way round. End that one first."), code="circle")
