"""Exchanges and follow-ups in offline workbooks: which of them a unit takes along, and how its cells become records."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from activities.actions.exchanges import archive_exchange, change_exchange, log_exchange
from activities.actions.follow_ups import close_follow_up, save_follow_up
from activities.api.exchange_bodies import ExchangeIn
from activities.api.follow_ups import FollowUpIn
from activities.choices import Direction, ExchangeStatus, FollowUpState, Level, Sides
from activities.models import Exchange, ExchangeKind, ExchangeUnit, FollowUp, Participation
from crm.actions.records import archive_record
from crm.api.serializers import words_of
from crm.api.views import set_values
from crm.choices import Confidentiality
from crm.models import Country, Field, PolicyDocument, Province, Unit, User
from crm.workbooks.cells import Cell, ChoiceCell, ChoicesCell, DayCell, NumberCell, RecordCell, RecordsCell
from crm.workbooks.sheets import Link, Nouns, Sheet, SheetColumn, Values, Vocabularies, register_sheet
from crm.workbooks.tables import codes_of, kept_links, last_versions, linked_codes, of_choices, of_table, plain_values, public_ids
from crm.workbooks.words import Words
from crm.written import read_day
from partners.models import Partner

Vocabularies.makers |= {
    "exchange_kind": of_table(ExchangeKind.objects.all, words=("label_vi", "label_en")),
    "direction": of_choices(Direction.choices),
    "level": of_choices(words_of(Level)),
    "sides": of_choices(Sides.choices),
    "exchange_status": of_choices(ExchangeStatus.choices),
    "follow_up_state": of_choices(FollowUpState.choices),
}


class ExchangesSheet(Sheet):
    """The exchanges that the units hosted; never restricted ones."""

    place = 40
    code, noun, title, model, body = "exchanges", "exchange", _("Exchanges"), Exchange, ExchangeIn
    links = (
        Link(Exchange.fields.through, "exchange"),
        Link(Exchange.provinces.through, "exchange"),
        Link(ExchangeUnit, "exchange"),
        Link(Participation, "exchange"),
    )
    columns = (
        SheetColumn("starts_on", _("Day"), DayCell(), tells_apart=True, is_needed=True),
        SheetColumn("ends_on", _("Last day"), DayCell()),
        SheetColumn("kind", _("Kind"), ChoiceCell(name="exchange_kind", width=26), is_needed=True),
        SheetColumn("title", capfirst(_("title")), Cell(width=40), tells_apart=True),
        SheetColumn(
            "partners", _("Partners"), RecordsCell(noun="partner"), is_needed=True, hint=_("In protocol order, parted by semicolons.")
        ),
        SheetColumn("direction", _("Direction"), ChoiceCell(name="direction", width=18)),
        SheetColumn("level", _("Level"), ChoiceCell(name="level", width=20)),
        SheetColumn("sides", _("Who took part"), ChoiceCell(name="sides", width=22)),
        SheetColumn("status", _("Status"), ChoiceCell(name="exchange_status", width=12)),
        SheetColumn("place", _("Place"), Cell()),
        SheetColumn("country", _("Held in"), ChoiceCell(name="country", width=18)),
        SheetColumn("provinces", _("Provinces"), ChoicesCell(name="province", width=24), hint=_("Several are parted by semicolons.")),
        SheetColumn("people_count", _("Number of people"), NumberCell()),
        SheetColumn("fields", _("Fields of cooperation"), ChoicesCell(name="field"), hint=_("Several are parted by semicolons.")),
        SheetColumn("outcome", _("Outcome"), Cell(width=50)),
        SheetColumn("summary", _("Summary"), Cell(width=50)),
        SheetColumn("policy_document", _("Serves the directive"), ChoiceCell(name="policy_document", width=30)),
        SheetColumn("confidentiality", _("Who may see"), ChoiceCell(name="confidentiality", width=20)),
    )

    def rows(self, units: Sequence[Unit], by: User) -> QuerySet[Exchange]:
        return exchanges_of(units, by).order_by("-starts_on", "-id")

    def values(self, rows: Sequence[Any], words: Words) -> list[Values]:
        pks = [row.pk for row in rows]
        fields = linked_codes(
            Exchange.fields.through.objects.filter(exchange__in=pks).order_by("field__bit").values_list("exchange_id", "field__code")
        )
        provinces = linked_codes(
            Exchange.provinces.through.objects.filter(exchange__in=pks)
            .order_by("province__sort_key")
            .values_list("exchange_id", "province__slug")
        )
        named = Participation.objects.filter(exchange__in=pks).order_by("rank", "id")
        partners = linked_codes(named.values_list("exchange_id", "partner__public_id"))
        return [
            {**values, "fields": fields.get(row.pk, []), "provinces": provinces.get(row.pk, []), "partners": partners.get(row.pk, [])}
            for row, values in zip(rows, self._plain(rows), strict=True)
        ]

    def versions(self, revisions: Mapping[int, int], words: Words) -> dict[int, Values]:
        found = last_versions(Exchange, revisions)
        fields = kept_links(Exchange, "fields", found.values(), codes_of(Field))
        provinces = kept_links(Exchange, "provinces", found.values(), codes_of(Province, "slug"))
        partners = _partners_then(revisions)
        versions = list(found.values())
        return {
            version.id: {
                **values,
                "fields": fields.get(version.history_id, []),
                "provinces": provinces.get(version.history_id, []),
                "partners": partners.get(version.id, []),
            }
            for version, values in zip(versions, self._plain(versions), strict=True)
        }

    def write(self, record: Any, given: Values, *, unit: Unit, by: User) -> None:
        related = {name: given.pop(name) for name in ("partners", "fields", "provinces") if name in given}
        set_values(record, given)
        if record.is_new:
            record.host_unit = unit
            log_exchange(record, by=by, **related)
        else:
            change_exchange(record, by=by, **related)

    def archive(self, record: Any, *, by: User) -> None:
        archive_exchange(record, by=by)

    def _plain(self, rows: Sequence[Any]) -> list[Values]:
        codes = {"kind": codes_of(ExchangeKind), "country": codes_of(Country, "alpha2"), "policy_document": codes_of(PolicyDocument)}
        listed = plain_values(self, rows, codes)
        return [{**values, "level": Level(row.level).name.lower()} for row, values in zip(rows, listed, strict=True)]


class FollowUpsSheet(Sheet):
    """The follow-ups of the units; never restricted ones."""

    place = 50
    code, title, model, body = "follow-ups", _("Follow-ups"), FollowUp, FollowUpIn
    columns = (
        SheetColumn("text", _("What is to be done"), Cell(width=50), tells_apart=True, is_needed=True),
        SheetColumn("due_on", _("Due on"), DayCell()),
        SheetColumn("exchange", _("Exchange"), RecordCell(noun="exchange", width=44), hint=_("As on the sheet of exchanges: day · title.")),
        SheetColumn("partner", _("Partner"), RecordCell(noun="partner", width=40)),
        SheetColumn("state", _("State"), ChoiceCell(name="follow_up_state", width=12)),
        SheetColumn("remark", _("Remark"), Cell(width=40)),
        SheetColumn("confidentiality", _("Who may see"), ChoiceCell(name="confidentiality", width=20)),
    )

    def rows(self, units: Sequence[Unit], by: User) -> QuerySet[FollowUp]:
        visible = FollowUp.objects.visible_to(by).live().exclude(confidentiality=Confidentiality.RESTRICTED)
        return visible.filter(unit__in=units).order_by("due_on", "id")

    def values(self, rows: Sequence[Any], words: Words) -> list[Values]:
        exchanges = public_ids(Exchange, [row.exchange_id for row in rows])
        partners = public_ids(Partner, [row.partner_id for row in rows])
        return plain_values(self, rows, {"exchange": exchanges, "partner": partners})

    def versions(self, revisions: Mapping[int, int], words: Words) -> dict[int, Values]:
        versions = list(last_versions(FollowUp, revisions).values())
        return {version.id: values for version, values in zip(versions, self.values(versions, words), strict=True)}

    def write(self, record: Any, given: Values, *, unit: Unit, by: User) -> None:
        state = given.pop("state", record.state)
        set_values(record, given)
        if record.is_new:
            record.unit = unit
        if record.is_new or given:
            save_follow_up(record, by=by)
        if state != record.state:
            close_follow_up(record, by=by, state=state)

    def archive(self, record: Any, *, by: User) -> None:
        archive_record(record, by=by)


def exchanges_of(units: Sequence[Unit], by: User) -> QuerySet[Exchange]:
    """Exchanges in use that the units hosted, as far as the account may see them, without restricted ones."""
    visible = Exchange.objects.visible_to(by).live().exclude(confidentiality=Confidentiality.RESTRICTED)
    return visible.filter(host_unit__in=units)


def _partners_then(revisions: Mapping[int, int]) -> dict[int, list[str]]:
    """The partners of exchanges, in protocol order, as they were until the next revision was begun: ``later`` says when."""
    later: dict[int, Any] = {}
    versions = Exchange.history.filter(id__in=list(revisions)).order_by("history_date", "history_id")
    for pk, revision, at in versions.values_list("id", "revision", "history_date"):
        if revision > revisions[pk]:
            later.setdefault(pk, at)
    rows: dict[int, tuple[int, int, int]] = {}
    history = Participation.history.filter(exchange__in=list(revisions)).order_by("history_date", "history_id")
    for row in history:
        if row.exchange_id in later and row.history_date >= later[row.exchange_id]:
            continue
        rows.pop(row.id, None)
        if row.history_type != "-":
            rows[row.id] = (row.exchange_id, row.rank, row.partner_id)
    named = public_ids(Partner, [partner for _exchange, _rank, partner in rows.values()])
    return linked_codes((exchange, named[partner]) for exchange, _rank, partner in sorted(rows.values()) if partner in named)


def _exchange_labels(ids: Iterable[UUID]) -> dict[str, str]:
    exchanges = Exchange.objects.filter(public_id__in=list(ids)).select_related("kind")
    return {str(exchange.public_id): exchange_label(exchange) for exchange in exchanges}


def exchange_label(exchange: Exchange) -> str:
    """Day and title, as the row of the sheet of exchanges tells them."""
    return f"{exchange.starts_on:%d/%m/%Y} · {exchange.title or exchange.kind}"


def _found_exchanges(texts: Iterable[str], by: User) -> dict[str, list[str]]:
    """Exchanges by day and title. What is called otherwise is not looked for: a title alone may be many."""
    wanted: dict[str, tuple[Any, str]] = {}
    for text in texts:
        written, _dot, title = (part.strip() for part in text.partition("·"))
        if title and (read := read_day(written, today=localdate())):
            wanted[text] = (read.day, title)
    named = Exchange.objects.visible_to(by).live().filter(title__in={title for _day, title in wanted.values()})
    found: dict[str, list[str]] = {}
    for public_id, day, title in named.values_list("public_id", "starts_on", "title"):
        for text, told in wanted.items():
            if told == (day, title):
                found.setdefault(text, []).append(str(public_id))
    return found


Nouns.labels["exchange"] = _exchange_labels
Nouns.found["exchange"] = _found_exchanges
register_sheet(ExchangesSheet())
register_sheet(FollowUpsSheet())
