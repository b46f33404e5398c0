"""Occasions ahead, and one occasion in a year with those to write to."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from activities.actions.letters import AT_ONCE, log_letters, take_letters_back
from activities.calendar.entries import Entry, EntryKind, Selection, Whose, entries, next_month, previous_month
from activities.calendar.letters import DAYS_AFTER, DAYS_BEFORE, addressees, counts, partners_to_write_to, still_to_write_to
from activities.calendar.occurrences import AnniversaryClass, Occurrence, class_label, day_in
from activities.choices import OccasionKind
from activities.forms.occasions import ENDINGS, OccasionFilterForm, kind_and_country
from activities.models import Exchange, Occasion
from activities.views.months import month_of
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.permissions import Permission, requires
from partners.choices import PartnerStatus
from partners.models import Partner
from partners.views.people import by_public_id

DAYS_AHEAD = 90
SHOWN = 200
JUST_LOGGED = "letters_just_logged"  # In the session: the address of the occasion, and the letters.


@require_safe
@requires(Permission.EXCHANGE_VIEW)
def occasion_list(request: SignedInRequest) -> HttpResponse:
    """Occasions and endings of the next ninety days, or of ``?month=2027-02``."""
    form = OccasionFilterForm(request.GET)
    month = month_of(request.GET.get("month"))
    today = timezone.localdate()
    since, until = (month, next_month(month) - timedelta(days=1)) if month else (today, today + timedelta(days=DAYS_AHEAD))
    context: dict[str, Any] = {"form": form, "since": since, "until": until, "month": month, "rows": []}
    if form.is_valid():
        whose = Whose(form.cleaned_data["whose"] or Whose.ALL)
        kinds = frozenset({EntryKind.OCCASION, EntryKind.ENDING})
        found = [entry for entry in entries(Selection(request.user, since, until, whose, kinds=kinds)) if form.keeps(entry)]
        context["rows"] = _rows(found, request.user)
    base = month or today.replace(day=1)
    context |= {"previous": previous_month(base), "next": next_month(base), "this_month": today.replace(day=1)}
    return render(request, "activities/occasion_list.html", context, status=200 if form.is_valid() else UNPROCESSABLE)


def _rows(found: list[Entry], user: Any) -> list[dict[str, Any]]:
    """The entries with their class of anniversary and how many partners there are to write to. One query."""
    countries = {entry.row.occasion.country_id for entry in found if isinstance(entry.row, Occurrence)} - {None}
    partners = Partner.objects.visible_to(user).live().exclude(status=PartnerStatus.CLOSED).filter(country__in=countries)
    per_country = dict(partners.order_by().values_list("country").annotate(Count("pk")))
    return [
        {
            "entry": entry,
            "country": kind_and_country(entry)[1],
            "kind": _kind_label(entry),
            "occurrence": entry.row if isinstance(entry.row, Occurrence) else None,
            "class_label": class_label(entry.row) if isinstance(entry.row, Occurrence) else "",
            "partners": per_country.get(entry.row.occasion.country_id) if isinstance(entry.row, Occurrence) else None,
        }
        for entry in found
    ]


def _kind_label(entry: Entry) -> Any:
    kind = kind_and_country(entry)[0]
    return ENDINGS[kind] if kind in ENDINGS else OccasionKind(kind).label


@require_safe
@requires(Permission.EXCHANGE_VIEW)
def occasion_day(request: SignedInRequest, code: str, year: int) -> HttpResponse:
    """One occasion in a year: those to write to, who was written to and who was left out. ``?whose=all`` shows all units'."""
    occurrence = _occurrence(code, year)
    return _show(request, occurrence, **_just_logged(request, occurrence))


