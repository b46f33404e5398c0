from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# These rows are copies that are held against the records every night: checking the keys of millions of them takes longer
# than writing them, and finds nothing.


class CountryContact(models.Model):
    """A counted two-way exchange as one country's: a row for each kind of partner of the country that took part.

    A copy that figures read, so that any day's matrix is one range of an index; ``reports.metrics.country_contacts`` says
    what rows there are. ``counts``: the row stands for the exchange in the country's own number, which holds it once;
    ``counts_for_kind``: in that of the kind. A part of a delegation that counts for the country already has neither, but
    its day and level are the country's too.
    """

    exchange = models.ForeignKey("activities.Exchange", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    country = models.ForeignKey("crm.Country", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    partner_kind = models.ForeignKey(
        "partners.PartnerKind", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    day_no = models.IntegerField(_("day"))
    level = models.PositiveSmallIntegerField(_("level"))
    field_mask = models.BigIntegerField(_("fields"))
    counts = models.BooleanField(_("counts for the country"))
    counts_for_kind = models.BooleanField(_("counts for the kind of partner"))

    class Meta:
        verbose_name = _("contact with a country")
        verbose_name_plural = _("contacts with countries")
        constraints = [
            models.UniqueConstraint(fields=["exchange", "country", "partner_kind"], name="reports_countrycontact_once"),
        ]
        indexes = [
            models.Index(
                fields=["day_no", "country", "partner_kind", "field_mask", "level", "counts", "counts_for_kind"],
                name="country_contact_by_day",
            ),
            models.Index(fields=["country", "day_no"], name="country_contact_last"),
        ]

    def __str__(self) -> str:
        return f"{self.country_id} · {self.exchange_id}"


class ProvinceContact(models.Model):
    """The same exchange as a country's in one province, as it was logged; without a province where it names none.

    ``several``: the exchange names several provinces, which may lie in one on another day's map.
    """

    exchange = models.ForeignKey("activities.Exchange", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    country = models.ForeignKey("crm.Country", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    province = models.ForeignKey("crm.Province", null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    day_no = models.IntegerField(_("day"))
    several = models.BooleanField(_("one of several provinces"))

    class Meta:
        verbose_name = _("contact in a province")
        verbose_name_plural = _("contacts in provinces")
        constraints = [
            models.UniqueConstraint(fields=["exchange", "country", "province"], name="reports_provincecontact_once"),
        ]
        indexes = [
            models.Index(fields=["day_no", "country", "province"], condition=Q(several=False), name="province_contact_by_day"),
            models.Index(fields=["day_no", "country", "province", "exchange"], condition=Q(several=True), name="province_contact_several"),
        ]

    def __str__(self) -> str:
        return f"{self.country_id} · {self.province_id} · {self.exchange_id}"
