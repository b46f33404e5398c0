from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from activities.actions.agreements import archive_agreement, restore_agreement, save_agreement
from activities.api.agreement_bodies import AgreementIn, AgreementOut
from activities.filters.agreements import AgreementFilter
from activities.models import Agreement, AgreementParty, Exchange
from crm.api.views import RecordViewSet, set_values
from crm.models import Field
from crm.permissions import Permission


class AgreementViewSet(RecordViewSet):
    """Agreements with their parties, as far as the account may see. They are written by the unit that keeps them and by the centre."""

    permission = Permission.AGREEMENT_VIEW
    write_permission = Permission.AGREEMENT_EDIT
    model = Agreement
    serializer_class = AgreementOut
    input_class = AgreementIn
    filterset_class = AgreementFilter
    order = ("id",)
    versioned_parts = {"parties": (AgreementParty, "agreement")}

    def get_queryset(self) -> QuerySet[Agreement]:
        parties = AgreementParty.objects.select_related("unit", "province", "partner").order_by("side", "rank", "id")
        seen = Agreement.objects.visible_to(self.account).filter(pk=OuterRef("renews"))
        held = Exchange.objects.visible_to(self.account).filter(pk=OuterRef("exchange"))
        rows = Agreement.objects.visible_to(self.account).select_related("kind", "unit", "policy_document", "renews", "exchange")
        return rows.annotate(renews_seen=Exists(seen), exchange_seen=Exists(held)).prefetch_related(
            Prefetch("fields", Field.objects.only("code", "bit"), to_attr="shown_fields"),
            Prefetch("parties", parties.defer("partner__search_key", "partner__interests"), to_attr="shown_parties"),
        )

    def store(self, record: Agreement, given: dict[str, Any]) -> None:
        related = {name: given.pop(name) for name in ("parties", "fields") if name in given}
        set_values(record, given)
        save_agreement(record, by=self.account, **related)

    def archive_record(self, record: Agreement) -> None:
        archive_agreement(record, by=self.account)

    def restore_record(self, record: Agreement) -> None:
        restore_agreement(record, by=self.account)
