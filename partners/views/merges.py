"""Merging two records: side by side, field by field, with what would move, before anything is done."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.choices import PairState
from crm.generic import UNPROCESSABLE, SignedInRequest, done
from crm.permissions import Permission, requires
from partners.actions import merges
from partners.actions.pairs import decide_pair, may_decide, pair_of
from partners.duplicates import in_words
from partners.forms.merges import ChooseOtherForm
from partners.models import Partner, PartnerPair, Person, PersonPair

ACTIONS: dict[type[Any], Any] = {Partner: merges.merge_partners, Person: merges.merge_people}
NAMES: dict[type[Any], str] = {Partner: "partners:merge", Person: "partners:person-merge"}


@require_http_methods(["GET", "POST"])
@requires(Permission.MERGE)
def merge_partners(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _merge(request, Partner, public_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.MERGE)
def merge_people(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _merge(request, Person, public_id)


def _merge(request: SignedInRequest, model: Any, public_id: UUID) -> HttpResponse:
    survivor = get_object_or_404(model.objects.visible_to(request.user), public_id=public_id)
    other = _other(request, model)
    if other is None:
        return render(request, "partners/merge_choose.html", {"object": survivor, "form": ChooseOtherForm(survivor)})
    refused: list[str] = []
    if request.method == "POST":
        if "ask" in request.POST:
            return _ask(request, survivor, other)
        try:
            return _apply(request, survivor, other)
        except ValidationError as error:
            refused = error.messages
    return _show(request, survivor, other, refused)


def _other(request: SignedInRequest, model: Any) -> Any:
    try:
        wanted = UUID(request.GET.get("with", ""))
    except ValueError:
        return None
    return get_object_or_404(model.objects.visible_to(request.user), public_id=wanted)


def _apply(request: SignedInRequest, survivor: Any, other: Any) -> HttpResponse:
    names = merges.PARTNER_FIELDS if isinstance(survivor, Partner) else merges.PERSON_FIELDS
    choices = {name: chosen for name in names if (chosen := request.POST.get(f"field-{name}"))}
    message = request.POST.get("message", "").replace("\x00", "")
    ACTIONS[type(survivor)](survivor, other, by=request.user, choices=choices, message=message)
    messages.success(request, _("The two are one now. The old address leads here; the merge can be taken apart on this page."))
    return done(request, survivor.get_absolute_url())


def _is_seen(pair: merges.FieldPair, request: SignedInRequest) -> bool:
    """A partner may be a person whom the reader may not see; then the choice that is suggested stands."""
    people = {value.pk for value in (pair.kept, pair.merged) if isinstance(value, Person)}
    return not people or Person.objects.visible_to(request.user).filter(pk__in=people).count() == len(people)


def _ask(request: SignedInRequest, survivor: Any, other: Any) -> HttpResponse:
    """Those who keep the records decide; the pair is noted as asked."""
    model: Any = PartnerPair if isinstance(survivor, Partner) else PersonPair
    first, second = sorted((survivor, other), key=lambda record: record.pk)
    with transaction.atomic():
        # Whoever may not ask leaves no pair behind in the queue of others.
        pair = pair_of(first, second) or model.objects.create(first=first, second=second, score=0)
        decide_pair(pair, PairState.ASKED, by=request.user, remark=request.POST.get("message", "").replace("\x00", ""))
    messages.success(request, _("Those who keep the two records have been asked."))
    return done(request, reverse("partners:duplicate-list"))


def _show(request: SignedInRequest, survivor: Any, other: Any, refused: list[str]) -> HttpResponse:
    pair = None
    try:
        merges.check_records(survivor, other)
        pair = pair_of(survivor, other)
    except ValidationError as error:
        refused = refused or error.messages
    try:
        merges.check_rights(survivor, other, by=request.user)
        may_merge = True
    except PermissionDenied:
        may_merge = False
    address = reverse(NAMES[type(survivor)], args=[other.public_id])
    context = {
        "object": survivor,
        "other": other,
        "pairs": [pair for pair in merges.field_pairs(survivor, other) if _is_seen(pair, request)],
        "moving": merges.what_moves(survivor, other),
        "held": merges.what_moves(other, survivor),
        "refused": refused,
        "may_merge": may_merge,
        "may_ask": pair is None or may_decide(pair, request.user),
        "pair": pair,
        "said": in_words(pair.reasons) if pair else [],
        "swap_url": f"{address}?with={survivor.public_id}",
    }
    return render(request, "partners/merge.html", context, status=UNPROCESSABLE if refused else 200)
