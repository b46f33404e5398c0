from django.urls import path

from reports.views import coverage, desk, engagement, partner_parts
from reports.views.effects import exchange_effect

app_name = "reports"
urlpatterns = [
    path("exchanges/<uuid:public_id>/effect/", exchange_effect, name="exchange-effect"),
    path("coverage/", coverage.coverage, name="coverage"),
    path("partners/<uuid:public_id>/strip/", partner_parts.partner_strip, name="partner-strip"),
    path("partners/<uuid:public_id>/owed/", partner_parts.partner_owed, name="partner-owed"),
    path("partners/<uuid:public_id>/engagement/", engagement.partner_engagement, name="partner-engagement"),
    path("follow-ups/<uuid:public_id>/finish/", desk.finish_follow_up, name="follow-up-finish"),
]
