"""Partners, people and posts in offline workbooks: which of them a unit takes along, and how its cells become records."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.actions.records import archive_record
from crm.api.serializers import ReferenceField, StrictSerializer
from crm.api.views import set_values
from crm.choices import Confidentiality, Language
from crm.models import Country, Field, Unit, User
from crm.text import fold
from crm.workbooks.cells import Cell, ChoiceCell, ChoicesCell, DayCell, NumberCell, RecordCell
from crm.workbooks.sheets import Link, Nouns, Sheet, SheetColumn, Values, Vocabularies, register_sheet
from crm.workbooks.tables import codes_of, kept_links, last_versions, linked_codes, of_choices, of_table, plain_values, public_ids
from crm.workbooks.words import Words
from partners.actions.partners import archive_partner, save_partner
from partners.actions.people import archive_person, check_rights, save_person, save_post
from partners.api.partners import PartnerIn
from partners.api.people import PersonIn, PostIn
from partners.choices import Consent, NameOrder, PartnerStatus
from partners.models import Partner, PartnerKind, Person, Post, Stewardship

# What may leave in a workbook, and be said in one.
_OPEN_LEVELS = [choice for choice in Confidentiality.choices if choice[0] != Confidentiality.RESTRICTED]

Vocabularies.makers |= {
    "partner_kind": of_table(PartnerKind.objects.all, words=("label_vi", "label_en")),
    "partner_status": of_choices(PartnerStatus.choices),
    "language": of_choices(Language.choices),
    "name_order": of_choices(NameOrder.choices),
    "consent": of_choices(Consent.choices),
    "confidentiality": of_choices(_OPEN_LEVELS),
}


class PartnersSheet(Sheet):
    """The partners that the units entered or keep."""

    place = 10
    code, noun, title, model, body = "partners", "partner", _("Partners"), Partner, PartnerIn
    links = (Link(Partner.fields.through, "partner"),)
    columns = (
        SheetColumn("name", _("Name"), Cell(width=44), tells_apart=True, is_needed=True),
        SheetColumn("kind", _("Kind"), ChoiceCell(name="partner_kind", width=26), is_needed=True),
        SheetColumn("country", _("Country"), ChoiceCell(name="country", width=20), hint=_("Empty for a body of many countries.")),
        SheetColumn("city", _("City"), Cell(width=20)),
        SheetColumn("website", _("Website"), Cell(width=28), hint=_("Begins with https:// or http://.")),
        SheetColumn("founded_year", _("Founded in"), NumberCell()),
        SheetColumn("friend_since", _("Friend since"), NumberCell()),
        SheetColumn("fields", _("Fields of cooperation"), ChoicesCell(name="field"), hint=_("Several are parted by semicolons.")),
        SheetColumn("status", _("Status"), ChoiceCell(name="partner_status", width=18)),
        SheetColumn("name_language", _("Language of the name"), ChoiceCell(name="language", width=16)),
    )

    def rows(self, units: Sequence[Unit], by: User) -> QuerySet[Partner]:
        return of_units(units).order_by("sort_key", "id")

    def values(self, rows: Sequence[Any], words: Words) -> list[Values]:
        fields = Partner.fields.through.objects.filter(partner__in=[row.pk for row in rows]).order_by("field__bit")
        codes = linked_codes(fields.values_list("partner_id", "field__code"))
        return [{**values, "fields": codes.get(row.pk, [])} for row, values in zip(rows, self._plain(rows), strict=True)]

    def versions(self, revisions: Mapping[int, int], words: Words) -> dict[int, Values]:
        found = last_versions(Partner, revisions)
        fields = kept_links(Partner, "fields", found.values(), codes_of(Field))
        versions = list(found.values())
        return {
            version.id: {**values, "fields": fields.get(version.history_id, [])}
            for version, values in zip(versions, self._plain(versions), strict=True)
        }

    def write(self, record: Any, given: Values, *, unit: Unit, by: User) -> None:
        fields = given.pop("fields", None)
        set_values(record, given)
        save_partner(record, by=by, fields=fields, lead_unit=unit if record.is_new else None)

    def archive(self, record: Any, *, by: User) -> None:
        archive_partner(record, by=by)

    def resembling(self, values: Values, *, by: User) -> Any | None:
        """A partner of the same country one of whose names is the same, folded."""
        name = fold(str(values.get("name", "")))
        country = values.get("country")
        of_country = Q(country__alpha2=country) if isinstance(country, str) else Q(country__isnull=True)
        return Partner.objects.live().filter(of_country, _called(name)).order_by("id").first() if name else None

    def _plain(self, rows: Sequence[Any]) -> list[Values]:
        return plain_values(self, rows, {"kind": codes_of(PartnerKind), "country": codes_of(Country, "alpha2")})


class PeopleSheet(Sheet):
    """People whom the units entered, or who hold a post at one of their partners; never restricted ones, never notes on them."""

    place = 20
    code, noun, title, model, body = "people", "person", _("People"), Person, PersonIn
    columns = (
        SheetColumn("full_name", _("Name as on the card"), Cell(width=30), tells_apart=True, is_needed=True),
        SheetColumn("latin_name", _("Name in Latin letters"), Cell()),
        SheetColumn("native_name", _("Name in own script"), Cell()),
        SheetColumn("family_name", _("Family name"), Cell(width=16)),
        SheetColumn("middle_name", _("Middle name or patronymic"), Cell(width=16)),
        SheetColumn("given_name", _("Given name"), Cell(width=16)),
        SheetColumn("name_order", _("Order of the name"), ChoiceCell(name="name_order", width=20)),
        SheetColumn("how_to_address", _("How to address"), Cell(width=20)),
        SheetColumn("salutation_en", _("Salutation in English"), Cell(width=20)),
        SheetColumn("country", _("Country"), ChoiceCell(name="country", width=18)),
        SheetColumn("languages", _("Languages"), Cell(width=16)),
        SheetColumn("email", _("E-mail"), Cell()),
        SheetColumn("phone", _("Phone"), Cell(width=18)),
        SheetColumn("purpose", _("Kept for"), Cell()),
        SheetColumn("consent", _("Ground for keeping"), ChoiceCell(name="consent", width=22)),
        SheetColumn("consent_on", _("Consent given or withdrawn on"), DayCell()),
        SheetColumn("review_on", _("Review whether still needed on"), DayCell()),
        SheetColumn("confidentiality", _("Who may see"), ChoiceCell(name="confidentiality", width=20)),
    )

    def rows(self, units: Sequence[Unit], by: User) -> QuerySet[Person]:
        return people_of(units, by).order_by("sort_key", "id")

    def values(self, rows: Sequence[Any], words: Words) -> list[Values]:
        return plain_values(self, rows, {"country": codes_of(Country, "alpha2")})

    def versions(self, revisions: Mapping[int, int], words: Words) -> dict[int, Values]:
        versions = list(last_versions(Person, revisions).values())
        return {version.id: values for version, values in zip(versions, self.values(versions, words), strict=True)}

    def write(self, record: Any, given: Values, *, unit: Unit, by: User) -> None:
        set_values(record, given)
        if record.is_new:
            record.unit = unit
        save_person(record, by=by)

    def archive(self, record: Any, *, by: User) -> None:
        archive_person(record, by=by)


class PostsSheet(Sheet):
    """The posts that these people hold or held."""

    place = 30
    code, title, model, body = "posts", _("Posts"), Post, PostIn
    columns = (
        SheetColumn("person", _("Person"), RecordCell(noun="person"), tells_apart=True, is_needed=True),
        SheetColumn("partner", _("Partner"), RecordCell(noun="partner", width=44), tells_apart=True, is_needed=True),
        SheetColumn("title_vi", _("Title in Vietnamese"), Cell(width=30), hint=_("A title is needed in at least one language.")),
        SheetColumn("title_en", _("Title in English"), Cell(width=30)),
        SheetColumn("title_native", _("Title in own language"), Cell(width=30)),
        SheetColumn("rank", _("Place in protocol order"), NumberCell()),
        SheetColumn("valid_from", _("From"), DayCell()),
        SheetColumn("valid_to", _("Until"), DayCell(), hint=_("First day it no longer holds; empty: still does.")),
    )

    def rows(self, units: Sequence[Unit], by: User) -> QuerySet[Post]:
        return Post.objects.live().filter(person__in=people_of(units, by).values("pk")).order_by("person__sort_key", "rank", "id")

    def values(self, rows: Sequence[Any], words: Words) -> list[Values]:
        people = public_ids(Person, [row.person_id for row in rows])
        partners = public_ids(Partner, [row.partner_id for row in rows])
        return plain_values(self, rows, {"person": people, "partner": partners})

    def versions(self, revisions: Mapping[int, int], words: Words) -> dict[int, Values]:
        versions = list(last_versions(Post, revisions).values())
        return {version.id: values for version, values in zip(versions, self.values(versions, words), strict=True)}

    def to_send(self, values: Values, *, current: Values) -> Values:
        """The body of a post is always whole: its rules are about several fields together. The person stands beside it."""
        whole = {**current, **values}
        return {
            name: value for name, value in whole.items() if name != "person" and (value is not None or name in ("valid_from", "valid_to"))
        }

    def store(self, record: Any, values: Values, *, current: Values, unit: Unit, by: User) -> None:
        record.person = person_named(values.get("person", current.get("person")), by=by)
        super().store(record, values, current=current, unit=unit, by=by)

    def write(self, record: Any, given: Values, *, unit: Unit, by: User) -> None:
        set_values(record, given)
        save_post(record, by=by)

    def archive(self, record: Any, *, by: User) -> None:
        check_rights(record.person, by=by)
        archive_record(record, by=by)


class _PersonNamed(StrictSerializer):
    """What the address of a person says in the API."""

    person = ReferenceField(Person.objects.visible_to, key="public_id")


def of_units(units: Sequence[Unit]) -> QuerySet[Partner]:
    """Partners in use that the units entered or keep today."""
    kept = Stewardship.objects.current().filter(unit__in=units).values("partner")
    return Partner.objects.live().filter(Q(unit__in=units) | Q(pk__in=kept))


def people_of(units: Sequence[Unit], by: User) -> QuerySet[Person]:
    """People in use whom the account may see: of the units, or in a post at one of their partners."""
    at_partners = Post.objects.live().filter(partner__in=of_units(units).values("pk")).values("person")
    visible = Person.objects.visible_to(by).live().exclude(confidentiality=Confidentiality.RESTRICTED)
    return visible.filter(Q(unit__in=units) | Q(pk__in=at_partners))


def person_named(public_id: Any, *, by: User) -> Person:
    """The person that a post is of. Raises what the body of the API raises for an unknown one."""
    body = _PersonNamed(data={} if public_id is None else {"person": public_id}, context={"request": SimpleNamespace(user=by)})
    body.is_valid(raise_exception=True)
    person: Person = body.validated_data["person"]
    return person


def _called(name: str) -> Q:
    """One of the names is this one, folded."""
    first, between = Q(search_key=name) | Q(search_key__startswith=f"{name}\n"), Q(search_key__contains=f"\n{name}\n")
    return first | between | Q(search_key__endswith=f"\n{name}")


def _partner_labels(ids: Iterable[UUID]) -> dict[str, str]:
    return {str(public_id): name for public_id, name in Partner.objects.filter(public_id__in=list(ids)).values_list("public_id", "name")}


def _person_labels(ids: Iterable[UUID]) -> dict[str, str]:
    return {
        str(public_id): name for public_id, name in Person.objects.filter(public_id__in=list(ids)).values_list("public_id", "full_name")
    }


def _found(rows: Any, texts: Iterable[str]) -> dict[str, list[str]]:
    """By text, the records in use one of whose names it is; texts that name none are left out."""
    wanted = {text: fold(text) for text in texts if fold(text)}
    names = Q(pk__in=[])
    for name in set(wanted.values()):
        names |= _called(name)
    found: dict[str, list[str]] = {}
    for public_id, key in rows.live().filter(names).values_list("public_id", "search_key") if wanted else ():
        called = set(key.split("\n"))
        for text, name in wanted.items():
            if name in called:
                found.setdefault(text, []).append(str(public_id))
    return found


Nouns.labels |= {"partner": _partner_labels, "person": _person_labels}
Nouns.found |= {
    "partner": lambda texts, by: _found(Partner.objects.visible_to(by), texts),
    "person": lambda texts, by: _found(Person.objects.visible_to(by), texts),
}
register_sheet(PartnersSheet())
register_sheet(PeopleSheet())
register_sheet(PostsSheet())
