"""vCards: one person's, those of a partner's people, and bringing cards from telephones and mail programs."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.actions.audit import record_event, trace_readings
from crm.choices import AuditVerb
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import Country
from crm.permissions import Permission, requires
from crm.text import fold, one_line
from partners.actions.vcards import card_of
from partners.forms.vcards import CardsForm, card_rows, initial_rows, likely_people
from partners.models import Partner, Person, Post
from partners.vcards.write import write_cards

MEDIA_TYPE = "text/vcard; charset=utf-8"


@require_safe
@requires(Permission.PERSON_VIEW)
def person_vcard(request: SignedInRequest, public_id: UUID) -> StreamingHttpResponse:
    """One person's card."""
    person = get_object_or_404(_with_posts(Person.objects.visible_to(request.user)), public_id=public_id)
    trace_readings([person], by=request.user, request=request)
    return _attachment(write_cards([card_of(person, person.held)]), name=person.full_name)


@require_safe
@requires(Permission.EXPORT)
def partner_vcards(request: SignedInRequest, public_id: UUID) -> StreamingHttpResponse:
    """The cards of all who hold a post at the partner, in protocol order, as far as the account may see them."""
    partner = get_object_or_404(Partner.objects.visible_to(request.user), public_id=public_id)
    posts = Post.objects.live().on(timezone.localdate()).visible_to(request.user).filter(partner=partner, person__archived_at=None)
    order = {person: place for place, person in enumerate(posts.order_by("rank", "id").values_list("person", flat=True))}
    people = sorted(_with_posts(Person.objects.filter(pk__in=order)), key=lambda person: order[person.pk])
    trace_readings(people, by=request.user, request=request)
    record_event(AuditVerb.EXPORTED, by=request.user, subject=partner, request=request, rows=len(people), format="vcard")
    return _attachment(write_cards(card_of(person, person.held) for person in people), name=partner.name)


def _with_posts(people: Any) -> Any:
    held = Post.objects.live().on(timezone.localdate()).select_related("partner").order_by("rank", "id")
    return people.select_related("country").prefetch_related(Prefetch("posts", held, to_attr="held"))


def _attachment(text: Iterable[str], *, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse((piece.encode() for piece in text), content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{slugify(fold(name)) or "vcard"}.vcf"'
    return response


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTNER_IMPORT)
def vcard_import(request: SignedInRequest) -> HttpResponse:
    """Ask for cards; with cards show each as it would be recorded, with the people it may be about. Nothing is stored yet."""
    form = CardsForm(request.POST, request.FILES) if request.method == "POST" else CardsForm()
    if not form.is_bound or not form.is_valid():
        return render(request, "partners/vcard_import.html", {"form": form}, status=UNPROCESSABLE if form.is_bound else 200)
    reading, country = form.reading(), form.cleaned_data["country"]
    if not reading.cards:
        for fault in reading.faults:
            form.add_error(None, str(fault))
        return render(request, "partners/vcard_import.html", {"form": form}, status=UNPROCESSABLE)
    likely = likely_people(reading, by=request.user)
    rows = initial_rows(reading, country=country, by=request.user)
    initial = [row | {"take": not known} for row, known in zip(rows, likely, strict=True)]
    cards = card_rows(by=request.user, initial=initial)
    told = [(row, known, read.faults) for row, known, read in zip(cards.forms, likely, reading.cards, strict=True)]
    context = {"cards": cards, "rows": told, "faults": reading.faults, "country": country, "source": form.source}
    return render(request, "partners/vcard_preview.html", context)


@require_POST
@requires(Permission.PARTNER_IMPORT)
def vcard_save(request: SignedInRequest) -> HttpResponse:
    """Record the ticked cards of the preview as one change set."""
    country = Country.objects.filter(alpha2=request.POST.get("of_country", "")[:2].replace("\x00", "")).first()
    source = one_line(request.POST.get("source", "").replace("\x00", ""))[:200] or _("vCards")
    cards = card_rows(request.POST, by=request.user, country=country, source=source)
    faults = []
    if cards.is_valid():
        try:
            change_set = cards.save()
        except ValidationError as error:
            faults = error.messages
        else:
            messages.success(request, _("The people are recorded. The whole import can be taken back on this page."))
            return redirect(change_set)
    refused = [*faults, *cards.non_form_errors()]
    context = {"cards": cards, "rows": [(form, (), ()) for form in cards.forms], "refused": refused, "country": country, "source": source}
    return render(request, "partners/vcard_preview.html", context, status=UNPROCESSABLE)
