"""What tests of commitments and of minutes share."""

from datetime import date
from typing import Any

from activities.actions.commitments import save_commitment
from activities.models import Commitment
from crm.models import User
from partners.models import Partner

MET_ON = date(2026, 11, 2)


def make_commitment(partner: Partner, by: User, text: str = "Gửi danh sách", **values: Any) -> Commitment:
    values.setdefault("promised_on", MET_ON)
    commitment: Commitment = save_commitment(Commitment(text=text, partner=partner, **values), by=by)
    return commitment
