from django.contrib import admin
from django.urls import include, path

from config import accounts, guide, views
from config.api import api_urls, token_urls
from config.health import health
from config.search import search, search_options
from reports.views.desk import desk

urlpatterns = [
    path("health/", health, name="health"),
    path("", desk, name="desk"),
    path("search/", search, name="search"),
    path("search/options/", search_options, name="search-options"),
    path("accounts/login/", accounts.SignIn.as_view(), name="account_login"),
    path("accounts/logout/", accounts.SignOut.as_view(), name="account_logout"),
    path("accounts/password/", accounts.ChangePassword.as_view(), name="account_change_password"),
    path("help/", guide.guide, name="help"),
    path("help/<slug:slug>/", guide.guide, name="help"),
    path("language/", views.set_language, name="set_language"),
    path("theme/", views.theme, name="theme"),
    path("", include("crm.urls")),
    path("partners/", include("partners.urls")),
    path("activities/", include("activities.urls")),
    path("reports/", include("reports.urls")),
    path("api/v1/", include(api_urls)),
    path("oauth/", include(token_urls)),
    path("admin/", admin.site.urls),
]

handler400 = "config.views.bad_request"
handler429 = "config.views.too_many_requests"
