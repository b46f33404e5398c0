"""Begin a new life of the change feed, after a backup was restored."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from crm.feed.keeping import renew_feed


class Command(BaseCommand):
    help = "After a backup was restored: drop the entries of the change feed, and lead every reader to a new first sync."

    def handle(self, *args: Any, **options: Any) -> None:
        generation = renew_feed()
        self.stdout.write(
            _("The change feed begins anew (%(generation)d). Every reader is asked to read everything once more.")
            % {"generation": generation}
        )
