"""Relations, stewardships and certificates: made, changed and archived from the page of their partner."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from crm.generic import ActionView, CreateView, FormView, NounView, Question, UpdateView
from crm.permissions import Permission
from partners.actions.registrations import archive_registration
from partners.actions.relations import archive_relation
from partners.actions.stewardships import archive_stewardship
from partners.forms.parts import RegistrationForm, RelationForm, StewardshipForm
from partners.models import Partner, Registration, Relation, Stewardship
from partners.views.people import by_public_id


class PartView(NounView):
    """A page about a part of a partner; it leads back to the partner's page."""

    permission = Permission.PARTNER_EDIT
    template_name = "partners/part_form.html"
    heading: ClassVar[str | Promise]

    @cached_property
    def partner(self) -> Partner:
        raise NotImplementedError

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"partner": self.partner, "heading": self.heading}

    def get_success_url(self) -> str:
        return self.partner.get_absolute_url()


class PartCreate(PartView, CreateView):
    """A new part of the partner that the address names."""

    @cached_property
    def partner(self) -> Partner:
        return get_object_or_404(Partner.objects.editable_by(self.request.user), public_id=self.kwargs["public_id"])

    def get_form_arguments(self) -> dict[str, Any]:
        return {"partner": self.partner, "instance": self.model(partner=self.partner)}


class PartEdit(PartView, UpdateView):
    @cached_property
    def partner(self) -> Partner:
        partner: Partner = self.object.partner
        return partner

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        return rows.filter(archived_at=None).select_related("partner")

    def get_form_arguments(self) -> dict[str, Any]:
        return {"partner": self.partner, "instance": self.object}


class PartArchive(PartEdit, ActionView):
    template_name = "crm/confirm.html"
    heading = ""
    success_message = _("Archived")

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"object": self.partner}


class RelationView(FormView):
    """A relation has two partners; its pages lead back to the one they were opened from, which ``?of=`` names."""

    object: Relation | None

    @cached_property
    def partner(self) -> Partner:
        of = self.request.GET.get("of")
        relation = self.object
        if relation is None:
            raise NotImplementedError
        ends = Partner.objects.filter(pk__in=[relation.source_id, relation.target_id])
        partner: Partner = by_public_id(ends, of) if of else relation.source
        return partner


class RelationCreate(PartCreate):
    model = Relation
    form_class = RelationForm
    heading = _("Add a relation")
    success_message = _("The relation is recorded.")

    def get_form_arguments(self) -> dict[str, Any]:
        return {"partner": self.partner, "instance": Relation()}


class RelationEdit(RelationView, PartEdit):
    model = Relation
    form_class = RelationForm
    heading = _("Change the relation")

    def get_queryset(self) -> QuerySet[Relation]:
        return Relation.objects.editable_by(self.request.user).live().select_related("source", "target")


class RelationArchive(RelationView, PartArchive):
    model = Relation
    action = staticmethod(archive_relation)
    question = Question(
        _("Archive this relation?"), _("Only for one entered by mistake. For one that ended, give its last day instead."), _("Archive")
    )

    def get_queryset(self) -> QuerySet[Relation]:
        return Relation.objects.editable_by(self.request.user).live().select_related("source", "target")


class StewardshipCreate(PartCreate):
    model = Stewardship
    form_class = StewardshipForm
    heading = _("Let a unit keep this partner")


class StewardshipEdit(PartEdit):
    model = Stewardship
    form_class = StewardshipForm
    heading = _("Change who keeps this partner")


class StewardshipArchive(PartArchive):
    model = Stewardship
    action = staticmethod(archive_stewardship)
    question = Question(
        _("Archive this stewardship?"), _("Only for one entered by mistake. For one that ended, give its last day instead."), _("Archive")
    )


class RegistrationCreate(PartCreate):
    """A certificate; with ``?renews=`` the renewal of another one, filled in from it."""

    model = Registration
    form_class = RegistrationForm
    heading = _("Add a certificate")
    success_message = _("The certificate is recorded.")

    def get_form_arguments(self) -> dict[str, Any]:
        new = Registration(partner=self.partner)
        if renews := self.request.GET.get("renews"):
            old = by_public_id(self.partner.registrations.live(), renews)
            new.renews, new.kind, new.valid_from = old, old.kind, old.valid_to
            new.representative, new.provinces = old.representative, old.provinces
        return {"partner": self.partner, "instance": new}


class RegistrationEdit(PartEdit):
    model = Registration
    form_class = RegistrationForm
    heading = _("Change the certificate")


class RegistrationArchive(PartArchive):
    model = Registration
    action = staticmethod(archive_registration)
    question = Question(
        _("Archive this certificate?"), _("Only for one entered by mistake. An old one stays, with the days it was valid."), _("Archive")
    )
