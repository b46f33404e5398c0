"""What those who look after a connection are told by themselves: that a credential ends, and that an office has gone silent."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from django.db.models import Exists, OuterRef
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from oauth2_provider.models import AccessToken

from crm.actions.keepers import keepers_of
from crm.actions.notifications import Telling, notify, notify_of
from crm.choices import NotificationTopic
from crm.models import OfficeClient, OfficePush, Unit

# So many days before a credential ends its keepers are told, and once when it has ended; each time once.
WARNED_BEFORE = (30, 7, 1, 0)
# What ended longer ago than this is told to nobody any more.
TOLD_AFTER_DAYS = 14

# An office is silent when it has sent nothing for longer than ever in so many days before, and for longer than a long weekend.
RHYTHM_DAYS = 60
LEAST_DAYS_OF_PUSHES = 5
SILENT_DAYS_AT_LEAST = 3
KEPT_DAYS = 90


def warn_of_expiry(today: date) -> int:
    """Tell of credentials that end in 30 days, 7 days, tomorrow, or have ended; return how many were told of. Safe to run twice."""
    told = 0
    ending = OfficeClient.objects.filter(
        revoked_at__isnull=True,
        acts_as__is_active=True,
        expires_on__lte=today + timedelta(days=max(WARNED_BEFORE)),
        expires_on__gte=today - timedelta(days=TOLD_AFTER_DAYS),
    )
    for client in ending.select_related("unit"):
        left = max((client.expires_on - today).days, 0)
        due = client.expires_on - timedelta(days=min(step for step in WARNED_BEFORE if step >= left))
        if client.warned_for is not None and client.warned_for >= due:
            continue
        key = f"credential:{client.pk}:{due.isoformat()}"
        text, link = _lazy_expiry(client, left), client.get_absolute_url()
        notify(keepers_of(client.unit), topic=NotificationTopic.CONNECTION, key=key, text=text, link=link)
        OfficeClient.objects.filter(pk=client.pk).update(warned_for=due)
        told += 1
    return told


@dataclass(frozen=True)
class Silence:
    """An office whose programs used to send. ``usual``: the most days from one day of sending to the next, before."""

    unit: Unit
    last: date
    usual: int


def silent_offices(today: date) -> Iterator[Silence]:
    """Offices with a credential in use that sent on five days or more, and now have sent nothing for longer than ever in those 60 days."""
    usable = OfficeClient.objects.usable(today).filter(unit=OuterRef("unit"))
    pushes = OfficePush.objects.filter(Exists(usable), at__gte=timezone.now() - timedelta(days=KEPT_DAYS))
    days: dict[int, list[date]] = defaultdict(list)
    for unit_id, day in pushes.order_by().annotate(day=TruncDate("at")).values_list("unit", "day").distinct().order_by("unit", "day"):
        days[unit_id].append(day)
    units = Unit.objects.in_bulk(days)
    for unit_id, sent in days.items():
        before = [day for day in sent if day >= sent[-1] - timedelta(days=RHYTHM_DAYS)]
        if len(before) < LEAST_DAYS_OF_PUSHES:
            continue
        usual = max((later - earlier).days for earlier, later in pairwise(before))
        if (today - sent[-1]).days > max(usual, SILENT_DAYS_AT_LEAST):
            yield Silence(units[unit_id], sent[-1], usual)


def warn_of_silence(today: date) -> int:
    """Tell of offices that have gone silent, once for each silence; return how many are silent. Safe to run twice."""
    silences = list(silent_offices(today))
    notify_of(
        Telling(
            keepers_of(silence.unit),
            NotificationTopic.CONNECTION,
            f"silent:{silence.unit.pk}:{silence.last.isoformat()}",
            _lazy_silence(silence),
            reverse("crm:connection-office", args=[silence.unit.code]),
        )
        for silence in silences
    )
    return len(silences)


def drop_expired_tokens() -> int:
    """Remove access tokens whose time is over; return how many."""
    removed: int = AccessToken.objects.filter(expires__lt=timezone.now() - timedelta(days=1)).delete()[0]
    return removed


def _expiry_text(client: OfficeClient, left: int) -> str:
    said = {"name": client.name, "unit": client.unit.display, "day": date_format(client.expires_on, "SHORT_DATE_FORMAT"), "left": left}
    if left == 0:
        return _("The credential “%(name)s” of %(unit)s has expired on %(day)s: its program gets no answer.") % said
    if left == 1:
        return _("The credential “%(name)s” of %(unit)s stops working tomorrow.") % said
    return _("The credential “%(name)s” of %(unit)s stops working on %(day)s, in %(left)s days.") % said


def _silence_text(silence: Silence) -> str:
    said = {"unit": silence.unit.display, "day": date_format(silence.last, "SHORT_DATE_FORMAT"), "usual": silence.usual}
    return _("The programs of %(unit)s have sent nothing since %(day)s; before, never more than %(usual)s days passed.") % said


_lazy_expiry = lazy(_expiry_text, str)
_lazy_silence = lazy(_silence_text, str)
