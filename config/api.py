"""The addresses of the REST API, below ``/api/v1/``, and of the tokens that open it, below ``/oauth/``."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from activities.api.agreements import AgreementViewSet
from activities.api.commitments import CommitmentViewSet
from activities.api.exchanges import ExchangeViewSet
from activities.api.follow_ups import FollowUpViewSet
from activities.api.sources import EXCHANGES
from crm.api.changes import ChangesView
from crm.api.countries import CountryViewSet
from crm.api.documentation import DocumentationPage, SchemaView
from crm.api.health import OfficeHealthView
from crm.api.push_job_views import PushJobResultsView, PushJobView
from crm.api.source_paths import source_paths
from crm.api.tiers import TierViewSet
from crm.api.tokens import OfficeRevokeView, OfficeTokenView
from crm.api.views import UnknownAddress
from partners.api.partners import PartnerViewSet
from partners.api.people import PersonViewSet
from partners.api.proposals import ProposalViewSet
from partners.api.sources import PARTNERS
from reports.api.coverage import CoverageView

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
        *source_paths(EXCHANGES),
        *source_paths(PARTNERS),
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
