"""The lists of partners and people, with their filter panels."""

from django.utils.translation import gettext_lazy as _

from crm.lists import Bulk, EmptyState, RecordList
from crm.permissions import Permission
from crm.views.filters import FilterPanel
from partners.actions.bulk_edits import PARTNER_OPERATIONS, PERSON_OPERATIONS
from partners.columns import PARTNER_COLUMNS, PERSON_COLUMNS
from partners.filters import PartnerFilter, PersonFilter
from partners.forms.bulk_edits import PartnerBulkForm, PersonBulkForm
from partners.models import Partner, Person


class PartnerList(RecordList):
    permission = Permission.PARTNER_VIEW
    model = Partner
    template_name = "partners/partner_list.html"
    filterset_class = PartnerFilter
    url_name = "partners:partner-list"
    filters_url_name = "partners:partner-filters"
    columns = PARTNER_COLUMNS
    default_order = "name"
    placeholder = _("Any part of a name, in any language, with or without marks")
    bulk = Bulk(Permission.PARTNER_EDIT, PARTNER_OPERATIONS, PartnerBulkForm)
    empty = EmptyState(
        _("No partner found"), _("Try fewer letters, or remove a filter. If it is new, register it."),
        "partners:partner-create", _("New partner"), Permission.PARTNER_EDIT,
    )  # fmt: skip


class PersonList(RecordList):
    permission = Permission.PERSON_VIEW
    model = Person
    template_name = "partners/person_list.html"
    filterset_class = PersonFilter
    url_name = "partners:person-list"
    filters_url_name = "partners:person-filters"
    columns = PERSON_COLUMNS
    default_order = "name"
    placeholder = _("Any part of the name, as on the card, in Latin letters or own script")
    bulk = Bulk(Permission.PERSON_EDIT, PERSON_OPERATIONS, PersonBulkForm)
    empty = EmptyState(
        _("Nobody found"), _("Try fewer letters, or remove a filter. Somebody new is entered once, then found by everyone."),
        "partners:person-create", _("New person"), Permission.PERSON_EDIT,
    )  # fmt: skip


class PartnerFilters(FilterPanel):
    list_class = PartnerList


class PersonFilters(FilterPanel):
    list_class = PersonList