@require_POST
@requires(Permission.EXCHANGE_LOG)
def log_occasion_letters(request: SignedInRequest, code: str, year: int) -> HttpResponse:
    """Log a letter to each partner ticked whom nobody has written to, today; ``undo`` archives those just logged."""
    occurrence = _occurrence(code, year)
    try:
        if undo := request.POST.getlist("undo")[:AT_ONCE]:
            letters = [by_public_id(Exchange.objects.editable_by(request.user).live(), public_id) for public_id in undo]
            take_letters_back(letters, by=request.user)
            messages.success(request, _("Taken back."))
        else:
            chosen = partners_to_write_to(occurrence, request.user, only_own=False)
            partners = [by_public_id(chosen, public_id) for public_id in request.POST.getlist("partner")[: AT_ONCE + 1]]
            if not partners:
                raise ValidationError(_("Tick at least one partner."))
            _log(request, occurrence, partners)
    except ValidationError as error:
        return _show(request, occurrence, status=UNPROCESSABLE, refused=" ".join(error.messages))
    return redirect(f"{occurrence.get_absolute_url()}?whose={request.GET.get('whose', '')}")


def _log(request: SignedInRequest, occurrence: Occurrence, ticked: list[Partner]) -> None:
    """Log the letters; a form sent again, or one that a colleague was quicker to send, logs none a second time."""
    waiting = still_to_write_to(occurrence, request.user, only_own=False).filter(pk__in=[partner.pk for partner in ticked])
    partners = list(waiting.order_by("sort_key", "id"))
    if len(partners) < len(ticked):
        messages.info(request, _("Those who have been written to already were passed over."))
    if partners:
        logged = log_letters(partners, by=request.user, title=occurrence.title, on=_letter_day(occurrence))
        request.session[JUST_LOGGED] = [occurrence.get_absolute_url(), [str(letter.public_id) for letter in logged]]


def _just_logged(request: SignedInRequest, occurrence: Occurrence) -> dict[str, Any]:
    """The letters that the page before has logged, told once, so that they can be taken back."""
    address, letters = request.session.get(JUST_LOGGED, ["", []])
    if address != occurrence.get_absolute_url():
        return {}
    del request.session[JUST_LOGGED]
    return {"logged": letters, "logged_text": _logged_text(len(letters))}


def _logged_text(count: int) -> str:
    return ngettext("%(count)s letter logged.", "%(count)s letters logged.", count) % {"count": count}


def _letter_day(occurrence: Occurrence) -> date:
    """Today where that counts for the occasion, else its own day: a letter is mostly logged when it has been sent."""
    today = timezone.localdate()
    near = occurrence.on - timedelta(days=DAYS_BEFORE) <= today <= occurrence.on + timedelta(days=DAYS_AFTER)
    return today if near or occurrence.on > today else occurrence.on


def _occurrence(code: str, year: int) -> Occurrence:
    occasion = get_object_or_404(Occasion.objects.select_related("country"), code=code)
    if not 1 <= year <= 2200 or (occasion.year is not None and year < occasion.year):
        raise Http404
    return Occurrence(occasion, day_in(occasion, year))


def _show(request: SignedInRequest, occurrence: Occurrence, *, status: int = 200, **context: Any) -> HttpResponse:
    user, only_own = request.user, request.GET.get("whose", "units") != "all"
    written, waiting = counts(occurrence, user, only_own=only_own)
    today = timezone.localdate()
    context |= {
        "occurrence": occurrence,
        "occasion": occurrence.occasion,
        "class_label": class_label(occurrence),
        "is_round": occurrence.anniversary_class in (AnniversaryClass.TEN, AnniversaryClass.FIVE),
        "only_own": only_own,
        "whose": "units" if only_own else "all",
        "is_past": occurrence.on < today,
        "too_early": today < occurrence.on - timedelta(days=DAYS_BEFORE),
        "before": DAYS_BEFORE,
        "after": DAYS_AFTER,
        "count_written": written,
        "count_waiting": waiting,
        "written": addressees(occurrence, user, only_own=only_own, written=True, limit=SHOWN) if written else [],
        "waiting": addressees(occurrence, user, only_own=only_own, written=False, limit=SHOWN) if waiting else [],
        "may_log": user.may(Permission.EXCHANGE_LOG),
        "previous_year": occurrence.on.year - 1 if occurrence.number else None,
        "next_year": occurrence.on.year + 1,
    }
    return render(request, "activities/occasion_day.html", context, status=status)
