"""The columns of the lists of partners and people."""

from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.columns import (
    NOTHING,
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
    status_column,
    text_column,
    under,
)
from crm.models import Tier, TierMembership, User
from crm.templatetags.nhipcau import ago, day
from partners.actions.proposals import label_of
from partners.choices import StewardRole
from partners.models import ChangeProposal, Partner, Person, Post, Stewardship
from partners.models.partners import NEVER_MET

SHOWN_NAMES = 3
FAR_AHEAD = date(9999, 12, 31)


# --- Partners ----------------------------------------------------------------------------------------


def _partner_name(partner: Partner) -> SafeString:
    name = link(partner.get_absolute_url(), partner.name, language=partner.name_language)
    others = format_html_join(
        " · ", '<span lang="{}">{}</span>', ((other.language, other.name) for other in list(partner.names.all())[:SHOWN_NAMES])
    )
    return SafeString(name + demo_tag(partner) + under(others))


def _other_names(partner: Partner) -> str:
    return joined((other.name for other in partner.names.all()), separator="; ")


def _place(partner: Partner) -> SafeString:
    country = format_html("{}", partner.country.name) if partner.country else NOTHING
    return SafeString(country + under(partner.city))


def _with_leads(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    lead = Stewardship.objects.current().filter(role=StewardRole.LEAD).select_related("unit", "officer")
    lead = lead.only("partner", "unit__name_vi", "unit__name_en", "unit__short_name", "officer__full_name", "officer__username")
    return rows.prefetch_related(Prefetch("stewardships", lead, to_attr="leads"))


def _lead_units(partner: Any) -> str:
    return joined(steward.unit.display for steward in partner.leads)


def _lead_officers(partner: Any) -> str:
    return joined(steward.officer for steward in partner.leads if steward.officer)


def _last_contact(partner: Partner) -> SafeString:
    if partner.last_contact_on is None:
        return soft(_("never"))
    return SafeString(day(partner.last_contact_on) + under(ago(partner.last_contact_on)))


def _with_tiers(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    held = TierMembership.objects.on(timezone.localdate()).select_related("tier").order_by("tier__rank", "tier__id")
    return rows.select_related("country").prefetch_related(Prefetch("country__tier_memberships", held, to_attr="tiers_today"))


def _tiers(partner: Any) -> list[Tier]:
    return [membership.tier for membership in partner.country.tiers_today] if partner.country else []


PARTNER_COLUMNS = (
    Column(
        "name", gettext_lazy("Name"), _partner_name, lambda partner: partner.name,
        fetch=prefetched("names"), sort=SortKey(("sort_key", "id")), heads_row=True, fetches_to_show=True,
    ),
    text_column("kind", gettext_lazy("Kind"), lambda partner: partner.kind.label, fetch=related("kind")),
    Column(
        "country", gettext_lazy("Country"), _place, lambda partner: partner.country.name if partner.country else "",
        fetch=related("country"),
    ),
    Column(
        "steward", gettext_lazy("Kept by"), lambda partner: _lead_units(partner) or soft(_("nobody yet")), _lead_units, fetch=_with_leads
    ),
    Column(
        "last_contact", gettext_lazy("Last contact"), _last_contact, lambda partner: partner.last_contact_on, is_number=True,
        sort=SortKey(("last_contact_or_never", "id"), {"last_contact_or_never": Coalesce("last_contact_on", NEVER_MET)}),
    ),
    status_column("status", gettext_lazy("Status"), "status", standard=False),
    text_column("other_names", gettext_lazy("Other names"), _other_names, fetch=prefetched("names"), standard=False),
    text_column("officer", gettext_lazy("Officer"), _lead_officers, fetch=_with_leads, standard=False),
    text_column("city", gettext_lazy("City"), lambda partner: partner.city, standard=False),
    text_column("tiers", gettext_lazy("Tiers today"), lambda partner: joined(_tiers(partner)), fetch=_with_tiers, standard=False),
    text_column(
        "fields", gettext_lazy("Fields of cooperation"), lambda partner: joined(partner.fields.all(), separator="; "),
        fetch=prefetched("fields"), standard=False,
    ),
    text_column("website", gettext_lazy("Website"), lambda partner: partner.website, standard=False),
    number_column("founded", gettext_lazy("Founded in"), lambda partner: partner.founded_year, standard=False),
    number_column("friend_since", gettext_lazy("Friend since"), lambda partner: partner.friend_since, standard=False),
    day_column("verified", gettext_lazy("Verified on"), lambda partner: partner.verified_on, standard=False),
    text_column(
        "unit", gettext_lazy("Entered by unit"), lambda partner: partner.unit.display if partner.unit else "", fetch=related("unit"),
        standard=False,
    ),
    *RECORD_COLUMNS,
)  # fmt: skip


# --- People ------------------------------------------------------------------------------------------


def _person_name(person: Person) -> SafeString:
    beside = ""
    if person.native_name:
        beside = format_html('<span class="under native">{}</span>', person.native_name)
    elif person.latin_name and person.latin_name != person.full_name:
        beside = under(person.latin_name)
    return SafeString(link(person.get_absolute_url(), person.full_name) + demo_tag(person) + beside)


def _with_posts(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    held = Post.objects.live().on(timezone.localdate()).select_related("partner").order_by("rank", "id")
    return rows.prefetch_related(Prefetch("posts", held, to_attr="held"))


def _posts(person: Any) -> SafeString:
    return lines(
        format_html('{}<span class="under">{}</span>', post.title, link(post.partner.get_absolute_url(), post.partner.name))
        for post in person.held
    )


PERSON_COLUMNS = (
    Column(
        "name", gettext_lazy("Name"), _person_name, lambda person: person.full_name, sort=SortKey(("sort_key", "id")), heads_row=True
    ),
    Column(
        "posts", gettext_lazy("Post"), _posts,
        lambda person: joined((f"{post.title}, {post.partner.name}" for post in person.held), separator="; "), fetch=_with_posts,
    ),
    text_column(
        "country", gettext_lazy("Country"), lambda person: person.country.name if person.country else "", fetch=related("country")
    ),
    text_column("how_to_address", gettext_lazy("How to address"), lambda person: person.how_to_address, standard=False),
    text_column("latin_name", gettext_lazy("Name in Latin letters"), lambda person: person.latin_name, standard=False),
    text_column("native_name", gettext_lazy("Name in own script"), lambda person: person.native_name, standard=False),
    text_column("family_name", gettext_lazy("Family name"), lambda person: person.family_name, standard=False),
    text_column("given_name", gettext_lazy("Given name"), lambda person: person.given_name, standard=False),
    text_column("languages", gettext_lazy("Languages"), lambda person: person.languages, standard=False),
    text_column("email", gettext_lazy("E-mail"), lambda person: person.email, standard=False),
    text_column("phone", gettext_lazy("Phone"), lambda person: person.phone, standard=False),
    WHO_MAY_SEE,
    text_column("purpose", gettext_lazy("Kept for"), lambda person: person.purpose, standard=False),
    day_column(
        "review", gettext_lazy("Review on"), lambda person: person.review_on, standard=False,
        sort=SortKey(("review_or_never", "id"), {"review_or_never": Coalesce("review_on", Value(FAR_AHEAD))}),
    ),
    text_column(
        "unit", gettext_lazy("Entered by unit"), lambda person: person.unit.display if person.unit else "", fetch=related("unit"),
        standard=False,
    ),
    *RECORD_COLUMNS,
)  # fmt: skip


# --- Change proposals --------------------------------------------------------------------------------


def _proposed_partner(proposal: ChangeProposal) -> SafeString:
    return SafeString(
        link(proposal.get_absolute_url(), proposal.partner.name, language=proposal.partner.name_language) + under(proposal.message)
    )


def _changed_fields(proposal: ChangeProposal) -> str:
    return joined(label_of(name) for name in proposal.changes)


PROPOSAL_COLUMNS = (
    Column(
        "partner", gettext_lazy("Partner"), _proposed_partner, lambda proposal: proposal.partner.name, fetch=related("partner"),
        heads_row=True, fetches_to_show=True,
    ),
    text_column("fields", gettext_lazy("What would change"), _changed_fields),
    text_column("unit", gettext_lazy("Proposed by"), lambda proposal: proposal.unit.display, fetch=related("unit")),
    text_column("lead_unit", gettext_lazy("To be decided by"), lambda proposal: proposal.lead_unit.display, fetch=related("lead_unit")),
    day_column(
        "proposed", gettext_lazy("Proposed on"), lambda proposal: timezone.localtime(proposal.created_at).date(), sort=SortKey(("id",))
    ),
    status_column("state", gettext_lazy("State"), "state"),
    text_column("reason", gettext_lazy("Reason"), lambda proposal: proposal.reason, standard=False),
    *RECORD_COLUMNS[1:],
)  # fmt: skip
