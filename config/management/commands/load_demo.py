from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from config.demo.accounts import account_table
from config.demo.loading import holds_real_partners, is_loaded, load
from crm.models import Unit


class Command(BaseCommand):
    help = "Load invented partners, people and exchanges with accounts to try them. A second run adds nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="also into a database with real partners, or on a site served over https")

    def handle(self, *args: Any, force: bool = False, **options: Any) -> None:
        if is_loaded():
            self.stdout.write(_("The demo data are already there; nothing was added."))
        else:
            self._refuse_where_real(force=force)
            loaded = load(timezone.localdate())
            self.stdout.write(
                _("Demo data: %(partners)d partners, %(people)d people, %(exchanges)d exchanges, %(follow_ups)d follow-ups.")
                % asdict(loaded)
            )
        self.stdout.write(account_table())

    def _refuse_where_real(self, *, force: bool) -> None:
        """Accounts whose password is printed in a public file must not come among real data by mistake."""
        if not Unit.objects.exists():
            raise CommandError(_("There are no reference data yet. Run: manage.py sync_reference_data"))
        if holds_real_partners() and not force:
            raise CommandError(
                _("This database holds real partners, so the demo data were not loaded. Start with NO_DEMO=1, or use load_demo --force.")
            )
        if settings.HTTPS and not settings.SANDBOX and not force:
            raise CommandError(_("This site is served over https. Demo accounts have a known password; if you mean it: load_demo --force."))
