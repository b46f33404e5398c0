"""The nouns whose rows figures count, by the names that ledgers keep."""

from typing import Any

from activities.models import Agreement, Commitment, Exchange
from crm.models import Unit, User
from partners.models import Partner, Registration

MODELS: dict[str, Any] = {
    "exchanges": Exchange,
    "agreements": Agreement,
    "commitments": Commitment,
    "partners": Partner,
    "registrations": Registration,
    "units": Unit,
}


def visible_rows(noun: str, rows: Any, user: User) -> Any:
    """Those of the rows that the account may read. Units are reference data, open to everybody."""
    model = MODELS[noun]
    return rows if model is Unit else rows.filter(pk__in=model.objects.visible_to(user).values("pk"))
