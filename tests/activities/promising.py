"""What tests of commitments and of minutes share."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from activities.actions.commitments import save_commitment, settle_commitment
from activities.models import Commitment
from crm.choices import NotificationTopic
from crm.models import Notification, User
from partners.models import Partner
from tests.factories import make_partner

MET_ON = date(2026, 11, 2)


def make_commitment(partner: Partner, by: User, text: str = "Gửi danh sách", **values: Any) -> Commitment:
    values.setdefault("promised_on", MET_ON)
    commitment: Commitment = save_commitment(Commitment(text=text, partner=partner, **values), by=by)
    return commitment


def several_commitments(partner: Partner, by: User, colleague: User) -> dict[str, Commitment]:
    """Promises of both sides: overdue, due much later, without a day, and one that is kept."""
    cuba = make_partner("Viện Cu-ba", country="CU")
    yesterday = timezone.localdate() - timedelta(days=1)
    rows = {
        "overdue": make_commitment(partner, by, "Trễ của ta", due_on=yesterday, assignee=colleague),
        "theirs": make_commitment(partner, by, "Trễ của bạn", due_on=yesterday, owed_by="theirs"),
        "later": make_commitment(cuba, by, "Còn lâu", due_on=date(2099, 1, 1), assignee=by),
        "undated": make_commitment(cuba, by, "Không hạn"),
        "done": make_commitment(partner, by, "Đã xong"),
    }
    settle_commitment(rows["done"], by=by, state="done")
    return rows


def told_of_commitments(user: User) -> list[str]:
    """What the account was told about promises, in the order in which it was."""
    rows = Notification.objects.filter(user=user, topic=NotificationTopic.COMMITMENT)
    return list(rows.order_by("id").values_list("text", flat=True))
