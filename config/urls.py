from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("partners/", include("partners.urls")),
    path("activities/", include("activities.urls")),
    path("reports/", include("reports.urls")),
    path("admin/", admin.site.urls),
]
