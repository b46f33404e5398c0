from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from crm.choices import NameUsage
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, Question, UpdateView
from crm.models import TierMembership
from crm.permissions import Permission
from partners.actions.partners import archive_partner, restore_partner
from partners.forms.partners import PartnerForm
from partners.models import Partner, Post, Relation, Stewardship
from partners.views.history import HistoryView
from partners.views.history_parts import Part


class PartnerDetail(DetailView):
    """A frame: the facts of the register here; exchanges, follow-ups and figures load as tabs from the apps that own them."""

    permission = Permission.PARTNER_VIEW
    model = Partner
    template_name = "partners/partner_detail.html"

    def get_queryset(self) -> QuerySet[Partner]:
        rows: QuerySet[Partner] = super().get_queryset()
        return rows.select_related("kind", "country", "person", "unit", "updated_by").prefetch_related("names", "fields")

    def get_context(self, **context: Any) -> dict[str, Any]:
        partner, today = self.object, timezone.localdate()
        return super().get_context(**context) | {
            "today": today,
            "tiers": _tiers_of(partner, today),
            "posts": _posts_of(partner, self.request.user),
            "stewardships": Stewardship.objects.current().filter(partner=partner).select_related("unit", "officer"),
            "relations": _relations_of(partner, today),
            "may_edit": self.request.user.may(Permission.PARTNER_EDIT)
            and Partner.objects.editable_by(self.request.user).filter(pk=partner.pk).exists(),
            "chosen_tab": self.request.GET.get("tab", ""),
            "former_names": NameUsage.FORMER,
        }


def _tiers_of(partner: Partner, day: Any) -> QuerySet[TierMembership]:
    return TierMembership.objects.on(day).filter(country=partner.country_id).select_related("tier").order_by("tier__rank", "tier__id")


def _posts_of(partner: Partner, user: Any) -> list[Post]:
    """Posts at the partner: today's in protocol order, then the former ones, latest first."""
    today = timezone.localdate()
    posts = list(Post.objects.live().visible_to(user).filter(partner=partner, person__archived_at=None).select_related("person"))
    for post in posts:
        post.is_held = (post.valid_from is None or post.valid_from <= today) and (post.valid_to is None or post.valid_to > today)  # type: ignore[attr-defined]  # for the template
    return sorted(posts, key=lambda post: (not post.is_held, post.rank, post.pk))  # type: ignore[attr-defined]  # set above


def _relations_of(partner: Partner, day: Any) -> list[Relation]:
    """Relations in both directions, as they are today."""
    rows = Relation.objects.live().on(day).select_related("source", "target")
    return [*rows.filter(source=partner), *rows.filter(target=partner)]


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
