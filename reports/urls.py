from django.urls import path

from reports.views import collisions, coverage, desk, engagement, gaps, known, matrix, partner_parts, partner_risks, reporting, trends
from reports.views.effects import exchange_effect

app_name = "reports"
urlpatterns = [
    path("reporting/", reporting.reporting, name="reporting"),
    path("reporting/nothing/", reporting.nothing_to_report, name="nothing-to-report"),
    path("reporting/nothing/<uuid:public_id>/take-back/", reporting.take_back, name="nothing-to-report-take-back"),
    path("reporting/remind/", reporting.remind, name="reporting-remind"),
    path("reporting/on-desk/", reporting.reporting_on_desk, name="reporting-on-desk"),
    path("known/", known.known, name="known"),
    path("gaps/", gaps.gap_list, name="gap-list"),
    path("gaps/worst/", gaps.gap_part, name="gap-part"),
    path("gaps/follow-up/", gaps.gap_follow_up, name="gap-follow-up"),
    path("collisions/", collisions.collision_list, name="collision-list"),
    path("exchanges/<uuid:public_id>/effect/", exchange_effect, name="exchange-effect"),
    path("coverage/", matrix.coverage_matrix, name="coverage"),
    path("coverage/cell/", matrix.coverage_cell, name="coverage-cell"),
    path("coverage/countries/", coverage.coverage, name="coverage-countries"),
    path("trends/", trends.trends, name="trends"),
    path("partners/<uuid:public_id>/strip/", partner_parts.partner_strip, name="partner-strip"),
    path("partners/<uuid:public_id>/owed/", partner_parts.partner_owed, name="partner-owed"),
    path("partners/<uuid:public_id>/risks/", partner_risks.partner_risks, name="partner-risks"),
    path("partners/<uuid:public_id>/engagement/", engagement.partner_engagement, name="partner-engagement"),
    path("follow-ups/<uuid:public_id>/finish/", desk.finish_follow_up, name="follow-up-finish"),
]
