from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.choices import Language, NameUsage
from crm.models.fields import NameField
from crm.models.records import Dated, DatedQuerySet, Named, Sourced
from crm.text import fold, sort_key


class CountryKind(models.TextChoices):
    COUNTRY = "country", _("Country or territory")
    BLOC = "bloc", _("Bloc of countries")


class Country(Named, Sourced):
    """A country, territory or bloc (the EU): one code behind all its names."""

    alpha2 = models.CharField(_("code"), max_length=2, unique=True)
    alpha3 = models.CharField(_("three-letter code"), max_length=3, blank=True)
    numeric = models.CharField(_("numeric code"), max_length=3, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=CountryKind.choices, default=CountryKind.COUNTRY)
    name_vi = NameField(_("name in Vietnamese"), max_length=120)
    name_en = NameField(_("name in English"), max_length=120)
    region = models.CharField(_("region"), max_length=60, blank=True)
    subregion = models.CharField(_("subregion"), max_length=60, blank=True)
    un_status = models.CharField(_("United Nations status"), max_length=30, blank=True)
    sort_key = models.CharField(max_length=240, editable=False, db_index=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("country")
        verbose_name_plural = _("countries")
        ordering = ["sort_key", "id"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = sort_key(self.name_vi)
        super().save(*args, **kwargs)


class FoldedName(Dated, Sourced):
    """One spelling of a name, found by its folded form."""

    name = NameField(_("name"), max_length=160)
    folded = models.CharField(max_length=160, editable=False, db_index=True)
    language = models.CharField(_("language"), max_length=3, choices=Language.choices, default=Language.OTHER)
    usage = models.CharField(_("use"), max_length=10, choices=NameUsage.choices, default=NameUsage.OTHER)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded = fold(self.name)
        super().save(*args, **kwargs)


class CountryName(FoldedName):
    """A spelling of a country's name, in any language, with the days it was in use.

    The same spelling may name several countries ("Korea", "Congo"): then whoever typed it is asked.
    """

    country = models.ForeignKey(Country, verbose_name=_("country"), on_delete=models.PROTECT, related_name="names")

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("name of a country")
        verbose_name_plural = _("names of countries")
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(fields=["country", "name", "language", "usage"], name="crm_countryname_once"),
        ]


class ProvinceKind(models.TextChoices):
    PROVINCE = "province", _("Province")
    CITY = "centrally_run_city", _("Centrally run city")


class Province(Named, Dated, Sourced):
    """A province or centrally run city for as long as it existed. A merger ends it and begins another row."""

    slug = models.SlugField(_("key"), max_length=60, unique=True)
    name_vi = NameField(_("name in Vietnamese"), max_length=80)
    name_en = NameField(_("name in English"), max_length=80)
    sort_key = models.CharField(max_length=240, editable=False, db_index=True)

    objects = DatedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("province")
        verbose_name_plural = _("provinces")
        ordering = ["sort_key", "id"]
        constraints = Dated.Meta.constraints

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = sort_key(self.name_vi)
        super().save(*args, **kwargs)


class ProvinceName(FoldedName):
    """A spelling of a province's name, full or short, with the days it was in use."""

    province = models.ForeignKey(Province, verbose_name=_("province"), on_delete=models.PROTECT, related_name="names")
    kind = models.CharField(_("kind of unit"), max_length=20, choices=ProvinceKind.choices, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("name of a province")
        verbose_name_plural = _("names of provinces")
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(fields=["province", "name", "language", "usage"], name="crm_provincename_once"),
        ]


class ProvinceCode(Dated, Sourced):
    """A statistical code and the days it stood for a province: seven codes changed meaning on 2025-07-01."""

    province = models.ForeignKey(Province, verbose_name=_("province"), on_delete=models.PROTECT, related_name="codes")
    code = models.CharField(_("code"), max_length=2, db_index=True)

    objects = DatedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("code of a province")
        verbose_name_plural = _("codes of provinces")
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(fields=["province", "code"], name="crm_provincecode_once"),
        ]

    def __str__(self) -> str:
        return self.code


class ProvinceSuccession(Sourced):
    """A province went into another on a day (National Assembly Resolution 202/2025/QH15, for most)."""

    predecessor = models.ForeignKey(Province, verbose_name=_("former province"), on_delete=models.PROTECT, related_name="successions")
    successor = models.ForeignKey(Province, verbose_name=_("successor"), on_delete=models.PROTECT, related_name="predecessions")
    happened_on = models.DateField(_("on"))
    legal_basis = NameField(_("legal basis"), max_length=250, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("succession of provinces")
        verbose_name_plural = _("successions of provinces")
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="crm_provincesuccession_once"),
            models.CheckConstraint(
                condition=~Q(predecessor=models.F("successor")),
                name="crm_provincesuccession_two_provinces",
                violation_error_message=_("A province cannot succeed itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor}"
