from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NhipCauConfig(AppConfig):
    name = "config"
    label = "config"
    verbose_name = _("Nhịp Cầu")
