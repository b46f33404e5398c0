"""What is usually written over such tables, to compare with: a ModelViewSet with nesting, a ListView, pages by OFFSET."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.views.generic import ListView
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.filters import SearchFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ModelViewSet

from benchmarks.plain_writing import PlainExchangeViewSet, PlainPartnerRowViewSet
from partners.models import Partner

PAGE_SIZE = 50
_TEMPLATE = (
    "<table>{% for partner in object_list %}<tr><td>{{ partner.name }}<td>{{ partner.kind.label_vi }}<td>{{ partner.country.name_vi }}"
    "<td>{% for field in partner.fields.all %}{{ field.label_vi }} {% endfor %}"
    "<td>{% for name in partner.names.all %}{{ name.name }} {% endfor %}"
    "<td>{{ partner.last_contact_on }}{% endfor %}</table>{{ page_obj.number }}/{{ paginator.num_pages }} ({{ paginator.count }})"
)


class PlainPartnerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Partner
        fields = ["id", "name", "kind", "country", "city", "website", "fields", "status", "names", "stewardships"]
        depth = 1


class PlainPages(PageNumberPagination):
    page_size = PAGE_SIZE


class PlainPartnerViewSet(ModelViewSet):
    queryset = Partner.objects.filter(archived_at=None).order_by("sort_key", "id")
    serializer_class = PlainPartnerSerializer
    pagination_class = PlainPages
    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated]
    filter_backends = [SearchFilter]
    search_fields = ["name"]

    def get_queryset(self) -> Any:
        country = self.request.query_params.get("country")
        return super().get_queryset().filter(country__alpha2=country) if country else super().get_queryset()


class PlainPartnerList(LoginRequiredMixin, ListView):
    paginate_by = PAGE_SIZE

    def get_queryset(self) -> Any:
        partners = Partner.objects.filter(archived_at=None).order_by("sort_key", "id")
        country = self.request.GET.get("country")
        return partners.filter(country__alpha2=country) if country else partners

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return HttpResponse(engines["django"].from_string(_TEMPLATE).render(context, self.request))


router = SimpleRouter()
router.register("plain/exchanges", PlainExchangeViewSet, basename="plain-exchange")
router.register("plain/partner-rows", PlainPartnerRowViewSet, basename="plain-partner-row")
router.register("plain/partners", PlainPartnerViewSet, basename="plain-partner")
urlpatterns = [path("plain/list/", PlainPartnerList.as_view()), *router.urls, path("", include("config.urls"))]
