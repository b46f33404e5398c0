"""What an officer is asked before an exchange is saved; each warning can be overruled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from activities.choices import ExchangeFamily, ExchangeStatus
from activities.models import Exchange
from crm.choices import Confidentiality
from crm.models import User
from partners.forms.warnings import Warning
from partners.models import Partner

NEAR_DAYS = 3
LONG_AGO_DAYS = 365
SHOWN = 5


def warnings_about(exchange: Exchange, partners: Sequence[Partner], *, by: User) -> list[Warning]:
    """A day still to come, a day long ago, and other exchanges with the same partners within three days."""
    return [*_about_the_day(exchange), *_about_doubles(exchange, partners, by=by)]


def _about_the_day(exchange: Exchange) -> list[Warning]:
    today = timezone.localdate()
    if exchange.starts_on > today and exchange.status == ExchangeStatus.HELD:
        return [Warning(_("This day is still to come. Saved with the tick, the exchange is entered as planned."))]
    if not exchange.pk and exchange.starts_on < today - timedelta(days=LONG_AGO_DAYS):
        return [Warning(_("This day is more than a year ago. Is the year right?"))]
    return []


def _about_doubles(exchange: Exchange, partners: Sequence[Partner], *, by: User) -> list[Warning]:
    if exchange.parent_id:
        return []
    near = near_exchanges(partners, on=exchange.starts_on, family=exchange.kind.family, by=by, beside=exchange.pk)
    found = []
    if near.readable:
        links = tuple((other.get_absolute_url(), in_words(other)) for other in near.readable)
        found.append(Warning(_("An exchange with the same partner is already there for these days. Is it the same one?"), links))
    found += [
        Warning(
            _("%(unit)s has logged an exchange with the same partner on %(day)s.") % {"unit": other.host_unit.display, "day": _day(other)}
        )
        for other in near.closed
    ]
    return found


@dataclass(frozen=True)
class Near:
    """Exchanges with the same partners within three days: those the reader may open, and those closed to the reader.

    Of a closed one only unit and day may be told; a restricted one is not even hinted at, and so is in neither.
    """

    readable: tuple[Exchange, ...] = ()
    closed: tuple[Exchange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.readable or self.closed)


def near_exchanges(partners: Sequence[Partner], *, on: date, family: str, by: User, beside: int | None = None) -> Near:
    """Find what may be the same exchange: with one of the partners, within three days of the day, other than ``beside``.

    ``family``: that of the kind, empty while it is not known. A letter is compared with letters only. Of all else another
    unit may have logged the same under another kind; the own unit is taken to log twice only what is of one family. Two queries.
    """
    near = (
        Exchange.objects.live()
        .filter(starts_on__range=(on - timedelta(days=NEAR_DAYS), on + timedelta(days=NEAR_DAYS)))
        .filter(participations__partner__in=partners, parent=None)
        .exclude(pk=beside or 0)
        .filter(_comparable(family, by=by))
        .exclude(status=ExchangeStatus.CANCELLED)
        .select_related("kind", "host_unit")
        .distinct()
    )
    readable = Exchange.objects.visible_to(by).values("pk")
    closed = near.filter(confidentiality=Confidentiality.UNIT).exclude(pk__in=readable)
    return Near(tuple(near.filter(pk__in=readable)[:SHOWN]), tuple(closed[:SHOWN]))


def _comparable(family: str, *, by: User) -> Q:
    if family == ExchangeFamily.MESSAGE:
        return Q(kind__family=ExchangeFamily.MESSAGE)
    own = Exchange.objects.of_units(by.scope.home_unit_ids).values("pk")
    return ~Q(kind__family=ExchangeFamily.MESSAGE) & (Q(kind__family=family) | ~Q(pk__in=own))


def in_words(exchange: Exchange) -> str:
    """Day, title or kind, and host unit: enough to tell whether it is the same exchange."""
    return f"{_day(exchange)} · {exchange.title or exchange.kind} · {exchange.host_unit.display}"


def _day(exchange: Exchange) -> str:
    return date_format(exchange.starts_on, "SHORT_DATE_FORMAT")
