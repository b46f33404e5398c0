from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Partners")

    def ready(self) -> None:
        from partners import (  # noqa: F401  (what changes is told; keys follow names; all can be found; nightly scan)
            feed,
            receivers,
            search,
            tasks_duplicates,
            workbooks,
        )
        from partners.actions import known, linked  # noqa: F401  (keys follow the names as known on a day; shares with a key)
        from partners.resources import nouns  # noqa: F401  (lists bring partners and people)
