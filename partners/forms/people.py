from collections.abc import Iterable
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.forms import Combobox, RecordForm
from crm.models import Country, User
from partners.actions.duplicate_scans import similar_people
from partners.actions.people import save_person, save_post
from partners.forms.fields import DayField, PlainKeysMixin
from partners.forms.warnings import Warning, WarningsMixin
from partners.models import Partner, Person, Post
from partners.names import propose_parts

POST_FIELDS = ["partner", "title_vi", "title_en", "title_native", "rank", "valid_from", "valid_to"]


# So many people who may be the same are named; more would be no help.
PEOPLE_NAMED = 6
NAME_PARTS = ("family_name", "middle_name", "given_name", "name_order")


class PersonForm(WarningsMixin, PlainKeysMixin, RecordForm):
    """A person on a partner's side; for a new one ``post`` beside it asks for the post held at a partner.

    The card name and the country propose the parts of the name (``NameParts``), which stay free to be corrected.
    """

    instance: Person
    fields: dict[str, Any]

    class Meta:
        model = Person
        fields = [
            "full_name", "country", *NAME_PARTS, "latin_name", "native_name", "how_to_address", "salutation_en",
            "salutation_native", "languages", "email", "phone", "protocol_notes", "confidentiality", "purpose", "consent",
            "consent_on", "review_on",
        ]  # fmt: skip
        field_classes = {"review_on": DayField, "consent_on": DayField}
        widgets = {"protocol_notes": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "how_to_address": _("Title or form before the name, such as “Ngài Đại sứ”. The name itself is added."),
            "languages": _("Codes or names, the best one first."),
            "purpose": _("What the data are needed for."),
            "review_on": _("On this day the list of people asks whether the data are still needed."),
        }

    def __init__(self, data: Any = None, *args: Any, partner: Partner | None = None, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.post: PostForm | None = None
        self.fields["consent"].required = False  # Left out it stays what it was, at first “not asked yet”.
        for name in ("full_name", "country"):
            self.fields[name].widget.attrs |= ASKS_FOR_PARTS | {"hx-get": reverse("partners:name-parts")}
        if not self.instance.pk:
            self.post = PostForm(data, by=self.by, prefix="post", initial={"partner": partner and partner.public_id}, is_optional=True)
            if partner is not None and data is None:
                self.initial["country"] = partner.country_id

    @property
    def split_name(self) -> str:
        """The card name that the parts on the page were proposed from."""
        return str(self.data.get("split_name", "")) if self.is_bound else self.instance.full_name

    @property
    def split_country(self) -> str:
        if self.is_bound:
            return str(self.data.get("split_country", ""))[:2]
        return self.instance.country.alpha2 if self.instance.country else ""

    def is_valid(self) -> bool:
        post_is_valid = self.post is None or self.post.is_valid()
        return super().is_valid() and post_is_valid

    def find_warnings(self) -> list[Warning]:
        if self.instance.pk and not {"full_name", "latin_name", "native_name"} & set(self.changed_data):
            return []
        held = Post.objects.live().filter(person=self.instance.pk).values_list("partner", flat=True) if self.instance.pk else []
        asked = [self.post.instance.partner_id] if self.post is not None and self.post.instance.partner_id else []
        return likely_people_warning(self.instance, partners=[*held, *asked], by=self.by)

    def save(self, commit: bool = True) -> Person:
        post = self.post.instance if self.post is not None and self.post.has_changed() else None
        person: Person = save_person(self.instance, by=self.by, post=post)
        return person


# Changing the card name or the country asks for a new proposal. Nothing else of the form travels along.
ASKS_FOR_PARTS = {
    "hx-trigger": "change",
    "hx-target": "#name-parts",
    "hx-swap": "outerHTML",
    "hx-include": "#id_full_name, #id_country, #name-parts",
}


class NamePartsForm(forms.Form):
    """What the page sends to have the parts of a name proposed: the card, what was proposed last, and what stands there."""

    full_name = forms.CharField(max_length=200, required=False)
    country = forms.ModelChoiceField(Country.objects.all(), required=False)
    split_name = forms.CharField(max_length=200, required=False)
    split_country = forms.CharField(max_length=2, required=False)
    family_name = forms.CharField(max_length=100, required=False)
    middle_name = forms.CharField(max_length=100, required=False)
    given_name = forms.CharField(max_length=100, required=False)
    name_order = forms.CharField(max_length=12, required=False)

    def parts(self) -> dict[str, str]:
        """The parts to show: a new proposal, unless somebody has corrected the last one; then what stands there."""
        told = self.cleaned_data
        standing = {name: told.get(name) or "" for name in NAME_PARTS}
        last = proposed(told.get("split_name") or "", told.get("split_country") or None)
        untouched = not any(standing[name] for name in NAME_PARTS[:3]) or standing == last
        return proposed(told.get("full_name") or "", self.country_code) if untouched else standing

    @property
    def country_code(self) -> str | None:
        country = self.cleaned_data.get("country")
        return country.alpha2 if country else None


def proposed(full_name: str, country: str | None) -> dict[str, str]:
    parts = propose_parts(full_name, country)
    return dict(zip(NAME_PARTS, (parts.family, parts.middle, parts.given, str(parts.order)), strict=True))


def likely_people_warning(person: Person, *, partners: Iterable[int], by: User) -> list[Warning]:
    """People in use who may be the one entered: of one of the names in any spelling, or of a name like it.

    ``partners``: at which the person entered holds a post; a name that is only alike counts where such a thing agrees too.
    """
    seen = Person.objects.visible_to(by).live()
    namesakes = seen.namesakes(person).select_related("country")[:PEOPLE_NAMED]
    alike = similar_people(person, partners=partners, among=seen)
    likely = list(dict.fromkeys([*namesakes, *alike]))[:PEOPLE_NAMED]
    if not likely:
        return []
    links = tuple((other.get_absolute_url(), f"{other.full_name}{f' · {other.country}' if other.country else ''}") for other in likely)
    return [Warning(str(_("A person of this name is recorded.")), links)]


class PostForm(PlainKeysMixin, RecordForm):
    """A post of a person at a partner."""

    instance: Post
    fields: dict[str, Any]

    partner = forms.ModelChoiceField(
        label=_("Partner"), queryset=Partner.objects.none(), to_field_name="public_id", widget=Combobox("partners:partner-options")
    )

    class Meta:
        model = Post
        fields = POST_FIELDS
        field_classes = {"valid_from": DayField, "valid_to": DayField}
        labels = {
            "title_vi": _("Post in Vietnamese"),
            "title_en": _("Post in English"),
            "title_native": _("Post in own language"),
            "valid_from": _("In post from"),
            "valid_to": _("In post until"),
            "rank": _("Place in protocol order"),
        }
        help_texts = {"rank": _("1 stands first in lists; equal numbers keep the order of entry."), "valid_from": "", "valid_to": ""}

    def __init__(self, data: Any = None, *args: Any, is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.fields["partner"].queryset = Partner.objects.visible_to(self.by).live()
        if is_optional:
            self.empty_permitted = True
            self.use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("valid_from") and cleaned.get("valid_to") and cleaned["valid_to"] <= cleaned["valid_from"]:
            self.add_error("valid_to", _("The end must come after the start."))
        return cleaned

    def has_changed(self) -> bool:
        """Whether a post was given at all: the prefilled partner and place alone are none."""
        return bool({"title_vi", "title_en", "title_native", "valid_from", "valid_to"} & set(self.changed_data))

    def save(self, commit: bool = True) -> Post:
        post: Post = save_post(self.instance, by=self.by)
        return post
