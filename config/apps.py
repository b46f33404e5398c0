from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class NhipCauConfig(AppConfig):
    name = "config"
    label = "config"
    verbose_name = _("Nhịp Cầu")


class NhipCauAdminConfig(AdminConfig):
    default_site = "config.admin_site.NhipCauAdminSite"
