"""The addresses of the REST API, below ``/api/v1/``, and of the tokens that open it, below ``/oauth/``."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from rest_framework.routers import SimpleRouter

from activities.api.agreements import AgreementViewSet
from activities.api.commitments import CommitmentViewSet
from activities.api.exchanges import ExchangeViewSet
from activities.api.follow_ups import FollowUpViewSet
from activities.api.sources import ExchangeBatchView, ExchangeJobsView, ExchangeSourceListView, ExchangeSourceView
from crm.api.changes import ChangesView
from crm.api.countries import CountryViewSet
from crm.api.documentation import DocumentationPage, SchemaView
from crm.api.health import OfficeHealthView
from crm.api.push_job_views import PushJobResultsView, PushJobView
from crm.api.tiers import TierViewSet
from crm.api.tokens import OfficeRevokeView, OfficeTokenView
from crm.api.views import UnknownAddress
from partners.api.partners import PartnerViewSet
from partners.api.people import PersonViewSet
from partners.api.proposals import ProposalViewSet
from partners.api.sources import PartnerBatchView, PartnerJobsView, PartnerSourceListView, PartnerSourceView
from reports.api.coverage import CoverageView


class AnyTextConverter(StringConverter):
    """What is left of an address, whatever characters it holds: line breaks too, so that they are refused as the API refuses."""

    regex = "(?s:.+)"


register_converter(AnyTextConverter, "any")
router = SimpleRouter(use_regex_path=False)
router.register("partners", PartnerViewSet, basename="partner")
router.register("people", PersonViewSet, basename="person")
router.register("exchanges", ExchangeViewSet, basename="exchange")
router.register("commitments", CommitmentViewSet, basename="commitment")
router.register("follow-ups", FollowUpViewSet, basename="follow-up")
router.register("agreements", AgreementViewSet, basename="agreement")
router.register("proposals", ProposalViewSet, basename="proposal")
router.register("countries", CountryViewSet, basename="country")
router.register("tiers", TierViewSet, basename="tier")

api_urls = (
    [
        *router.urls,
        path("changes/", ChangesView.as_view(), name="changes"),
        path("coverage/", CoverageView.as_view(), name="coverage"),
        path("health/", OfficeHealthView.as_view(), name="health"),
        path("push-jobs/<uuid:public_id>/", PushJobView.as_view(), name="push-job"),
        path("push-jobs/<uuid:public_id>/results/", PushJobResultsView.as_view(), name="push-job-results"),
        path("sources/<str:unit>/exchanges/", ExchangeSourceListView.as_view(), name="exchange-source-list"),
        path("sources/<str:unit>/exchanges/batch/", ExchangeBatchView.as_view(), name="exchange-source-batch"),
        path("sources/<str:unit>/exchanges/jobs/", ExchangeJobsView.as_view(), name="exchange-source-jobs"),
        path("sources/<str:unit>/exchanges/<any:external_id>/", ExchangeSourceView.as_view(), name="exchange-source"),
        path("sources/<str:unit>/partners/", PartnerSourceListView.as_view(), name="partner-source-list"),
        path("sources/<str:unit>/partners/batch/", PartnerBatchView.as_view(), name="partner-source-batch"),
        path("sources/<str:unit>/partners/jobs/", PartnerJobsView.as_view(), name="partner-source-jobs"),
        path("sources/<str:unit>/partners/<any:external_id>/", PartnerSourceView.as_view(), name="partner-source"),
        path("schema/", SchemaView.as_view(), name="schema"),
        path("docs/", DocumentationPage.as_view(), name="docs"),
        path("", UnknownAddress.as_view(), name="root"),
        path("<any:rest>", UnknownAddress.as_view(), name="unknown"),
    ],
    "api",
)
token_urls = (
    [
        path("token/", OfficeTokenView.as_view(), name="token"),
        path("revoke_token/", OfficeRevokeView.as_view(), name="revoke-token"),
    ],
    "oauth2",
)
