from datetime import date
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.choices import Language, NameUsage
from crm.models import TierMembership, User
from crm.models.fields import NameField, NoteField
from crm.models.records import Dated, Mergeable, MergeableQuerySet, Record
from crm.text import fold, sort_key
from partners.choices import PartnerStatus
from partners.models.kinds import PartnerKind

SEARCH_KEY_LENGTH = 1000
EPOCH = date(1970, 1, 1)
# Stands in for the day of last contact where there was none, so that lists may be sorted by it.
NEVER_MET = Value(date(1900, 1, 1))
ACTIVE_DAYS = 365


class PartnerQuerySet(MergeableQuerySet):
    def visible_to(self, user: User) -> Self:
        """The directory is open to every unit, so that nobody courts the same partner twice."""
        return self if user.scope.permissions else self.none()

    def active_on(self, day: date) -> Self:
        """Partners with at least one two-way exchange in the 365 days up to the day (M8: *active*).

        Asks the participations by the name of the reverse relation, since activities stand above partners.
        """
        day_no = (day - EPOCH).days
        met = Partner.objects.filter(
            participations__counted=True,
            participations__two_way=True,
            participations__day_no__gt=day_no - ACTIVE_DAYS,
            participations__day_no__lte=day_no,
        )
        return self.live().filter(pk__in=met.values("pk"))

    def in_tier(self, code: str, day: date) -> Self:
        """Partners of the countries and blocs that are in the tier on the day."""
        return self.filter(country__in=TierMembership.objects.on(day).filter(tier__code=code).values("country"))

    def in_use(self) -> Self:
        """Partners with which something has happened: exchanges, follow-ups, commitments, people in posts, relations, certificates."""
        used = Q()
        for name in ("participations", "follow_ups", "commitments", "posts", "relations_from", "relations_to", "registrations"):
            relation: Any = Partner._meta.get_field(name)
            rows = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            # What was archived with the partner, as when an import is taken back, keeps nobody in use.
            if issubclass(relation.related_model, Record):
                rows = rows.filter(archived_at__isnull=True)
            elif name == "participations":
                rows = rows.filter(exchange__archived_at__isnull=True)
            used |= Q(Exists(rows))
        return self.filter(used)

    def editable_by(self, user: User) -> Self:
        """Partners whose registry fields the account may change: its units' own, or all at the centre."""
        if user.scope.central:
            return self
        return self.filter(Q(unit__in=user.scope.unit_ids) | Q(pk__in=_stewarded(user)))


def _stewarded(user: User) -> Any:
    from partners.models.stewardships import Stewardship

    return Stewardship.objects.current().filter(unit__in=user.scope.unit_ids).values("partner")


class Partner(Mergeable, Record):
    """Whoever exchanges are held with: an organisation, a group, a forum or a person of its own weight.

    The one thing that engagement is measured on. ``last_contact_on`` is the day of the last two-way exchange that
    figures count, open to every unit and kept true by the actions on exchanges. ``search_key`` folds all its names;
    ``sort_key`` is Vietnamese order.
    """

    name = NameField(_("name"), max_length=300)
    name_language = models.CharField(_("language of the name"), max_length=3, choices=Language.choices, default=Language.OTHER)
    kind = models.ForeignKey(PartnerKind, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="partners")
    country = models.ForeignKey(
        "crm.Country", verbose_name=_("country"), null=True, blank=True, on_delete=models.PROTECT, related_name="partners"
    )
    city = NameField(_("city"), max_length=120, blank=True)
    website = models.URLField(_("website"), max_length=300, blank=True)
    founded_year = models.PositiveSmallIntegerField(
        _("founded in"), null=True, blank=True, validators=[MinValueValidator(800), MaxValueValidator(2100)]
    )
    fields = models.ManyToManyField("crm.Field", verbose_name=_("fields of cooperation"), blank=True, related_name="partners")
    status = models.CharField(_("status"), max_length=10, choices=PartnerStatus.choices, default=PartnerStatus.ACTIVE)
    friend_since = models.PositiveSmallIntegerField(
        _("friend since"), null=True, blank=True, validators=[MinValueValidator(1900), MaxValueValidator(2100)]
    )
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    last_contact_on = models.DateField(_("last contact"), null=True, editable=False)
    interests = NoteField(_("interests"), blank=True)
    unit = models.ForeignKey(
        "crm.Unit", verbose_name=_("entered by unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="entered_partners"
    )
    person = models.OneToOneField(
        "partners.Person", verbose_name=_("the person"), null=True, blank=True, on_delete=models.PROTECT, related_name="as_partner"
    )
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)
    search_key = models.CharField(max_length=SEARCH_KEY_LENGTH, editable=False)
    sort_key = models.CharField(max_length=240, editable=False)

    objects = PartnerQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[fields], excluded_fields=["search_key", "sort_key", "last_contact_on"])

    class Meta(Record.Meta):
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["sort_key", "id"]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="partner_by_name"),
            models.Index(fields=["country", "kind", "sort_key", "id"], name="partner_by_country_kind"),
            models.Index(fields=["kind", "sort_key", "id"], name="partner_by_kind"),
            models.Index(Coalesce("last_contact_on", NEVER_MET), "id", name="partner_by_last_contact"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("partners:partner-detail", args=[self.public_id])

    def set_keys(self, other_names: list[str]) -> None:
        """Fill ``search_key`` and ``sort_key`` from the name and all other names."""
        folded = dict.fromkeys(fold(name) for name in [self.name, *other_names])
        self.search_key = "\n".join(folded)[:SEARCH_KEY_LENGTH]
        self.sort_key = sort_key(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys(list(self.names.values_list("name", flat=True)) if self.pk else [])
        super().save(*args, **kwargs)


class PartnerName(Dated):
    """Another name of a partner: official, short, acronym or former; in a language and its own script."""

    partner = models.ForeignKey(Partner, verbose_name=_("partner"), on_delete=models.PROTECT, related_name="names")
    name = NameField(_("name"), max_length=300)
    language = models.CharField(_("language"), max_length=3, choices=Language.choices, default=Language.OTHER)
    usage = models.CharField(_("use"), max_length=10, choices=NameUsage.choices, default=NameUsage.OTHER)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("other name")
        verbose_name_plural = _("other names")
        ordering = ["usage", "id"]
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["partner", "name", "language", "usage"],
                name="partners_partnername_once",
                violation_error_message=_("The partner already has this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
