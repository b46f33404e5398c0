from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from crm.api.serializers import ReferenceField, StrictSerializer, TextField, WholeNumberField, local
from crm.api.views import RecordViewSet, set_values
from crm.choices import Confidentiality
from crm.models import Country
from crm.permissions import Permission
from partners.actions.people import archive_person, restore_person, save_person
from partners.choices import Consent, NameOrder
from partners.filters import PersonFilter
from partners.models import Partner, Person, Post


@extend_schema_serializer(component_name="PostWrite")
class PostIn(StrictSerializer):
    """A post of the person at a partner, with its title in at least one language."""

    partner = ReferenceField(Partner.objects.visible_to, key="public_id", help_text="`id` of the partner.")
    title_vi = TextField(max_length=200, required=False, allow_blank=True)
    title_en = TextField(max_length=200, required=False, allow_blank=True)
    title_native = TextField(max_length=200, required=False, allow_blank=True)
    rank = WholeNumberField(min_value=0, max_value=32767, required=False, help_text="Place in protocol order, the lowest first.")
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True, help_text="First day on which the post is no longer held.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Name the place of rules that the table has over several columns."""
        if not any(given.get(name) for name in ("title_vi", "title_en", "title_native")):
            raise serializers.ValidationError(_("Give the title of the post in at least one language."), code="required")
        valid_from, valid_to = given.get("valid_from"), given.get("valid_to")
        if valid_from and valid_to and valid_to <= valid_from:
            raise serializers.ValidationError({"valid_to": _("The end must come after the start.")}, code="ends-before-start")
        return given


@extend_schema_serializer(component_name="Post")
class PostOut(serializers.Serializer):
    """A post that the person holds or held at a partner."""

    id = serializers.UUIDField()
    partner = serializers.UUIDField()
    title_vi = serializers.CharField(allow_blank=True)
    title_en = serializers.CharField(allow_blank=True)
    title_native = serializers.CharField(allow_blank=True)
    rank = serializers.IntegerField()
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)

    def to_representation(self, post: Post) -> dict[str, Any]:
        texts = {name: getattr(post, name) for name in ("title_vi", "title_en", "title_native", "rank", "valid_from", "valid_to")}
        return {"id": str(post.public_id), "partner": str(post.partner.public_id), **texts}


_TEXTS = (
    "full_name",
    "latin_name",
    "native_name",
    "family_name",
    "middle_name",
    "given_name",
    "name_order",
    "how_to_address",
    "salutation_en",
    "salutation_native",
    "languages",
    "email",
    "phone",
    "protocol_notes",
    "purpose",
    "consent",
)
_EXAMPLE = {
    "full_name": "ບຸນມີ ວົງສາ",
    "latin_name": "Bounmy Vongsa",
    "native_name": "ບຸນມີ ວົງສາ",
    "family_name": "Vongsa",
    "middle_name": "",
    "given_name": "Bounmy",
    "name_order": "given_first",
    "how_to_address": "Ngài Đại sứ",
    "salutation_en": "Dear Ambassador,",
    "salutation_native": "",
    "country": "LA",
    "languages": "lo, vi",
    "email": "",
    "phone": "",
    "protocol_notes": "",
    "purpose": "Friendship exchanges with Laos",
    "consent": "public",
    "consent_on": None,
    "review_on": None,
    "confidentiality": "network",
}


@extend_schema_serializer(component_name="PersonWrite", examples=[OpenApiExample("A person", value=_EXAMPLE)])
class PersonIn(StrictSerializer):
    """A person to be recorded, or what changes of one. `post` adds a post at a partner."""

    read_only_names = frozenset({"id", "revision", "unit", "posts", "archived", "created_at", "updated_at"})

    full_name = TextField(max_length=200, help_text="As on the card.")
    latin_name = TextField(max_length=200, required=False, allow_blank=True)
    native_name = TextField(max_length=200, required=False, allow_blank=True)
    family_name = TextField(max_length=100, required=False, allow_blank=True, help_text="Both family names where there are two.")
    middle_name = TextField(max_length=100, required=False, allow_blank=True, help_text="Middle name, or the patronymic.")
    given_name = TextField(max_length=100, required=False, allow_blank=True)
    name_order = serializers.ChoiceField(NameOrder.choices, required=False)
    how_to_address = TextField(max_length=120, required=False, allow_blank=True, help_text="In Vietnamese, before the name.")
    salutation_en = TextField(max_length=120, required=False, allow_blank=True, help_text="How a letter in English begins.")
    salutation_native = TextField(max_length=120, required=False, allow_blank=True, help_text="The same in the person's language.")
    country = ReferenceField(lambda user: Country.objects.all(), key="alpha2", required=False, allow_null=True)
    languages = TextField(max_length=120, required=False, allow_blank=True)
    email = TextField(max_length=254, required=False, allow_blank=True)
    phone = TextField(max_length=40, required=False, allow_blank=True)
    protocol_notes = TextField(max_length=20_000, required=False, allow_blank=True)
    purpose = TextField(max_length=200, required=False, allow_blank=True, help_text="What the data are kept for.")
    consent = serializers.ChoiceField(
        Consent.choices, required=False, help_text="On what ground the data are kept. With `withdrawn` no contact data may stand."
    )
    consent_on = serializers.DateField(required=False, allow_null=True, help_text="Day the consent was given or withdrawn.")
    review_on = serializers.DateField(required=False, allow_null=True, help_text="The day to look again whether the data are still needed.")
    confidentiality = serializers.ChoiceField(Confidentiality.choices, required=False)
    post = PostIn(required=False)


