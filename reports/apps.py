from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Figures")

    def ready(self) -> None:
        from reports import receivers  # noqa: F401  (figures follow what is logged)
        from reports.actions import merge_rules  # noqa: F401  (figures stay behind when partners are merged)
        from reports.jobs import contacts, digests, policies, rechecks, refreshing, risks, snapshots  # noqa: F401  (kinds of jobs, known to workers and to their page)
