"""What somebody says of two records that may be the same: not the same, later, or ask those who keep them."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.notifications import notify
from crm.choices import Confidentiality, NotificationTopic, PairState, Role
from crm.models import Membership, User
from crm.permissions import Permission
from partners.models import PartnerPair, PersonPair, Stewardship

Pair = PartnerPair | PersonPair
DECISIONS = (PairState.DIFFERENT, PairState.LATER, PairState.ASKED, PairState.OPEN)


@transaction.atomic
def decide_pair(pair: Pair, state: PairState, *, by: User, remark: str = "") -> Pair:
    """Note what somebody says of a pair. To ask, we also tell the people who keep the two records.

    Raises PermissionDenied for an account that may change neither of the two, ValidationError for a pair that is merged.
    """
    if not may_decide(pair, by):
        raise PermissionDenied
    held: Any = type(pair).objects.select_for_update(of=("self",)).get(pk=pair.pk)
    if held.state == PairState.MERGED:
        raise ValidationError(_("The two were merged meanwhile."), code="merged")
    if state not in DECISIONS:
        raise ValidationError(_("“%(state)s” is no answer."), code="state", params={"state": state})
    held.state, held.decided_by, held.decided_at, held.remark = state, by, timezone.now(), remark.strip()[:300]
    held.save(update_fields=["state", "decided_by", "decided_at", "remark"])
    if state == PairState.ASKED:
        _ask(held, by=by)
    decided: Pair = held
    return decided


def pair_of(one: Any, other: Any) -> Pair | None:
    """The pair of two records, whichever stands first, or None."""
    model: Any = PersonPair if one._meta.model_name == "person" else PartnerPair
    first, second = sorted((one.pk, other.pk))
    pair: Pair | None = model.objects.filter(first=first, second=second).first()
    return pair


def may_decide(pair: Pair, user: User) -> bool:
    """Whoever may merge, and may change at least one of the two while seeing both."""
    model: Any = type(pair.first)
    ends = [pair.first_id, pair.second_id]
    return user.may(Permission.MERGE) and _sees_both(pair, user) and model.objects.editable_by(user).filter(pk__in=ends).exists()


def _ask(pair: Pair, *, by: User) -> None:
    ends = (pair.first, pair.second)
    if any(getattr(end, "confidentiality", "") == Confidentiality.RESTRICTED for end in ends):
        # What people are told also goes out by mail.
        text = _("%(who)s asks whether two people, at least one of them restricted, are the same.") % {"who": by}
    else:
        text = _("%(who)s asks: are “%(first)s” and “%(second)s” the same?") % {"who": by, "first": pair.first, "second": pair.second}
    link = f"{pair.first.get_absolute_url()}merge/?with={pair.second.public_id}"
    key = f"pair-{pair._meta.model_name}-{pair.pk}"
    asked = [user for user in keepers(pair).exclude(pk=by.pk) if _sees_both(pair, user)]
    notify(asked, topic=NotificationTopic.DUPLICATE, key=key, text=text, link=link)


def _sees_both(pair: Pair, user: User) -> bool:
    model: Any = type(pair.first)
    return bool(model.objects.visible_to(user).filter(pk__in=[pair.first_id, pair.second_id]).count() == 2)


def keepers(pair: Pair) -> QuerySet[User]:
    """The accounts that answer for the two records: named officers and leads of the units that keep them, else the secretariat."""
    ends: list[Any] = [pair.first, pair.second]
    units = {end.unit_id for end in ends}
    officers: set[int] = set()
    if isinstance(pair, PartnerPair):
        kept = Stewardship.objects.current().filter(partner__in=ends)
        units |= set(kept.values_list("unit", flat=True))
        officers = set(kept.filter(officer__isnull=False).values_list("officer", flat=True))
    today = timezone.localdate()
    leads = Membership.objects.on(today).filter(unit__in=units - {None}, role=Role.UNIT_LEAD).values_list("user", flat=True)
    asked = officers | set(leads)
    if not asked:
        asked = set(Membership.objects.on(today).filter(role=Role.SECRETARIAT).values_list("user", flat=True))
    return User.objects.filter(pk__in=asked, is_active=True)
