from typing import Any

from django.db.models import Prefetch, QuerySet

from activities.actions.exchanges import archive_exchange, change_exchange, log_exchange, restore_exchange
from activities.actions.write_checks import Place, closed_places
from activities.api.exchange_bodies import ExchangeIn, ExchangeOut
from activities.filters.exchanges import ExchangeFilter
from activities.models import Exchange, ExchangeUnit, FollowUp, Participation
from crm.api.views import RecordViewSet, set_values
from crm.models import Field, Province, User
from crm.permissions import Permission


class ExchangeViewSet(RecordViewSet):
    """Exchanges, as far as the account may see. They are written by the units that held them and by the centre; figures follow at once."""

    permission = Permission.EXCHANGE_VIEW
    write_permission = Permission.EXCHANGE_LOG
    model = Exchange
    serializer_class = ExchangeOut
    input_class = ExchangeIn
    filterset_class = ExchangeFilter
    order = ("-starts_on", "-id")
    versioned_parts = {"partners": (Participation, "exchange"), "co_units": (ExchangeUnit, "exchange")}

    def get_queryset(self) -> QuerySet[Exchange]:
        return shown_exchanges(self.account)

    def store(self, record: Exchange, given: dict[str, Any]) -> None:
        related = {name: given.pop(name) for name in ("partners", "fields", "provinces", "co_units") if name in given}
        follow_up = given.pop("follow_up", None)
        stored = [] if record._state.adding else [_place(record)]
        set_values(record, given)
        if not record.host_unit_id and self.account.scope.home_unit_ids:
            record.host_unit_id = self.account.scope.home_unit_ids[0]
        # Where it may not be put at all, the action says so; of another unit's reports nothing is told.
        wanted = [_place(record)] if self.account.scope.may_write_for(record.host_unit_id) else []
        self._refuse_closed(*stored, *wanted)
        if record._state.adding:
            log_exchange(record, by=self.account, follow_up=None if follow_up is None else FollowUp(**follow_up), **related)
        else:
            change_exchange(record, by=self.account, **related)

    def archive_record(self, record: Exchange) -> None:
        self._refuse_closed(_place(record))
        archive_exchange(record, by=self.account)

    def restore_record(self, record: Exchange) -> None:
        self._refuse_closed(_place(record))
        restore_exchange(record, by=self.account)

    def _refuse_closed(self, *places: Place) -> None:
        """What was reported is no program's to change, by whichever address: raise ValidationError. Signed-in people may."""
        if self.request.auth is not None:
            for error in closed_places(places).values():
                raise error


def _place(exchange: Exchange) -> Place:
    return exchange.host_unit_id, exchange.starts_on


def shown_exchanges(account: User) -> QuerySet[Exchange]:
    """The exchanges that the account may see, with all that the representation needs."""
    return (
        Exchange.objects.visible_to(account)
        .select_related("kind", "country", "host_unit", "policy_document", "parent")
        .defer("search_key", "parent__summary", "parent__outcome", "parent__search_key")
        .prefetch_related(
            Prefetch(
                "participations",
                Participation.objects.select_related("partner").only("exchange", "rank", "partner__public_id"),
                to_attr="shown_participations",
            ),
            Prefetch("fields", Field.objects.only("code", "bit"), to_attr="shown_fields"),
            Prefetch("provinces", Province.objects.only("slug", "sort_key"), to_attr="shown_provinces"),
            Prefetch(
                "co_units",
                ExchangeUnit.objects.select_related("unit").only("exchange", "unit__code").order_by("id"),
                to_attr="shown_co_units",
            ),
        )
    )
