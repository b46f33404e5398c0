"""Two units held the same exchange: it is one record with both, not two."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from activities.actions.announcing import announce
from activities.actions.facts import refresh_facts
from activities.models import Exchange, ExchangeUnit
from crm.actions.notifications import notify
from crm.actions.records import save_record
from crm.choices import Confidentiality, NotificationTopic, Role
from crm.models import Membership, Unit, User
from crm.permissions import Permission


@transaction.atomic
def join_exchange(exchange: Exchange, *, by: User) -> None:
    """Enter the author's own unit as having held the exchange too, though another unit hosts it; the host is told.

    Whoever may read an exchange may say so; of one that is closed to the account not even this is allowed, since to
    join is to read: PermissionDenied, see ``ask_to_join``. Joining twice does nothing.
    """
    unit = _own_unit(by)
    if not Exchange.objects.visible_to(by).live().filter(pk=exchange.pk).exists():
        raise PermissionDenied
    if exchange.host_unit_id == unit.pk or exchange.co_units.filter(unit=unit).exists():
        return
    save_record(exchange, by=by)
    bulk_create_with_history([ExchangeUnit(exchange=exchange, unit=unit)], ExchangeUnit, default_user=by)
    announce(exchange, partner_ids=refresh_facts(exchange), since=exchange.starts_on)
    _tell_host(exchange, unit=unit, by=by, key="joined", text=_joined(exchange, unit, by))


@transaction.atomic
def ask_to_join(exchange: Exchange, *, by: User) -> None:
    """Ask the host of an exchange that the account may not read to enter the account's unit as having held it too."""
    unit = _own_unit(by)
    if exchange.is_archived or exchange.confidentiality == Confidentiality.RESTRICTED:
        raise PermissionDenied
    _tell_host(exchange, unit=unit, by=by, key="asks", text=_asks(exchange, unit, by))


def _in_words_of_joining(exchange: Exchange, unit: Unit, by: User) -> str:
    return _("%(who)s entered %(unit)s as having held “%(exchange)s” with you.") % {"who": by, "unit": unit.display, "exchange": exchange}


def _in_words_of_asking(exchange: Exchange, unit: Unit, by: User) -> str:
    words = _("%(who)s says that %(unit)s held “%(exchange)s” with you. If so, enter it there.")
    return words % {"who": by, "unit": unit.display, "exchange": exchange}


# Put into words only when somebody reads it, in that reader's language.
_joined = lazy(_in_words_of_joining, str)
_asks = lazy(_in_words_of_asking, str)


def _own_unit(by: User) -> Unit:
    unit = Unit.objects.filter(pk__in=by.scope.home_unit_ids[:1]).first()
    if unit is None or not by.may(Permission.EXCHANGE_LOG):
        raise PermissionDenied
    return unit


def _tell_host(exchange: Exchange, *, unit: Unit, by: User, key: str, text: str | Promise) -> None:
    """Tell whoever entered the exchange, and those who lead its host unit."""
    leads = Membership.objects.on(timezone.localdate()).filter(unit=exchange.host_unit_id, role=Role.UNIT_LEAD)
    told = User.objects.filter(Q(pk=exchange.created_by_id) | Q(pk__in=leads.values("user")), is_active=True, is_program=False)
    key = f"{key}-{exchange.public_id}-{unit.code}"
    notify(told.exclude(pk=by.pk), topic=NotificationTopic.EXCHANGE, key=key, text=text, link=exchange.get_absolute_url())
