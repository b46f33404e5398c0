"""A small reference client for offices that connect their own system to Nhịp Cầu."""

from nhip_cau_client.connection import Connection
from nhip_cau_client.mirror import Mirror
from nhip_cau_client.office import Changes, Office, Outcome, Row
from nhip_cau_client.outbox import Outbox
from nhip_cau_client.patience import Patience
from nhip_cau_client.problems import CredentialError, NotReachedError, Place, ProblemError
from nhip_cau_client.state import State
from nhip_cau_client.sync import Report, Sync
from nhip_cau_client.tokens import Tokens
from nhip_cau_client.webhooks import ForgedError, verify

__all__ = [
    "Changes",
    "Connection",
    "CredentialError",
    "ForgedError",
    "Mirror",
    "NotReachedError",
    "Office",
    "Outbox",
    "Outcome",
    "Patience",
    "Place",
    "ProblemError",
    "Report",
    "Row",
    "State",
    "Sync",
    "Tokens",
    "verify",
]
