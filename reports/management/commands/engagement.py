from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from crm.text import fold
from partners.models import Partner
from reports.management.arguments import add_as_of, as_json, mistakes_as_messages
from reports.metrics.documents import engagement_document

MOST_NAMED = 10


class Command(BaseCommand):
    help = "Show the engagement with one partner as of a day, with the ledger of exchanges that adds up to it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("partner", metavar="PARTNER", help=_("identifier, or a name that only one partner has"))
        add_as_of(parser)
        parser.add_argument("--json", action="store_true", help=_("as JSON"))

    def handle(self, *, partner: str, as_of: date, json: bool, **options: Any) -> None:
        with mistakes_as_messages():
            document = engagement_document(_find(partner), as_of)
        if json:
            self.stdout.write(as_json(document))
            return
        self._show(document)

    def _show(self, document: dict[str, Any]) -> None:
        self.stdout.write(f"{document['name']} · {document['as_of']} · {document['policy']}")
        if document["E"] is None:
            self.stdout.write(_("No data: no exchange that counts up to this day."))
            return
        self.stdout.write(f"E = {document['E']:.2f}   EI = {document['EI']:.1f}")
        for row in document["ledger"]:
            sum_up = f"{row['counted']:>6.2f} × {row['weight']:.4f} = {row['adds']:>6.2f}"
            self.stdout.write(f"  {row['day']}  {sum_up}  {row['kind']}  {row['exchange']}")


def _find(words: str) -> Partner:
    """Return the partner meant: by identifier, else by a name it alone has, else by words only its names contain."""
    if identifier := _as_identifier(words):
        if partner := Partner.objects.filter(public_id=identifier).first():
            return partner
        raise CommandError(_("There is no partner with the identifier %(id)s.") % {"id": identifier})
    found = list(Partner.objects.live().search(words)) if fold(words) else []
    exact = [partner for partner in found if fold(words) in partner.search_key.split("\n")]
    match exact or found:
        case [partner]:
            return partner
        case []:
            raise CommandError(_("There is no partner named “%(words)s”.") % {"words": words})
        case several:
            names = [f"  {partner.public_id}  {partner.name}" for partner in several[:MOST_NAMED]]
            message = _("“%(words)s” names %(count)d partners; give one identifier:") % {"words": words, "count": len(several)}
            raise CommandError("\n".join([message, *names]))


def _as_identifier(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
