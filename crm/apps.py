from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Units, accounts and reference data")

    def ready(self) -> None:
        from crm import database  # noqa: F401  (registers bit_or on SQLite connections)
