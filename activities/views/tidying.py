"""The weekly tidy-up: what was logged in a hurry is completed, in place or on its own page."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activities.forms.tidying import TidyForm
from activities.models import Exchange
from activities.models.exchanges import ExchangeQuerySet
from activities.views.exchanges import WITH_PARTNERS
from crm.generic import UNPROCESSABLE, SignedInRequest, UpdateView, is_partial
from crm.models import User
from crm.permissions import Permission, requires

PERIODS = (30, 90)
MINE, UNIT = "mine", "unit"
SHOWN = 100


def to_tidy_up(user: User, *, days: int, whose: str = MINE) -> ExchangeQuerySet:
    """Incomplete exchanges of the last days that the account may complete: those it entered, or all of its units."""
    today = timezone.localdate()
    rows = Exchange.objects.editable_by(user).incomplete().filter(starts_on__gt=today - timedelta(days=days), starts_on__lte=today)
    return rows.of_units(user.scope.unit_ids) if whose == UNIT else rows.filter(created_by=user)


@require_safe
@requires(Permission.EXCHANGE_LOG)
def tidy_up(request: SignedInRequest) -> HttpResponse:
    """``?whose=mine|unit&days=30|90``. For htmx the rows alone."""
    days = next((period for period in PERIODS if str(period) == request.GET.get("days")), PERIODS[0])
    whose = UNIT if request.GET.get("whose") == UNIT else MINE
    rows = to_tidy_up(request.user, days=days, whose=whose).order_by("-starts_on", "-id")
    shown = rows.with_completeness().select_related("kind", "host_unit").prefetch_related(WITH_PARTNERS)[: SHOWN + 1]
    context = {"rows": shown, "days": days, "whose": whose, "periods": PERIODS, "shown": SHOWN}
    return render(request, "activities/tidy_up.html#rows" if is_partial(request) else "activities/tidy_up.html", context)


class TidyUpRow(UpdateView):
    """One row of the list: GET asks for what is missing, POST saves it and shows what is left. Without htmx, the form of the exchange."""

    permission = Permission.EXCHANGE_LOG
    model = Exchange
    template_name = "activities/tidy_up_row.html"
    form_class = TidyForm

    def get_queryset(self) -> QuerySet[Exchange]:
        rows: Any = super().get_queryset()
        found: QuerySet[Exchange] = (
            rows.with_completeness().select_related("kind", "host_unit", "updated_by").prefetch_related(WITH_PARTNERS)
        )
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._row(form=self.get_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST)
        if not (form.is_valid() and self._save(form)):
            return self._row(form=form, status=UNPROCESSABLE)
        self.object = self.get_object()
        return self._row(saved=True)

    def _row(self, *, status: int = 200, **context: Any) -> HttpResponse:
        return self.show(exchange=self.object, object=self.object, status=status, **context)
