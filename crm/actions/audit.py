"""Recording what is no change of a row."""

from typing import Any

from django.db import models
from django.http import HttpRequest

from crm.choices import AuditVerb
from crm.models import AuditEvent, User


def record_event(
    verb: AuditVerb,
    *,
    by: User | None = None,
    subject: models.Model | None = None,
    request: HttpRequest | None = None,
    **details: Any,
) -> AuditEvent:
    """Write one audit event. ``details`` must be JSON; never put secrets or note texts there."""
    return AuditEvent.objects.create(
        verb=verb,
        actor_id=by.pk if by else None,
        actor=str(by)[:150] if by else "",
        subject_type=subject._meta.label if subject else "",
        subject_id=str(getattr(subject, "public_id", subject.pk)) if subject else "",
        subject=str(subject)[:300] if subject else "",
        address=request.META.get("REMOTE_ADDR") or None if request else None,
        details=details,
    )
