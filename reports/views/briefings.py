"""Briefings: one click on a partner, a person or a country gives the paper for the meeting."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.actions.audit import record_event, trace_readings
from crm.choices import AuditVerb
from crm.generic import SignedInRequest
from crm.models import Country
from crm.permissions import Permission, requires
from crm.text import fold
from partners.models import Partner, Person
from reports.documents.briefing import Briefing
from reports.documents.briefing_paper import paper_of
from reports.documents.briefings import country_briefing, partner_briefing, person_briefing

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_safe
@requires(Permission.PARTNER_VIEW)
def briefing_partner(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    partner = get_object_or_404(Partner.objects.visible_to(request.user).select_related("kind", "country"), public_id=public_id)
    return _answer(request, partner_briefing(partner, reader=request.user, today=timezone.localdate()))


@require_safe
@requires(Permission.PERSON_VIEW)
def briefing_person(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("country"), public_id=public_id)
    return _answer(request, person_briefing(person, reader=request.user, today=timezone.localdate()), person)


@require_safe
@requires(Permission.COVERAGE_VIEW)
def briefing_country(request: SignedInRequest, alpha2: str) -> HttpResponse:
    country = get_object_or_404(Country, alpha2=alpha2.upper())
    return _answer(request, country_briefing(country, reader=request.user, today=timezone.localdate()))


def _answer(request: SignedInRequest, briefing: Briefing, *also_read: Any) -> HttpResponse:
    """The file; that it was taken is on record, and which restricted records stand in it."""
    trace_readings([*also_read, *dict.fromkeys(briefing.records)], by=request.user, request=request)
    record_event(AuditVerb.BRIEFED, by=request.user, subject=briefing.subject, request=request)
    name = slugify(f"{fold(_('Briefing'))} {fold(briefing.title)[:80]} {briefing.made_on:%Y%m%d}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.docx"'}
    return HttpResponse(paper_of(briefing, address_of=request.build_absolute_uri), content_type=WORD, headers=headers)
