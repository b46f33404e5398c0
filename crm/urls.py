from django.urls import path

from crm.views import bulk_edits, change_sets, connections, credentials, jobs, notifications, preferences, saved_views

app_name = "crm"
urlpatterns = [
    path("notifications/", notifications.notification_list, name="notification-list"),
    path("notifications/mark/", notifications.mark_notifications, name="notification-mark"),
    path("notifications/<int:pk>/", notifications.open_notification, name="notification-open"),
    path("preferences/", preferences.Preferences.as_view(), name="preferences"),
    path("changes/", change_sets.ChangeSetList.as_view(), name="change-set-list"),
    path("changes/filters/", change_sets.ChangeSetFilters.as_view(), name="change-set-filters"),
    path("changes/edit/", bulk_edits.bulk_edit, name="bulk-edit"),
    path("changes/<uuid:public_id>/", change_sets.ChangeSetDetail.as_view(), name="change-set-detail"),
    path("changes/<uuid:public_id>/start/", change_sets.ChangeSetStart.as_view(), name="change-set-start"),
    path("changes/<uuid:public_id>/discard/", change_sets.discard, name="change-set-discard"),
    path("changes/<uuid:public_id>/undo/", change_sets.undo, name="change-set-undo"),
    path("changes/<uuid:public_id>/progress/", change_sets.progress, name="change-set-progress"),
    path("views/new/", saved_views.SavedViewCreate.as_view(), name="saved-view-create"),
    path("views/<uuid:public_id>/edit/", saved_views.SavedViewEdit.as_view(), name="saved-view-edit"),
    path("views/<uuid:public_id>/archive/", saved_views.SavedViewArchive.as_view(), name="saved-view-archive"),
    path("views/<uuid:public_id>/pin/", saved_views.pin, name="saved-view-pin"),
    path("views/<uuid:public_id>/subscribe/", saved_views.subscribe, name="saved-view-subscribe"),
    path("connections/", connections.connection_health, name="connection-health"),
    path("connections/offices/<slug:code>/", connections.connection_office, name="connection-office"),
    path("connections/credentials/", credentials.CredentialList.as_view(), name="credential-list"),
    path("connections/credentials/filters/", credentials.CredentialFilters.as_view(), name="credential-filters"),
    path("connections/credentials/new/", credentials.CredentialCreate.as_view(), name="credential-create"),
    path("connections/credentials/<int:pk>/", credentials.CredentialDetail.as_view(), name="credential-detail"),
    path("connections/credentials/<int:pk>/rotate/", credentials.CredentialRotate.as_view(), name="credential-rotate"),
    path("connections/credentials/<int:pk>/revoke/", credentials.CredentialRevoke.as_view(), name="credential-revoke"),
    path("jobs/", jobs.JobList.as_view(), name="job-list"),
    path("jobs/filters/", jobs.JobFilters.as_view(), name="job-filters"),
    path("jobs/under-way/", jobs.jobs_under_way, name="job-under-way"),
    path("jobs/<int:pk>/", jobs.job_detail, name="job-detail"),
    path("jobs/<int:pk>/progress/", jobs.job_progress, name="job-progress"),
    path("jobs/<int:pk>/again/", jobs.job_again, name="job-again"),
]
