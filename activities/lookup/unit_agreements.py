"""A unit's agreements, loaded by the partners that a piece of a list names."""

from collections import defaultdict
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field

from django.db.models import F, Prefetch

from activities.models import Agreement, AgreementParty
from crm.choices import ChangeKind, ChangeState
from crm.models import ChangeSetEntry, Unit, User
from partners.models import Partner


@dataclass
class UnitAgreements:
    """Agreements of a unit by partner, with what somebody may do with them. Four queries for each load, however many rows."""

    unit: Unit
    by: User
    _by_partner: dict[int, list[Agreement]] = field(default_factory=lambda: defaultdict(list))
    _editable: frozenset[int] = frozenset()
    _taken_back: frozenset[int] = frozenset()

    def load(self, partners: Iterable[Partner]) -> None:
        """Read anew what there is with these partners, in use first; of the archived, which were taken back with their import."""
        pks = {partner.pk for partner in partners}
        parties = Prefetch("parties", AgreementParty.objects.select_related("partner", "province"), to_attr="stored_parties")
        rows = Agreement.objects.filter(unit=self.unit).with_partners(pks).prefetch_related(parties)
        rows = rows.order_by(F("archived_at").asc(nulls_first=True), "pk")
        self._by_partner = defaultdict(list)
        for agreement in rows:
            for pk in pks & {party.partner_id for party in agreement.stored_parties}:
                self._by_partner[pk].append(agreement)
        found = [agreement.pk for agreement in rows]
        self._editable = frozenset(Agreement.objects.editable_by(self.by).filter(pk__in=found).values_list("pk", flat=True))
        self._taken_back = self._archived_by_undoing([agreement for agreement in rows if agreement.is_archived])

    def with_any(self, partners: Iterable[Partner]) -> list[Agreement]:
        """Agreements to which one of the partners is a party, in use first; each a copy that may be changed."""
        found = {agreement.pk: agreement for partner in partners for agreement in self._by_partner[partner.pk]}
        return [copy(agreement) for agreement in sorted(found.values(), key=lambda agreement: (agreement.is_archived, agreement.pk))]

    def may_change(self, agreement: Agreement) -> bool:
        return agreement.pk in self._editable

    def was_taken_back(self, agreement: Agreement) -> bool:
        """Whether it is in the archive because an import that made it was undone, by the one who archived it."""
        return agreement.pk in self._taken_back

    def _archived_by_undoing(self, archived: list[Agreement]) -> frozenset[int]:
        archiver = {agreement.pk: agreement.archived_by_id for agreement in archived}
        undone = ChangeSetEntry.objects.filter(
            model=Agreement._meta.label_lower, object_pk__in=archiver, change_set__state=ChangeState.UNDONE,
            change_set__kind=ChangeKind.IMPORT,
        ).values_list("object_pk", "change_set__undone_by")  # fmt: skip
        return frozenset(pk for pk, undone_by in undone if archiver[pk] == undone_by)
