from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from crm.choices import NameUsage
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, Question, UpdateView
from crm.models import TierMembership, User
from crm.permissions import Permission
from partners.actions.partners import archive_partner, restore_partner
from partners.choices import RELATIONS_TURNED, RelationKind
from partners.forms.partners import PartnerForm
from partners.models import ChangeProposal, Partner, Person, Registration, Relation, Stewardship
from partners.views.history import HistoryView
from partners.views.history_parts import Part
from partners.views.history_records import Related
from partners.views.protocol import people_of


class PartnerDetail(DetailView):
    """A frame: the facts of the register here; exchanges, follow-ups and figures load as tabs from the apps that own them."""

    permission = Permission.PARTNER_VIEW
    model = Partner
    template_name = "partners/partner_detail.html"

    def get_queryset(self) -> QuerySet[Partner]:
        rows: QuerySet[Partner] = super().get_queryset()
        return rows.select_related("kind", "country", "person", "unit", "updated_by").prefetch_related("names", "fields")

    def get_context(self, **context: Any) -> dict[str, Any]:
        partner, today, user = self.object, timezone.localdate(), self.request.user
        people = people_of(partner, user) if user.may(Permission.PERSON_VIEW) else {}
        return super().get_context(**context) | {
            "today": today,
            "tiers": _tiers_of(partner, today),
            "held": people.get("held", []),
            "person_seen": bool(partner.person_id) and Person.objects.visible_to(user).filter(pk=partner.person_id).exists(),
            "stewardships": Stewardship.objects.live().not_over(today).filter(partner=partner).select_related("unit", "officer"),
            "relations": relations_of(partner, today),
            "registrations": _registrations_of(partner, today),
            "may_edit": user.may(Permission.PARTNER_EDIT) and Partner.objects.editable_by(user).filter(pk=partner.pk).exists(),
            "may_propose": user.may(Permission.PARTNER_EDIT) and bool(user.scope.home_unit_ids) and not partner.is_archived,
            "proposals": _open_proposals(partner, user),
            "chosen_tab": self.request.GET.get("tab", ""),
            "tab_query": _tab_query(self.request.GET),
            "former_names": NameUsage.FORMER,
        }


def _tab_query(asked: QueryDict) -> str:
    """What of the address is the tab's own: its filters, so that a link or a reload brings the same."""
    filters = asked.copy()
    for name in ("tab", "cursor"):
        filters.pop(name, None)
    return f"?{filters.urlencode()}" if filters else ""


def _open_proposals(partner: Partner, user: User) -> QuerySet[ChangeProposal]:
    """Change proposals that the reader may look at and somebody has to decide."""
    seen = ChangeProposal.objects.open().visible_to(user) if user.may(Permission.PARTNER_EDIT) else ChangeProposal.objects.none()
    return seen.filter(partner=partner).select_related("unit")


def _tiers_of(partner: Partner, day: Any) -> QuerySet[TierMembership]:
    return TierMembership.objects.on(day).filter(country=partner.country_id).select_related("tier").order_by("tier__rank", "tier__id")


def relations_of(partner: Partner, day: date) -> list[tuple[Relation, str | Promise, Partner]]:
    """Relations as they are on the day: each with how this partner stands to the other one, and the other one. One query."""
    rows = Relation.objects.live().on(day).filter(Q(source=partner) | Q(target=partner)).select_related("source", "target")
    found: list[tuple[Relation, str | Promise, Partner]] = []
    for relation in rows.order_by("kind", "id"):
        kind = RelationKind(relation.kind)
        if relation.source_id == partner.pk:
            found.append((relation, kind.label, relation.target))
        else:
            found.append((relation, RELATIONS_TURNED.get(kind, kind.label), relation.source))
    return found


def _registrations_of(partner: Partner, day: date) -> list[tuple[Registration, int | None]]:
    """Certificates that nothing has renewed yet, each with the days that are left."""
    rows = Registration.objects.live().filter(partner=partner, renewal=None)
    return [(registration, registration.days_left(day)) for registration in rows]


class PartnerCreate(CreateView):
    permission = Permission.PARTNER_EDIT
    model = Partner
    template_name = "partners/partner_form.html"
    form_class = PartnerForm
    success_message = gettext_lazy("The partner is registered.")


class PartnerEdit(UpdateView):
    permission = Permission.PARTNER_EDIT
    model = Partner
    template_name = "partners/partner_form.html"
    form_class = PartnerForm


class PartnerArchive(ArchiveView):
    permission = Permission.PARTNER_EDIT
    model = Partner
    action = staticmethod(archive_partner)  # type: ignore[assignment]  # takes its own noun, not any record
    question = Question(
        gettext_lazy("Archive this partner?"),
        gettext_lazy("It goes out of lists and search. Its exchanges stay and keep counting; it can be restored."),
        gettext_lazy("Archive"),
    )


class PartnerRestore(ActionView):
    permission = Permission.PARTNER_EDIT
    model = Partner
    action = staticmethod(restore_partner)
    success_message = gettext_lazy("Restored.")
    question = Question(
        gettext_lazy("Restore this partner?"), gettext_lazy("It comes back into lists and search."), gettext_lazy("Restore")
    )


class PartnerHistory(HistoryView):
    permission = Permission.PARTNER_VIEW
    model = Partner
    parts = (Part("names", says=("name", "language", "usage")),)
    related = (
        Related(("posts",), says=("person", "title_vi", "title_en", "valid_from", "valid_to")),
        Related(("stewardships",), says=("unit", "role", "officer", "valid_from", "valid_to")),
        Related(("relations_from", "relations_to"), says=("source", "kind", "target", "valid_from", "valid_to")),
        Related(("registrations",), says=("number", "kind", "valid_from", "valid_to")),
    )
