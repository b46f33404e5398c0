from collections.abc import Iterable
from datetime import date
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import Direction, ExchangeStatus, Level, Side, Sides, directions_of
from activities.models.completeness import Completeness, completeness_of, incomplete, parts
from activities.models.kinds import ExchangeKind
from crm.choices import Confidentiality
from crm.models import User
from crm.models.fields import NameField, NoteField
from crm.models.records import Record, SearchedQuerySet
from crm.text import fold

EARLIEST_DAY = date(1945, 9, 2)


class ExchangeQuerySet(SearchedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Exchanges by confidentiality level and by host unit and co-units; see ``crm.scope``."""
        own = Q(pk__in=ExchangeUnit.objects.filter(unit__in=user.scope.unit_ids).values("exchange")) & Q(
            confidentiality=Confidentiality.UNIT
        )
        readable = user.scope.readable(user, unit_fields=("host_unit",))
        return self.filter(readable if user.scope.central or not user.scope.permissions else readable | own)

    def editable_by(self, user: User) -> Self:
        """Exchanges of the account's own units (host or co-host), or all it may read at the centre."""
        visible = self.visible_to(user)
        if user.scope.central:
            return visible
        co_hosted = ExchangeUnit.objects.filter(unit__in=user.scope.unit_ids).values("exchange")
        return visible.filter(Q(host_unit__in=user.scope.unit_ids) | Q(pk__in=co_hosted))

    def of_units(self, units: Iterable[Any]) -> Self:
        """Exchanges that one of the units held, as host or together with others."""
        held_together = ExchangeUnit.objects.filter(unit__in=units).values("exchange")
        return self.filter(Q(host_unit__in=units) | Q(pk__in=held_together))

    def with_completeness(self) -> Self:
        """Each row with what ``Exchange.completeness`` reads, in the same query."""
        conditions: dict[str, Any] = {}
        for part in parts():
            conditions |= {f"asks_{part.code}": part.asked or Q(pk__isnull=False), f"has_{part.code}": part.given}
        return self.annotate(**{name: Case(When(condition, then=True), default=False) for name, condition in conditions.items()})

    def incomplete(self) -> Self:
        """Held exchanges in use to which something is missing that is asked of their kind."""
        return self.live().filter(incomplete(), status=ExchangeStatus.HELD)


class Exchange(Record):
    """Something that happened, or will, between us and one or more partners; logged once by whoever was there.

    A meeting inside a delegation has the delegation as ``parent`` and is not counted again for its partners.
    """

    kind = models.ForeignKey(ExchangeKind, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="exchanges")
    title = NameField(_("title"), max_length=300, blank=True)
    starts_on = models.DateField(_("day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    direction = models.CharField(_("direction"), max_length=6, choices=Direction.choices, default=Direction.MUTUAL)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices, default=Level.WORKING)
    sides = models.CharField(_("who took part"), max_length=6, choices=Sides.choices, default=Sides.BOTH)
    status = models.CharField(_("status"), max_length=9, choices=ExchangeStatus.choices, default=ExchangeStatus.HELD)
    place = NameField(_("place"), max_length=200, blank=True)
    country = models.ForeignKey("crm.Country", verbose_name=_("held in"), null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    provinces = models.ManyToManyField("crm.Province", verbose_name=_("provinces"), blank=True, related_name="exchanges")
    host_unit = models.ForeignKey("crm.Unit", verbose_name=_("host unit"), on_delete=models.PROTECT, related_name="hosted_exchanges")
    people_count = models.PositiveIntegerField(_("number of people"), null=True, blank=True, validators=[MaxValueValidator(100_000)])
    fields = models.ManyToManyField("crm.Field", verbose_name=_("fields of cooperation"), blank=True, related_name="exchanges")
    summary = NoteField(_("summary"), blank=True)
    outcome = NoteField(_("outcome"), blank=True)
    policy_document = models.ForeignKey(
        "crm.PolicyDocument",
        verbose_name=_("serves the directive"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="exchanges",
    )
    confidentiality = models.CharField(_("who may see"), max_length=10, choices=Confidentiality.choices, default=Confidentiality.UNIT)
    parent = models.ForeignKey(
        "self", verbose_name=_("part of the delegation"), null=True, blank=True, on_delete=models.PROTECT, related_name="parts"
    )
    event = models.ForeignKey(
        "activities.Event", verbose_name=_("at the event"), null=True, blank=True, on_delete=models.PROTECT, related_name="exchanges"
    )
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)
    search_key = models.CharField(max_length=700, editable=False)

    objects = ExchangeQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[fields, provinces], excluded_fields=["search_key"])

    class Meta(Record.Meta):
        verbose_name = _("exchange")
        verbose_name_plural = _("exchanges")
        ordering = ["-starts_on", "-id"]
        indexes = [
            models.Index(fields=["-starts_on", "-id"], name="exchange_by_day"),
            models.Index(fields=["host_unit", "-starts_on", "-id"], name="exchange_by_unit_day"),
            models.Index(fields=["kind", "-starts_on", "-id"], name="exchange_by_kind_day"),
            # What periodic reports count, answered from the index alone.
            models.Index(
                fields=["starts_on"],
                include=["id", "kind", "host_unit", "people_count", "direction", "country", "policy_document"],
                condition=Q(archived_at__isnull=True, parent__isnull=True, status=ExchangeStatus.HELD)
                & ~Q(confidentiality=Confidentiality.RESTRICTED),
                name="exchange_reported",
            ),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="activities_exchange_ends_after_start",
                violation_error_message=_("The last day must not come before the first day."),
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="activities_exchange_not_its_own_parent",
                violation_error_message=_("An exchange cannot be part of itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.kind} · {self.starts_on:%d/%m/%Y}"

    def get_absolute_url(self) -> str:
        return reverse("activities:exchange-detail", args=[self.public_id])

    @property
    def direction_label(self) -> str:
        """The direction in the words of its kind: of a letter who wrote, of all else who came to whom."""
        return str(directions_of(self.kind.family)[self.direction])

    @property
    def completeness(self) -> Completeness:
        """How complete the record is; for rows read ``with_completeness``."""
        return completeness_of(vars(self))

    def clean(self) -> None:
        day: date | None = self.starts_on  # None while a form is being filled
        if day is not None and day < EARLIEST_DAY:
            raise ValidationError({"starts_on": ValidationError(_("The day must not come before 2 September 1945."), code="too-early")})
        if self.parent is not None and self.parent.parent_id:
            raise ValidationError({"parent": ValidationError(_("A part of a delegation has no parts of its own."), code="nested-parent")})

    def set_keys(self) -> None:
        """Fill the search key from what tells exchanges apart in words."""
        self.search_key = fold(f"{self.title} {self.place} {self.outcome[:200]} {self.summary[:200]}")[:700]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)


class ExchangeUnit(models.Model):
    """Another unit of ours that held the exchange together with the host unit."""

    exchange = models.ForeignKey(Exchange, verbose_name=_("exchange"), on_delete=models.CASCADE, related_name="co_units")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="co_hosted")

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("co-host")
        verbose_name_plural = _("co-hosts")
        constraints = [models.UniqueConstraint(fields=["exchange", "unit"], name="activities_exchangeunit_once")]

    def __str__(self) -> str:
        return str(self.unit)


class ParticipationQuerySet(models.QuerySet):
    def once_per_country(self) -> Self:
        """Leave out a part of a delegation where the delegation itself counts for the same country.

        So a delegation that meets five partners of a country is one exchange with that country (metrics rule 3).
        """
        return self.filter(Q(exchange__parent__isnull=True) | ~Exists(_counted_in_the_delegation()))

    def repeating_their_delegation(self) -> Self:
        """Only what ``once_per_country`` leaves out. There are few parts of delegations, so this is the cheap side."""
        return self.filter(Exists(_counted_in_the_delegation()), exchange__parent__isnull=False)


def _counted_in_the_delegation() -> models.QuerySet:
    """The delegation's own counted rows with partners of the country of the row asked about."""
    return Participation.objects.filter(
        exchange=OuterRef("exchange__parent"), partner__country=OuterRef("partner__country"), counted=True, two_way=True
    )


class Participation(models.Model):
    """A partner's part in an exchange, and at the same time the narrow fact that all figures are computed from.

    Below the two keys stand copies of what figures ask of the exchange, kept true by the one action that writes:
    ``day_no`` days since 1970-01-01; ``merit`` the code of (class, level, sides), see ``choices.merit_code``;
    ``counted`` whether figures count the row at all (M: rule 3); ``field_mask`` the union of the fields' bits.
    """

    exchange = models.ForeignKey(Exchange, verbose_name=_("exchange"), on_delete=models.CASCADE, related_name="participations")
    partner = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="participations")
    rank = models.PositiveSmallIntegerField(_("place in protocol order"), default=100)
    day_no = models.IntegerField(editable=False)
    merit = models.PositiveSmallIntegerField(null=True, editable=False)
    two_way = models.BooleanField(editable=False)
    direction = models.CharField(max_length=6, editable=False)
    level = models.PositiveSmallIntegerField(editable=False)
    counted = models.BooleanField(editable=False)
    field_mask = models.BigIntegerField(default=0, editable=False)
    host_unit = models.ForeignKey("crm.Unit", editable=False, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = ParticipationQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["day_no", "merit", "two_way", "direction", "level", "counted", "field_mask", "host_unit"])

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["exchange", "partner"],
                name="activities_participation_once",
                violation_error_message=_("The partner already takes part in this exchange."),
            ),
            models.CheckConstraint(
                condition=Q(counted=False) | Q(merit__isnull=False),
                name="activities_participation_counted_has_merit",
            ),
        ]
        indexes = [
            models.Index(
                fields=["partner", "day_no", "merit", "two_way", "exchange"], condition=Q(counted=True), name="participation_fact"
            ),
            models.Index(fields=["partner", "-day_no", "-exchange"], name="participation_timeline"),
            # What was held in a span of days, whoever with: the collision radar, concentration, the cells of the matrix.
            models.Index(
                fields=["day_no", "partner", "exchange", "host_unit", "merit"],
                condition=Q(counted=True, two_way=True),
                name="participation_by_day",
            ),
            # Periodic reports count every part in a span of days, also those that no figure of a partner counts.
            models.Index(fields=["day_no", "exchange", "partner"], name="participation_in_span"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} · {self.exchange}"


class Attendance(models.Model):
    """A person present at an exchange, on our side or theirs, in protocol order, with the title of that day."""

    exchange = models.ForeignKey(Exchange, verbose_name=_("exchange"), on_delete=models.CASCADE, related_name="attendances")
    side = models.CharField(_("side"), max_length=6, choices=Side.choices)
    person = models.ForeignKey(
        "partners.Person", verbose_name=_("person"), null=True, blank=True, on_delete=models.PROTECT, related_name="attendances"
    )
    partner = models.ForeignKey(
        "partners.Partner", verbose_name=_("for the partner"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("colleague"), null=True, blank=True, on_delete=models.PROTECT, related_name="attendances"
    )
    name = NameField(_("name"), max_length=200, blank=True, help_text=_("For somebody who has no record."))
    title = NameField(_("title on that day"), max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(_("place in protocol order"), default=100)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("person present")
        verbose_name_plural = _("people present")
        ordering = ["side", "rank", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(person__isnull=False, user__isnull=True, name="", side=Side.THEIRS)
                    | Q(person__isnull=True, user__isnull=False, name="", side=Side.OURS)
                    | (Q(person__isnull=True, user__isnull=True) & ~Q(name=""))
                ),
                name="activities_attendance_who",
                violation_error_message=_("Say who was present: a person of theirs, a colleague of ours, or a name."),
            ),
            models.UniqueConstraint(
                fields=["exchange", "person"], condition=Q(person__isnull=False), name="activities_attendance_person_once"
            ),
            models.UniqueConstraint(fields=["exchange", "user"], condition=Q(user__isnull=False), name="activities_attendance_user_once"),
        ]

    def __str__(self) -> str:
        return str(self.person or self.user or self.name)


class Delegation(models.Model):
    """What only a delegation has: decision, head, budget, gifts. Its meetings are exchanges with it as parent."""

    exchange = models.OneToOneField(Exchange, verbose_name=_("exchange"), on_delete=models.CASCADE, related_name="delegation")
    head = NameField(_("head"), max_length=200, blank=True)
    decision_number = NameField(_("decision number"), max_length=60, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    programme = NoteField(_("programme"), blank=True)
    gifts_given = NoteField(_("gifts given"), blank=True)
    gifts_received = NoteField(_("gifts received"), blank=True)
    budget_vnd = models.PositiveBigIntegerField(_("budget (đồng)"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")

    def __str__(self) -> str:
        return str(self.exchange)
