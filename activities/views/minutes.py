"""The minutes of an exchange: promises are read while they are typed, corrected beside the text, and saved in one go."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from activities.actions.minutes import Written
from activities.forms.minutes import MinutesEntry
from activities.models import Exchange
from activities.views.exchanges import trace_reading
from crm.generic import UNPROCESSABLE, NounView, SignedInRequest, done
from crm.permissions import Permission, requires


class ExchangeMinutes(NounView):
    """Write minutes; ``do=read`` shows what is read of them, for browsers without script."""

    permission = Permission.COMMITMENT_EDIT
    model = Exchange
    template_name = "activities/minutes.html"

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset().live()  # type: ignore[attr-defined]  # every record has it
        return rows.select_related("kind", "host_unit")

    def get_object(self) -> Exchange:
        return trace_reading(super().get_object(), self.request)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(MinutesEntry(self.get_object(), {}, by=self.request.user))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        entry = MinutesEntry(self.get_object(), request.POST, by=self.request.user)
        if request.POST.get("do") == "read":
            return self._show(entry)
        if not entry.is_valid:
            return self._show(entry, status=UNPROCESSABLE)
        try:
            with transaction.atomic():
                written = entry.save()
        except ValidationError as error:
            return self._show(entry, status=UNPROCESSABLE, refused=error.messages)
        messages.success(request, in_words(written))
        return done(request, entry.exchange.get_absolute_url())

    def _show(self, entry: MinutesEntry, *, status: int = 200, **context: Any) -> HttpResponse:
        context |= {"may_summarise": Exchange.objects.editable_by(self.request.user).filter(pk=entry.exchange.pk).exists()}
        return self.show(status=status, object=entry.exchange, entry=entry, **context)


@require_POST
@requires(Permission.COMMITMENT_EDIT)
def read(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Read minutes and show the promises in them; nothing is kept."""
    exchange = get_object_or_404(Exchange.objects.visible_to(request.user).live(), public_id=public_id)
    return render(request, "activities/minutes.html#reading", {"entry": MinutesEntry(exchange, request.POST, by=request.user)})


def in_words(written: Written) -> str:
    """What the minutes left behind."""
    new = len(written.commitments)
    said = [ngettext("%(n)s commitment written.", "%(n)s commitments written.", new) % {"n": new}]
    if written.already:
        said.append(ngettext("%(n)s was there already.", "%(n)s were there already.", written.already) % {"n": written.already})
    if written.summarised:
        said.append(_("The rest stands in the summary."))
    return " ".join(said)
