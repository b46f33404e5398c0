from django.urls import path

from activities.views import events, exchanges, filters, follow_up_board, follow_ups, options, timeline

app_name = "activities"
urlpatterns = [
    path("", exchanges.ExchangeList.as_view(), name="exchange-list"),
    path("filters/", filters.ExchangeFilters.as_view(), name="exchange-filters"),
    path("log/", exchanges.ExchangeLog.as_view(), name="exchange-log"),
    path("<uuid:public_id>/", exchanges.ExchangeDetail.as_view(), name="exchange-detail"),
    path("<uuid:public_id>/edit/", exchanges.ExchangeEdit.as_view(), name="exchange-edit"),
    path("<uuid:public_id>/archive/", exchanges.ExchangeArchive.as_view(), name="exchange-archive"),
    path("<uuid:public_id>/restore/", exchanges.ExchangeRestore.as_view(), name="exchange-restore"),
    path("<uuid:public_id>/history/", exchanges.ExchangeHistory.as_view(), name="exchange-history"),
    path("follow-ups/", follow_ups.FollowUpList.as_view(), name="follow-up-list"),
    path("follow-ups/to-do/", follow_up_board.follow_up_board, name="follow-up-board"),
    path("follow-ups/filters/", filters.FollowUpFilters.as_view(), name="follow-up-filters"),
    path("follow-ups/new/", follow_ups.FollowUpCreate.as_view(), name="follow-up-create"),
    path("follow-ups/<uuid:public_id>/", follow_ups.FollowUpDetail.as_view(), name="follow-up-detail"),
    path("follow-ups/<uuid:public_id>/edit/", follow_ups.FollowUpEdit.as_view(), name="follow-up-edit"),
    path("follow-ups/<uuid:public_id>/choices/", follow_up_board.follow_up_choices, name="follow-up-choices"),
    path("follow-ups/<uuid:public_id>/act/", follow_up_board.act, name="follow-up-act"),
    path("follow-ups/<uuid:public_id>/close/", follow_ups.close, name="follow-up-close"),
    path("follow-ups/<uuid:public_id>/archive/", follow_ups.FollowUpArchive.as_view(), name="follow-up-archive"),
    path("follow-ups/<uuid:public_id>/restore/", follow_ups.FollowUpRestore.as_view(), name="follow-up-restore"),
    path("follow-ups/<uuid:public_id>/history/", follow_ups.FollowUpHistory.as_view(), name="follow-up-history"),
    path("events/", events.EventList.as_view(), name="event-list"),
    path("events/filters/", filters.EventFilters.as_view(), name="event-filters"),
    path("events/new/", events.EventCreate.as_view(), name="event-create"),
    path("events/<uuid:public_id>/", events.EventDetail.as_view(), name="event-detail"),
    path("partners/<uuid:public_id>/timeline/", timeline.PartnerTimeline.as_view(), name="partner-timeline"),
    path("partners/<uuid:public_id>/follow-ups/", timeline.PartnerFollowUps.as_view(), name="partner-follow-ups"),
    path("options/colleagues/", options.colleague_options, name="colleague-options"),
    path("options/units/", options.unit_options, name="unit-options"),
    path("options/provinces/", options.province_options, name="province-options"),
]
