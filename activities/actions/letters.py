"""Logging the letters of an occasion with one click."""

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.actions.exchanges import archive_exchange, log_exchange
from activities.choices import Direction, ExchangeStatus, Sides
from activities.models import Exchange, ExchangeKind
from crm.models import User
from partners.models import Partner

LETTER_KIND = "CONGRATULATION"
AT_ONCE = 100


@transaction.atomic
def log_letters(partners: Sequence[Partner], *, by: User, title: str, on: date | None = None) -> list[Exchange]:
    """Log a letter of congratulation to each partner, dated today unless ``on`` says otherwise: each its own exchange.

    Raises ValidationError for more than ``AT_ONCE`` partners, PermissionDenied where the account may not log.
    """
    if len(partners) > AT_ONCE:
        raise ValidationError(_("At most %(count)s letters at once."), code="too-many", params={"count": AT_ONCE})
    kind = ExchangeKind.objects.get(code=LETTER_KIND)
    letters = []
    for partner in partners:
        letter = Exchange(
            kind=kind, title=title[:300], starts_on=on or timezone.localdate(), direction=Direction.OUT, sides=Sides.OURS,
            status=ExchangeStatus.HELD,
        )  # fmt: skip
        letters.append(log_exchange(letter, by=by, partners=[partner]))
    return letters


@transaction.atomic
def take_letters_back(letters: Sequence[Exchange], *, by: User) -> None:
    """Archive letters logged by mistake."""
    for letter in letters:
        archive_exchange(letter, by=by)
