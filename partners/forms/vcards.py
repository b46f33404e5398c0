"""Bringing cards: the file or the pasted text, then each card to be looked at, corrected and ticked."""

import unicodedata
from typing import Any, cast

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.forms import Combobox
from crm.models import ChangeSet, Country, User
from crm.text import fold
from partners.actions.vcards import NewPerson, import_people, person_of
from partners.choices import NameOrder
from partners.forms.fields import PlainKeysMixin
from partners.models import Partner, Person, Post
from partners.vcards.cards import language_of
from partners.vcards.read import MOST_CARDS, ReadCard, Reading, read_cards

MOST_PASTED = 500_000
PREFIX = "cards"
TITLE_LANGUAGES = {"vi": "title_vi", "en": "title_en"}
# The letter đ, and the breve, horn, hook and dot below of decomposed letters: hardly any other language has them.
_VIETNAMESE = frozenset("đ\u0306\u031b\u0309\u0323")


class CardsForm(PlainKeysMixin, forms.Form):
    """Where the cards come from."""

    file = forms.FileField(label=_("A file of cards (.vcf)"), required=False, allow_empty_file=True)
    pasted = forms.CharField(
        label=_("… or pasted here"), max_length=MOST_PASTED, required=False, strip=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    country = forms.ModelChoiceField(
        label=_("Country of the people"), queryset=Country.objects.all(), required=False,
        help_text=_("For all cards; tells in which order their names stand."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("file") and not (cleaned.get("pasted") or "").strip():
            self.add_error("file", _("Choose a file, or paste cards."))
        return cleaned

    def reading(self) -> Reading:
        told = self.cleaned_data
        return read_cards(told["file"].read() if told.get("file") else told["pasted"].encode("utf-8", "replace"))

    @property
    def source(self) -> str:
        return str(self.cleaned_data["file"].name) if self.cleaned_data.get("file") else ""


class KnownCombobox(Combobox):
    """A box whose first choice has been read with those of all other rows."""

    known: tuple[Any, str] | None = None

    def _chosen(self, value: Any) -> list[tuple[Any, str]]:
        return [self.known] if self.known and str(self.known[0]) == str(value) else super()._chosen(value)


class CardRowForm(PlainKeysMixin, forms.Form):
    """One card as it would be recorded. Without its tick nothing becomes of it."""

    fields: dict[str, Any]
    _errors: Any

    take = forms.BooleanField(label=_("Record"), required=False)
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=100_000)
    full_name = forms.CharField(label=_("Name as on the card"), max_length=200, required=False)
    partner = forms.ModelChoiceField(
        label=_("Partner"), queryset=Partner.objects.none(), to_field_name="public_id", required=False,
        widget=KnownCombobox("partners:partner-options"),
    )  # fmt: skip
    organisation = forms.CharField(widget=forms.HiddenInput, max_length=300, required=False)
    title_vi = forms.CharField(label=_("Post in Vietnamese"), max_length=200, required=False)
    title_en = forms.CharField(label=_("Post in English"), max_length=200, required=False)
    title_native = forms.CharField(label=_("Post in own language"), max_length=200, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    family_name = forms.CharField(label=_("Family name"), max_length=100, required=False)
    middle_name = forms.CharField(label=_("Middle name or patronymic"), max_length=100, required=False)
    given_name = forms.CharField(label=_("Given name"), max_length=100, required=False)
    name_order = forms.ChoiceField(label=_("Order of the name"), choices=NameOrder.choices, required=False)
    latin_name = forms.CharField(label=_("Name in Latin letters"), max_length=200, required=False)
    native_name = forms.CharField(label=_("Name in own script"), max_length=200, required=False)
    languages = forms.CharField(label=_("Languages"), max_length=120, required=False)

    PERSON = ("full_name", "email", "phone", "family_name", "middle_name", "given_name", "latin_name", "native_name", "languages")
    TITLES = ("title_vi", "title_en", "title_native")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = Partner.objects.visible_to(by).live()
        if self.initial.get("partner"):
            self.fields["partner"].widget.known = (self.initial["partner"], self.initial["partner_name"])

    def full_clean(self) -> None:
        super().full_clean()
        # A card that is not taken may be as wrong as it is.
        if self.is_bound and not self.cleaned_data.get("take"):
            self._errors.clear()

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if told.get("take"):
            if not told.get("full_name") and "full_name" not in self.errors:
                self.add_error("full_name", forms.ValidationError(_("Give the name."), code="required"))
            if told.get("partner") and not any(told.get(name) for name in self.TITLES):
                self.add_error("title_vi", _("Give the title of the post in at least one language."))
            self._hold_rules_of_people(told)
        return told

    def _hold_rules_of_people(self, told: dict[str, Any]) -> None:
        """What the record itself would refuse is said here, at the place on the card."""
        for name in self.PERSON:
            column: Any = Person._meta.get_field(name)
            try:
                column.run_validators(column.to_python(told.get(name) or ""))
            except forms.ValidationError as error:
                self.add_error(name, error)

    def newcomer(self, country: Country | None) -> NewPerson:
        told = self.cleaned_data
        person = Person(
            country=country, name_order=told["name_order"] or NameOrder.GIVEN_FIRST, **{name: told[name] for name in self.PERSON}
        )
        post = Post(partner=told["partner"], **{name: told[name] for name in self.TITLES}) if told["partner"] else None
        return NewPerson(told["number"], person, post)


class CardRows(forms.BaseFormSet):
    """All cards of the preview. Saved, the ticked ones become one change set."""

    by: User
    country: Country | None = None
    source: str = ""

    def clean(self) -> None:
        if not any(self.errors) and not any(form.cleaned_data.get("take") for form in self.forms):
            raise forms.ValidationError(_("Tick at least one card."), code="none-taken")

    def save(self) -> ChangeSet:
        taken = [form.newcomer(self.country) for form in self.forms if form.cleaned_data.get("take")]
        return import_people(taken, by=self.by, message=self.source[:300])


_CardRows = forms.formset_factory(CardRowForm, formset=CardRows, extra=0, max_num=MOST_CARDS, absolute_max=MOST_CARDS, validate_max=True)


def card_rows(data: Any = None, *, by: User, country: Country | None = None, source: str = "", initial: Any = None) -> CardRows:
    """The rows of a preview, or those that a browser sent back from it."""
    rows: Any = _CardRows(data, initial=initial, prefix=PREFIX, form_kwargs={"by": by})
    rows.by, rows.country, rows.source = by, country, source
    return cast("CardRows", rows)


def initial_rows(reading: Reading, *, country: Country | None, by: User) -> list[dict[str, Any]]:
    """What the preview shows of each card; the partner by its exact name, two queries for all. Known people are not ticked."""
    organisations = {fold(post.organisation) for read in reading.cards for post in read.card.posts[:1] if post.organisation}
    partners: dict[str, Partner] = {}
    wanted = Q(pk__in=[])
    for name in organisations - {""}:
        wanted |= Q(search_key=name) | Q(search_key__startswith=f"{name}\n") | Q(search_key__contains=f"\n{name}")
    for partner in Partner.objects.visible_to(by).live().filter(wanted).order_by("-pk")[:500] if organisations else ():
        partners |= {name: partner for name in partner.search_key.split("\n") if name in organisations}
    return [_initial_row(read, partners, country) for read in reading.cards]


def _initial_row(read: ReadCard, partners: dict[str, Partner], country: Country | None) -> dict[str, Any]:
    card = read.card
    person = person_of(card, country_code=country.alpha2 if country else None)
    post = card.posts[0] if card.posts else None
    partner = partners.get(fold(post.organisation)) if post else None
    row: dict[str, Any] = {name: getattr(person, name) for name in CardRowForm.PERSON}
    for language, title in post.titles.items() if post else ():
        row[TITLE_LANGUAGES.get(language[:2] or _told_by_letters(title), "title_native")] = title[:200]
    return row | {
        "number": read.number,
        "name_order": person.name_order,
        "organisation": post.organisation[:300] if post else "",
        "partner": partner.public_id if partner else None,
        "partner_name": partner.name if partner else "",
    }


def _told_by_letters(title: str) -> str:
    """The language of a title that nobody told: by its script, by Vietnamese letters, else English."""
    marked = set(unicodedata.normalize("NFD", title.lower())) & _VIETNAMESE
    return language_of(title) or ("vi" if marked else "en")


def likely_people(reading: Reading, *, by: User) -> list[list[Person]]:
    """For each card the people on record of one of its names, whom it may be about. One query for all cards."""
    keys = [_keys(read) for read in reading.cards]
    wanted = Q(pk__in=[])
    for key in set().union(*keys) if keys else ():
        wanted |= Q(search_key=key) | Q(search_key__startswith=f"{key}\n") | Q(search_key__contains=f"\n{key}")
    people = list(Person.objects.visible_to(by).live().filter(wanted).select_related("country")[:1000]) if any(keys) else []
    return [[person for person in people if of_card & set(person.search_key.split("\n"))][:3] for of_card in keys]


def _keys(read: ReadCard) -> set[str]:
    return {fold(name) for name in (read.card.full_name, read.card.latin_name, read.card.native_name)} - {""}
