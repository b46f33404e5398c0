from datetime import date
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.choices import Confidentiality
from crm.models import User
from crm.models.fields import NameField, NoteField
from crm.models.records import Dated, DatedRecordQuerySet, Mergeable, MergeableQuerySet, Record, RecordQuerySet, reads_english
from crm.text import fold, sort_key
from partners.choices import Consent, NameOrder, NoteKind
from partners.names import sorting_name


class PersonQuerySet(MergeableQuerySet):
    def visible_to(self, user: User) -> Self:
        """People by confidentiality: whole network, own unit and the centre, or restricted."""
        return self.filter(user.scope.readable(user, unit_fields=("unit",)))

    def editable_by(self, user: User) -> Self:
        if user.scope.central:
            return self.visible_to(user)
        return self.visible_to(user).filter(unit__in=user.scope.unit_ids)

    def namesakes(self, person: "Person") -> Self:
        """People one of whose names is one of the person's, folded: as on the card, in Latin letters or in own script."""
        alike = Q()
        for name in {fold(form) for form in (person.full_name, person.latin_name, person.native_name)} - {""}:
            alike |= Q(search_key=name) | Q(search_key__startswith=f"{name}\n")
            alike |= Q(search_key__endswith=f"\n{name}") | Q(search_key__contains=f"\n{name}\n")
        return self.filter(alike).exclude(pk=person.pk) if alike else self.none()

    def in_use(self) -> Self:
        """People who were met, promised something, hold a post, are noted on, or stand for a partner."""
        used = Q(Exists(Post.objects.live().filter(person=OuterRef("pk"))))
        used |= Q(Exists(PersonNote.objects.live().filter(person=OuterRef("pk")))) | Q(as_partner__isnull=False)
        # Asks those present by the name of the reverse relation, since activities stand above partners.
        used |= Q(pk__in=Person.objects.filter(commitments__archived_at__isnull=True, commitments__isnull=False).values("pk"))
        return self.filter(
            used | Q(pk__in=Person.objects.filter(attendances__exchange__archived_at__isnull=True, attendances__isnull=False).values("pk"))
        )

    def to_review(self, day: date) -> Self:
        """People whose data somebody has to look at: the day of review has come."""
        return self.filter(review_on__lte=day)


