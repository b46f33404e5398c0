from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from activities.forms.events import EventForm
from activities.models import Event, Exchange
from activities.views.exchanges import WITH_PARTNERS
from crm.generic import CreateView, DetailView, UpdateView
from crm.permissions import Permission


class EventDetail(DetailView):
    permission = Permission.EXCHANGE_VIEW
    model = Event
    template_name = "activities/event_detail.html"

    def get_queryset(self) -> QuerySet[Event]:
        rows: QuerySet[Event] = super().get_queryset()
        return rows.select_related("forum", "country", "host_unit")

    def get_context(self, **context: Any) -> dict[str, Any]:
        held = Exchange.objects.visible_to(self.request.user).live().filter(event=self.object)
        user = self.request.user
        return super().get_context(**context) | {
            "exchanges": held.select_related("kind", "host_unit").prefetch_related(WITH_PARTNERS),
            "may_edit": user.may(Permission.EXCHANGE_LOG) and Event.objects.editable_by(user).filter(pk=self.object.pk).exists(),
        }


class EventCreate(CreateView):
    permission = Permission.EXCHANGE_LOG
    model = Event
    template_name = "activities/event_form.html"
    form_class = EventForm

    def get_success_url(self) -> str:
        return reverse("activities:event-detail", args=[self.object.public_id])


class EventEdit(UpdateView):
    permission = Permission.EXCHANGE_LOG
    model = Event
    template_name = "activities/event_form.html"
    form_class = EventForm
