"""The columns of the list of agreements, and of the twinned pairs."""

from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.choices import AgreementFamily, AgreementStanding, ExchangeStatus, Side
from activities.lookup.provinces import BECAME, told
from activities.models import Agreement, AgreementParty, Exchange
from activities.models.follow_ups import NO_DAY
from crm.choices import Confidentiality
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
    number_column,
    prefetched,
    related,
    soft,
    text_column,
    under,
)
from crm.models import User
from crm.templatetags.nhipcau import day, status

_NAMED = AgreementParty.objects.select_related("unit", "province", "partner__country").defer("partner__search_key", "partner__interests")
with_parties = prefetched(Prefetch("parties", _NAMED.order_by("side", "rank", "id")), f"parties__province__{BECAME}")


def party_name(party: AgreementParty) -> str:
    """Who the party is; a province as it was called, with what it is part of by now."""
    if party.province is not None:
        return told(party.province)
    return party.unit.display if party.unit is not None else str(party)


def of_side(agreement: Agreement, side: Side) -> list[AgreementParty]:
    return [party for party in agreement.parties.all() if party.side == side]


def _name(agreement: Agreement) -> SafeString:
    return SafeString(link(agreement.get_absolute_url(), agreement.title) + demo_tag(agreement) + under(agreement.number))


def _shown(party: AgreementParty) -> SafeString | str:
    if party.partner is None:
        return party_name(party)
    return SafeString(link(party.partner.get_absolute_url(), party.partner.name) + under(party.partner.country or ""))


def _parties(side: Side) -> dict[str, Any]:
    return {
        "show": lambda agreement: lines(_shown(party) for party in of_side(agreement, side)),
        "value": lambda agreement: joined(map(party_name, of_side(agreement, side)), separator="; "),
        "fetch": with_parties,
    }


def _until(agreement: Agreement) -> SafeString | str:
    if agreement.valid_to is None:
        return soft(_("no end"))
    return SafeString(day(agreement.valid_to) + _days_left(agreement))


def _days_left(agreement: Agreement) -> SafeString:
    today = timezone.localdate()
    left = agreement.days_left(today) or 0
    if agreement.renews_itself:
        return under(_("goes on by itself"))
    if agreement.standing(today) != AgreementStanding.IN_FORCE:
        return SafeString("")
    words = ngettext("%(count)s day left", "%(count)s days left", left) % {"count": left}
    return format_html('<span class="under{}">{}</span>', " due-text" if left <= 183 else "", words)


def _standing(agreement: Agreement) -> SafeString:
    standing = agreement.standing(timezone.localdate())
    shown = status(standing, standing.label)
    if agreement.confidentiality == Confidentiality.RESTRICTED:
        shown = SafeString(shown + under(status("restricted", _("Restricted"))))
    return shown


def _days(name: str) -> SortKey:
    return SortKey((f"{name}_or_never", "id"), {f"{name}_or_never": Coalesce(name, NO_DAY)})


