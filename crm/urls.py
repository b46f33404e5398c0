from django.urls import path

from crm.views import notifications, preferences

app_name = "crm"
urlpatterns = [
    path("notifications/", notifications.notification_list, name="notification-list"),
    path("notifications/mark/", notifications.mark_notifications, name="notification-mark"),
    path("notifications/<int:pk>/", notifications.open_notification, name="notification-open"),
    path("preferences/", preferences.Preferences.as_view(), name="preferences"),
]
