from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Figures")

    def ready(self) -> None:
        from reports import receivers  # noqa: F401  (figures follow what is logged)
        from reports.actions import closed_periods, merge_rules  # noqa: F401  (issued periods; figures stay behind in merges)
        from reports.jobs import contacts, digests, policies, rechecks, refreshing, risks, snapshots  # noqa: F401  (kinds of jobs, known to workers and to their page)