@extend_schema_serializer(
    component_name="Person",
    examples=[
        OpenApiExample(
            "A person",
            value={
                "id": "019a9b6f-0d11-7a52-8c40-6b1f0e2d9a77",
                "revision": 1,
                **_EXAMPLE,
                "unit": "VUFO",
                "posts": [
                    {
                        "id": "019a9b6f-0d13-7e0c-b2a1-9c3d5e7f1a20",
                        "partner": "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55",
                        "title_vi": "Chủ tịch",
                        "title_en": "President",
                        "title_native": "",
                        "rank": 1,
                        "valid_from": "2024-03-01",
                        "valid_to": None,
                    }
                ],
                "archived": False,
                "created_at": "2026-01-15T09:30:00+07:00",
                "updated_at": "2026-01-15T09:30:00+07:00",
            },
        )
    ],
)
class PersonOut(serializers.Serializer):
    """A person on a partner's side, as far as the account may see."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=1)
    full_name = serializers.CharField()
    latin_name = serializers.CharField(allow_blank=True)
    native_name = serializers.CharField(allow_blank=True)
    family_name = serializers.CharField(allow_blank=True)
    middle_name = serializers.CharField(allow_blank=True)
    given_name = serializers.CharField(allow_blank=True)
    name_order = serializers.ChoiceField(NameOrder.choices)
    how_to_address = serializers.CharField(allow_blank=True)
    salutation_en = serializers.CharField(allow_blank=True)
    salutation_native = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_null=True)
    languages = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    protocol_notes = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField(allow_blank=True)
    consent = serializers.ChoiceField(Consent.choices)
    consent_on = serializers.DateField(allow_null=True)
    review_on = serializers.DateField(allow_null=True)
    confidentiality = serializers.ChoiceField(Confidentiality.choices)
    unit = serializers.CharField(allow_null=True, help_text="Code of the unit that entered the person.")
    posts = PostOut(many=True)
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, person: Any) -> dict[str, Any]:
        # Typed Any for the lists that the view's Prefetch puts on it: a manager per row would be half of the work.
        return {
            "id": str(person.public_id),
            "revision": person.revision,
            **{name: getattr(person, name) for name in _TEXTS},
            "country": person.country.alpha2 if person.country else None,
            "consent_on": person.consent_on,
            "review_on": person.review_on,
            "confidentiality": person.confidentiality,
            "unit": person.unit.code if person.unit else None,
            "posts": [PostOut().to_representation(post) for post in person.shown_posts],
            "archived": person.is_archived,
            "created_at": local(person.created_at),
            "updated_at": local(person.updated_at),
        }


class PersonViewSet(RecordViewSet):
    """People on the partners' side, as far as the account may see. A person is changed by the unit that entered it and by the centre."""

    permission = Permission.PERSON_VIEW
    write_permission = Permission.PERSON_EDIT
    model = Person
    serializer_class = PersonOut
    input_class = PersonIn
    filterset_class = PersonFilter
    order = ("sort_key", "id")
    versioned_parts = {"posts": (Post, "person")}

    def get_queryset(self) -> QuerySet[Person]:
        posts = Post.objects.live().select_related("partner").defer("partner__search_key", "partner__interests")
        people = Person.objects.visible_to(self.account).select_related("country", "unit").defer("search_key")
        return people.prefetch_related(Prefetch("posts", posts, to_attr="shown_posts"))

    def store(self, record: Person, given: dict[str, Any]) -> None:
        post = given.pop("post", None)
        set_values(record, given)
        save_person(record, by=self.account, post=None if post is None else Post(**post))

    def archive_record(self, record: Person) -> None:
        archive_person(record, by=self.account)

    def restore_record(self, record: Person) -> None:
        restore_person(record, by=self.account)