class Person(Mergeable, Record):
    """A person on a partner's side. Name as on the card; Latin form and own script beside it.

    ``middle_name`` also holds the patronymic; ``family_name`` both family names where there are two. ``how_to_address``
    is the Vietnamese form ("Ngài Đại sứ"), ``salutation_…`` how a letter begins in English and in the person's language.

    Kept only as far as the work needs (Law 91/2025 on personal data): ``purpose`` says what for, ``consent`` on what
    ground, ``review_on`` is the day to look again.
    """

    full_name = NameField(_("name as on the card"), max_length=200)
    latin_name = NameField(_("name in Latin letters"), max_length=200, blank=True)
    native_name = NameField(_("name in own script"), max_length=200, blank=True)
    family_name = NameField(_("family name"), max_length=100, blank=True)
    middle_name = NameField(_("middle name or patronymic"), max_length=100, blank=True)
    given_name = NameField(_("given name"), max_length=100, blank=True)
    name_order = models.CharField(_("order of the name"), max_length=12, choices=NameOrder.choices, default=NameOrder.GIVEN_FIRST)
    how_to_address = NameField(_("how to address"), max_length=120, blank=True)
    salutation_en = NameField(_("salutation in English"), max_length=120, blank=True)
    salutation_native = NameField(_("salutation in own language"), max_length=120, blank=True)
    country = models.ForeignKey(
        "crm.Country", verbose_name=_("country"), null=True, blank=True, on_delete=models.PROTECT, related_name="people"
    )
    languages = NameField(_("languages"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    protocol_notes = NoteField(_("protocol notes"), blank=True)
    purpose = NameField(_("kept for"), max_length=200, blank=True)
    consent = models.CharField(_("ground for keeping"), max_length=10, choices=Consent.choices, default=Consent.NOT_ASKED)
    consent_on = models.DateField(_("consent given or withdrawn on"), null=True, blank=True)
    review_on = models.DateField(_("review whether still needed on"), null=True, blank=True)
    confidentiality = models.CharField(_("who may see"), max_length=10, choices=Confidentiality.choices, default=Confidentiality.NETWORK)
    unit = models.ForeignKey(
        "crm.Unit", verbose_name=_("entered by unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="entered_people"
    )
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)
    search_key = models.CharField(max_length=700, editable=False)
    sort_key = models.CharField(max_length=240, editable=False)

    objects = PersonQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_key", "sort_key"])

    class Meta(Record.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["sort_key", "id"]
        indexes = [models.Index(fields=["sort_key", "id"], name="person_by_name")]

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return reverse("partners:person-detail", args=[self.public_id])

    def clean(self) -> None:
        """Of somebody who withdrew consent nothing is entered again; ``keep_the_least`` has erased what there was."""
        if self.consent == Consent.WITHDRAWN and (self.email or self.phone or self.languages or self.protocol_notes):
            message = _("Consent is withdrawn: contact data are not kept. Use “Consent withdrawn” on the person's page to erase them.")
            raise ValidationError({"consent": ValidationError(message, code="consent-withdrawn")})

    def set_keys(self) -> None:
        """Fill the search key from all forms of the name, the sort key by the Vietnamese rule."""
        in_parts = f"{self.family_name} {self.middle_name} {self.given_name}"
        forms = [self.full_name, self.latin_name, self.native_name, in_parts]
        self.search_key = "\n".join(dict.fromkeys(fold(form) for form in forms if form.strip()))[:700]
        self.sort_key = sort_key(sorting_name(self))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)


class PostQuerySet(DatedRecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    def visible_to(self, user: User) -> Self:
        """Posts of the people the account may see."""
        return self.filter(person__in=Person.objects.visible_to(user).values("pk"))


class Post(Dated, Record):
    """A post of a person at a partner, with its title per language, its rank in protocol order, and its days."""

    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="posts")
    partner = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="posts")
    title_vi = NameField(_("title in Vietnamese"), max_length=200, blank=True)
    title_en = NameField(_("title in English"), max_length=200, blank=True)
    title_native = NameField(_("title in own language"), max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(_("place in protocol order"), default=100)
    predecessor = models.ForeignKey(
        "self", verbose_name=_("succeeds"), null=True, blank=True, on_delete=models.PROTECT, related_name="successors"
    )

    objects = PostQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["rank", "id"]
        constraints = [
            *Record.Meta.constraints,
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(title_vi="", title_en="", title_native=""),
                name="partners_post_has_a_title",
                violation_error_message=_("Give the title of the post in at least one language."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.title}"

    @property
    def title(self) -> str:
        """The title in the reader's language, else in any there is."""
        preferred = (self.title_en, self.title_vi) if reads_english() else (self.title_vi, self.title_en)
        return preferred[0] or preferred[1] or self.title_native


class PersonNoteQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Notes by their own level, on people whom the account may see."""
        readable = self.filter(user.scope.readable(user, unit_fields=("unit",)))
        return readable.filter(person__in=Person.objects.visible_to(user).values("pk"))

    def editable_by(self, user: User) -> Self:
        visible = self.visible_to(user)
        return visible if user.scope.central else visible.filter(unit__in=user.scope.unit_ids)


class PersonNote(Record):
    """Something to mind about a person: a sensitivity, a point of protocol, a gift given or received, an interest."""

    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(_("kind"), max_length=12, choices=NoteKind.choices, default=NoteKind.SENSITIVITY)
    text = NoteField(_("text"), max_length=2000)
    on = models.DateField(_("day"), null=True, blank=True)
    confidentiality = models.CharField(_("who may see"), max_length=10, choices=Confidentiality.choices, default=Confidentiality.UNIT)
    unit = models.ForeignKey("crm.Unit", verbose_name=_("entered by unit"), on_delete=models.PROTECT, related_name="+")

    objects = PersonNoteQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Record.Meta):
        verbose_name = _("note on a person")
        verbose_name_plural = _("notes on people")
        ordering = ["kind", "-on", "-id"]

    def __str__(self) -> str:
        # Without the text: lists of readings, messages and breadcrumbs name a note to people who may not read it.
        return f"{self.get_kind_display()} · {self.person}"
