"""The filter panel of a list: loaded when it is opened, so that the list itself stays light."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_filters import FilterSet

from crm.generic import NounView
from crm.permissions import Permission
from partners.filters import PartnerFilter, PersonFilter
from partners.forms.filters import fit_for_page
from partners.models import Partner, Person


class FilterPanel(NounView):
    """The filters of one list, filled in as the address says; sending them leads to the list."""

    template_name = "partners/filters.html"
    filterset_class: ClassVar[type[FilterSet]]
    list_url_name: ClassVar[str]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.filterset_class(request.GET, queryset=self.model._default_manager.none(), request=request).form
        return self.show(part="panel", form=fit_for_page(form), list_url=reverse(self.list_url_name))


class PartnerFilters(FilterPanel):
    permission = Permission.PARTNER_VIEW
    model = Partner
    filterset_class = PartnerFilter
    list_url_name = "partners:partner-list"


class PersonFilters(FilterPanel):
    permission = Permission.PERSON_VIEW
    model = Person
    filterset_class = PersonFilter
    list_url_name = "partners:person-list"