TITLE = Column("title", gettext_lazy("Agreement"), _name, lambda agreement: agreement.title, heads_row=True)
OURS = Column("ours", gettext_lazy("Our side"), **_parties(Side.OURS))
THEIRS = Column("theirs", gettext_lazy("Their side"), **_parties(Side.THEIRS))
SIGNED = day_column("signed", gettext_lazy("Signed on"), lambda agreement: agreement.signed_on, sort=_days("signed_on"))
UNTIL = Column("until", gettext_lazy("Until"), _until, lambda agreement: agreement.valid_to, sort=_days("valid_to"))
STANDING = Column(
    "standing", gettext_lazy("AgreementStanding"), _standing, lambda agreement: str(agreement.standing(timezone.localdate()).label)
)  # fmt: skip
FURTHER = (
    text_column("number", gettext_lazy("Number"), lambda agreement: agreement.number, standard=False),
    text_column("level", gettext_lazy("Level"), lambda agreement: agreement.get_level_display(), standard=False),
    text_column("unit", gettext_lazy("Kept by"), lambda agreement: agreement.unit.display, fetch=related("unit"), standard=False),
    day_column("from", gettext_lazy("From"), lambda agreement: agreement.valid_from, standard=False),
    number_column(
        "days_left", gettext_lazy("Days left"), lambda agreement: agreement.days_left(timezone.localdate()), standard=False
    ),
    text_column("signed_at", gettext_lazy("Signed at"), lambda agreement: agreement.signed_at, standard=False),
    text_column(
        "signatories", gettext_lazy("Signed by"),
        lambda agreement: joined((party.signatory for party in agreement.parties.all() if party.signatory), separator="; "),
        fetch=with_parties, standard=False,
    ),
    text_column("legal_basis", gettext_lazy("Legal basis"), lambda agreement: agreement.legal_basis, standard=False),
    text_column(
        "policy", gettext_lazy("Directive"), lambda agreement: agreement.policy_document, fetch=related("policy_document"), standard=False
    ),
    text_column(
        "fields", gettext_lazy("Fields of cooperation"), lambda agreement: joined(agreement.fields.all(), separator="; "),
        fetch=prefetched("fields"), standard=False,
    ),
    text_column("summary", gettext_lazy("What was agreed"), lambda agreement: agreement.summary, standard=False),
    WHO_MAY_SEE,
    *RECORD_COLUMNS,
)  # fmt: skip
KIND = text_column("kind", gettext_lazy("Kind"), lambda agreement: agreement.kind.label, fetch=related("kind"))
AGREEMENT_COLUMNS = (TITLE, KIND, OURS, THEIRS, SIGNED, UNTIL, STANDING, *FURTHER)


# --- Twinned pairs -----------------------------------------------------------------------------------


def _with_what_is_planned(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """The next planned exchange with a partner of theirs, and a plan of cooperation in force, as far as the reader may see them."""
    today = timezone.localdate()
    planned = Exchange.objects.visible_to(user).live().filter(status=ExchangeStatus.PLANNED, starts_on__gte=today)
    ahead = planned.filter(participations__partner__agreement_parties__agreement=OuterRef("pk")).order_by("starts_on", "id")
    plans = Agreement.objects.visible_to(user).in_force(today).filter(kind__family=AgreementFamily.PLAN)
    same = plans.filter(parties__partner__agreement_parties__agreement=OuterRef("pk")).order_by("-signed_on", "-id")
    told_of: QuerySet[Any] = rows.annotate(
        next_on=Subquery(ahead.values("starts_on")[:1]),
        plan=Subquery(same.values("title")[:1]),
        plan_id=Subquery(same.values("public_id")[:1]),
    )
    return told_of


def _pair(agreement: Agreement) -> str:
    """The localities of both sides, ours without the units that signed beside them."""
    ours = [party_name(party) for party in of_side(agreement, Side.OURS) if party.unit is None]
    theirs = [party_name(party) for party in of_side(agreement, Side.THEIRS)]
    return f"{joined(ours)} – {joined(theirs)}"


def _pair_shown(agreement: Agreement) -> SafeString:
    countries = dict.fromkeys(
        str(party.partner.country) for party in of_side(agreement, Side.THEIRS) if party.partner and party.partner.country
    )
    return SafeString(link(agreement.get_absolute_url(), _pair(agreement)) + demo_tag(agreement) + under(joined(countries)))


def _last_exchange(agreement: Agreement) -> Any:
    return max(
        (party.partner.last_contact_on for party in agreement.parties.all() if party.partner and party.partner.last_contact_on),
        default=None,
    )


def _planned(agreement: Any) -> str:
    next_on = _("next exchange on %(day)s") % {"day": agreement.next_on.strftime("%d/%m/%Y")} if agreement.next_on else ""
    return joined((part for part in (agreement.plan, next_on) if part), separator=" · ")


TWINNING_COLUMNS = (
    Column("pair", gettext_lazy("Twinned pair"), _pair_shown, _pair, fetch=with_parties, heads_row=True),
    text_column("kind", gettext_lazy("Kind"), lambda agreement: agreement.kind.label, fetch=related("kind")),
    SIGNED,
    UNTIL,
    STANDING,
    day_column("last", gettext_lazy("Last exchange"), _last_exchange, fetch=with_parties),
    text_column("plan", gettext_lazy("Plan"), _planned, fetch=_with_what_is_planned),
    text_column("title", gettext_lazy("Agreement"), lambda agreement: agreement.title, standard=False),
    *FURTHER,
)
