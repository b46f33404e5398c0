from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import Combobox, RecordForm
from partners.actions.people import save_person, save_post
from partners.forms.fields import DayField, PlainKeysMixin
from partners.models import Partner, Person, Post

POST_FIELDS = ["partner", "title_vi", "title_en", "title_native", "rank", "valid_from", "valid_to"]


class PersonForm(PlainKeysMixin, RecordForm):
    """A person on a partner's side; for a new one ``post`` beside it asks for the post held at a partner."""

    instance: Person

    class Meta:
        model = Person
        fields = [
            "full_name", "latin_name", "native_name", "family_name", "given_name", "name_order", "how_to_address",
            "country", "languages", "email", "phone", "protocol_notes", "confidentiality", "review_on",
        ]  # fmt: skip
        field_classes = {"review_on": DayField}
        widgets = {"protocol_notes": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, data: Any = None, *args: Any, partner: Partner | None = None, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.post: PostForm | None = None
        if not self.instance.pk:
            self.post = PostForm(data, by=self.by, prefix="post", initial={"partner": partner and partner.public_id}, is_optional=True)
            if partner is not None and data is None:
                self.initial["country"] = partner.country_id

    def is_valid(self) -> bool:
        post_is_valid = self.post is None or self.post.is_valid()
        return super().is_valid() and post_is_valid

    def save(self, commit: bool = True) -> Person:
        post = self.post.instance if self.post is not None and self.post.has_changed() else None
        person: Person = save_person(self.instance, by=self.by, post=post)
        return person


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
