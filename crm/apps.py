from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Units, accounts and reference data")

    def ready(self) -> None:
        from crm import database, receivers  # noqa: F401  (bit_or on SQLite; the trace of signing in)
        from crm.api import push_jobs  # noqa: F401  (files of the offices' programs are written)
        from crm.feed import installing  # noqa: F401  (triggers follow migrations)
        from crm.workbooks import jobs  # noqa: F401  (workbooks are checked and applied)
