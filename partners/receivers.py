"""Search keys follow names that were changed past the actions; a merge is taken apart only from its last step."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.dispatch import receiver
from django.utils.translation import gettext as _

from crm.choices import ChangeKind, ChangeState
from crm.models import ChangeSet
from crm.signals import rows_changed, undo_asked
from partners.models import Partner, Person

KEYS = ["search_key", "sort_key"]


@receiver(rows_changed)
def make_keys_true(*, rows: dict[str, set[int]], **kwargs: Any) -> None:
    """Fold the names again of partners whose other names were touched, and of people."""
    if "partners.partnername" in rows:
        partners = Partner.objects.filter(pk__in=rows.get("partners.partner", ())).prefetch_related("names")
        _refold(partners, lambda partner: partner.set_keys([name.name for name in partner.names.all()]))
    _refold(Person.objects.filter(pk__in=rows.get("partners.person", ())), lambda person: person.set_keys())


def _refold(records: Any, set_keys: Any) -> None:
    stale = []
    for record in records:
        before = (set(record.search_key.split("\n")), record.sort_key)
        set_keys(record)
        if before != (set(record.search_key.split("\n")), record.sort_key):
            stale.append(record)
    if stale:
        type(stale[0])._base_manager.bulk_update(stale, KEYS, batch_size=500)


@receiver(undo_asked)
def take_the_last_merge_first(*, change_set: ChangeSet, **kwargs: Any) -> None:
    """Rows that two merges touched find back only in the order in which they came."""
    if change_set.kind != ChangeKind.MERGE:
        return
    survivor = change_set.plan["survivor"]
    merges = ChangeSet.objects.filter(kind=ChangeKind.MERGE, state=ChangeState.APPLIED, pk__gt=change_set.pk)
    later = merges.filter(Q(plan__survivor=survivor) | Q(plan__merged=survivor)).order_by("-pk").first()
    if later is not None:
        raise ValidationError(
            _("A later merge builds on this one: “%(later)s”. Take that apart first."), code="merged-later", params={"later": later}
        )
