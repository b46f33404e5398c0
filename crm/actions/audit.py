"""Recording what is no change of a row."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.http import HttpRequest

from crm.addresses import client_address
from crm.choices import AuditVerb, Confidentiality
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
    event = _event(verb, by=by, subject=subject, request=request, details=details)
    event.save()
    return event


def trace_readings(records: Iterable[models.Model], *, by: User, request: HttpRequest) -> None:
    """Leave a trace of who read which restricted records; of all others none. At most one query."""
    restricted = [record for record in records if getattr(record, "confidentiality", None) == Confidentiality.RESTRICTED]
    if restricted:
        AuditEvent.objects.bulk_create(
            _event(AuditVerb.READ_RESTRICTED, by=by, subject=record, request=request, details={}) for record in restricted
        )


def _event(
    verb: AuditVerb, *, by: User | None, subject: models.Model | None, request: HttpRequest | None, details: dict[str, Any]
) -> AuditEvent:
    return AuditEvent(
        verb=verb,
        actor_id=by.pk if by else None,
        actor=str(by)[:150] if by else "",
        subject_type=subject._meta.label if subject else "",
        subject_id=str(getattr(subject, "public_id", subject.pk)) if subject else "",
        subject=str(subject)[:300] if subject else "",
        address=client_address(request) if request else None,
        details=details,
    )
