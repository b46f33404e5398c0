"""The columns of the list of commitments."""

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Agreement, Commitment, Exchange
from activities.models.follow_ups import NO_DAY
from crm.columns import (
    RECORD_COLUMNS,
    WHO_MAY_SEE,
    Column,
    SortKey,
    day_column,
    demo_tag,
    joined,
    lines,
    link,
    related,
    soft,
    text_column,
    under,
)
from crm.models import TierMembership, User
from crm.models.records import reads_english
from crm.templatetags.nhipcau import ago, day, status
from partners.models import Person


def with_what_is_seen(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Rows with exchange, agreement and person, and whether the reader may see each: ``…_seen``."""
    seen = {
        "exchange_seen": Exists(Exchange.objects.visible_to(user).filter(pk=OuterRef("exchange"))),
        "agreement_seen": Exists(Agreement.objects.visible_to(user).filter(pk=OuterRef("agreement"))),
        "proof_exchange_seen": Exists(Exchange.objects.visible_to(user).filter(pk=OuterRef("proof_exchange"))),
        "person_seen": Exists(Person.objects.visible_to(user).filter(pk=OuterRef("person"))),
    }
    told: QuerySet[Any] = rows.select_related("exchange__kind", "agreement", "person").annotate(**seen)
    return told


def _with_tier(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """The first tier of the partner's country today, in the reader's language."""
    held = TierMembership.objects.on(timezone.localdate()).filter(country=OuterRef("partner__country")).order_by("tier__rank", "tier")
    told: QuerySet[Any] = rows.annotate(tier_label=Subquery(held.values("tier__label_en" if reads_english() else "tier__label_vi")[:1]))
    return told


def _text(commitment: Commitment) -> SafeString:
    return SafeString(link(commitment.get_absolute_url(), commitment.text) + demo_tag(commitment))


def _due(commitment: Commitment) -> SafeString | str:
    if commitment.due_on is None:
        return soft(_("no day"))
    return SafeString(day(commitment.due_on) + ("" if commitment.is_settled else under(ago(commitment.due_on))))


def _standing(commitment: Commitment) -> SafeString:
    standing = commitment.standing_today
    return status(standing, standing.label)


def _partner(commitment: Commitment) -> SafeString:
    return link(commitment.partner.get_absolute_url(), commitment.partner.name)


def _origins(commitment: Any) -> list[Any]:
    rows = [commitment.agreement if commitment.agreement_seen else None, commitment.exchange if commitment.exchange_seen else None]
    return [row for row in rows if row is not None]


def _person(commitment: Any) -> str:
    return str(commitment.person) if commitment.person_seen else ""


COMMITMENT_COLUMNS = (
    Column("text", gettext_lazy("What was promised"), _text, lambda commitment: commitment.text, heads_row=True),
    text_column("owed_by", gettext_lazy("Owed by"), lambda commitment: commitment.get_owed_by_display()),
    Column("partner", gettext_lazy("Partner"), _partner, lambda commitment: commitment.partner.name, fetch=related("partner")),
    Column(
        "due", gettext_lazy("Due on"), _due, lambda commitment: commitment.due_on,
        sort=SortKey(("due_or_never", "id"), {"due_or_never": Coalesce("due_on", NO_DAY)}),
    ),
    Column("state", gettext_lazy("State"), _standing, lambda commitment: str(commitment.standing_today.label)),
    text_column(
        "who", gettext_lazy("Who"), lambda commitment: commitment.assignee or commitment.unit.display, fetch=related("assignee", "unit")
    ),
    day_column(
        "promised", gettext_lazy("Promised on"), lambda commitment: commitment.promised_on, sort=SortKey(("promised_on", "id")),
        standard=False,
    ),
    Column(
        "origin", gettext_lazy("Promised at"), lambda commitment: lines(link(row.get_absolute_url(), row) for row in _origins(commitment)),
        lambda commitment: joined(_origins(commitment), separator="; "), fetch=with_what_is_seen, standard=False,
    ),
    text_column("person", gettext_lazy("Promised by"), _person, fetch=with_what_is_seen, standard=False),
    day_column(
        "settled", gettext_lazy("Settled on"), lambda commitment: commitment.settled_on, standard=False,
        sort=SortKey(("settled_or_never", "id"), {"settled_or_never": Coalesce(F("settled_on"), NO_DAY)}),
    ),
    text_column("unit", gettext_lazy("Unit"), lambda commitment: commitment.unit.display, fetch=related("unit"), standard=False),
    text_column(
        "country", gettext_lazy("Country"), lambda commitment: commitment.partner.country, fetch=related("partner__country"), standard=False
    ),
    text_column("tier", gettext_lazy("Tier"), lambda commitment: commitment.tier_label, fetch=_with_tier, standard=False),
    text_column("reason", gettext_lazy("Reason"), lambda commitment: commitment.reason, standard=False),
    text_column("proof", gettext_lazy("Proof"), lambda commitment: commitment.proof, standard=False),
    WHO_MAY_SEE,
    *RECORD_COLUMNS,
)  # fmt: skip
