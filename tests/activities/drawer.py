"""What the tests of the log drawer share: its address, and a line sent to it as the page does."""

from datetime import date
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from crm.models import User

QUICK = "/activities/quick/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


def today() -> date:
    return timezone.localdate()


def send(client: Client, by: User, text: str, *, key: Any = None, address: str = QUICK, **more: Any) -> Any:
    client.force_login(by)
    corrected = [name for name in more if name not in {"different", "typed_on", "partner", "only_keep"}]
    return client.post(address, {"key": str(key or uuid4()), "text": text, "corrected": corrected, **more}, **HTMX)
