"""The trace of signing in: by whom, when, from where; failed attempts too."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.models import User


@receiver(user_logged_in)
def record_sign_in(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record_event(AuditVerb.SIGNED_IN, by=user, subject=user, request=request)


@receiver(user_logged_out)
def record_sign_out(*, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record_event(AuditVerb.SIGNED_OUT, by=user, subject=user, request=request)


@receiver(user_login_failed)
def record_failed_sign_in(*, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    name = credentials.get("username") or credentials.get("email") or ""
    record_event(AuditVerb.SIGN_IN_FAILED, request=request, name=str(name)[:150].replace("\x00", ""))
