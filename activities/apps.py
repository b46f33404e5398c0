from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = _("Exchanges")

    def ready(self) -> None:
        from activities import (  # noqa: F401  (what changes is told; facts follow what change sets do; exchanges can be found)
            feed,
            receivers,
            search,
            workbooks,
        )
        from activities.actions import known, linked, merge_rules  # noqa: F401  (facts as known; shares with a key; exchanges in merges)
        from activities.api import sources  # noqa: F401  (files of exchanges can be written by workers)
        from activities.resources import agreements, promises  # noqa: F401  (lists can bring agreements and commitments)
