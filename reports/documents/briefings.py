"""The three briefings: on a partner, on a person, on a country; each for one reader, as things stand today."""

from collections.abc import Collection
from datetime import date

from django.utils.translation import gettext as _

from activities.choices import Side
from activities.models import Commitment, Exchange
from crm.models import Country, User
from partners.models import Partner, Person, Post
from partners.names import address_form, formal_name, salutation
from reports.documents import briefing_lines as say
from reports.documents.briefing import Briefing, Line, Part, fitted
from reports.documents.briefing_reading import Reading, alarm_in_words, kept_in_words, names_of
from reports.metrics.commitments import kept
from reports.metrics.coverage import CountryCoverage, country_coverage
from reports.metrics.days import day_of, policy_on
from reports.metrics.documents import attainment_of
from reports.metrics.reciprocity import returns_owed
from reports.metrics.stored import engagement_on, risks_on

TOP_PARTNERS = 6


def partner_briefing(partner: Partner, *, reader: User, today: date) -> Briefing:
    """About thirty queries, whatever the number of exchanges."""
    reading = Reading(reader, today, [partner.pk])
    posts = reading.posts()
    people = [post.person for post in posts]
    parts = [
        Part(_("Who they are"), _partner_facts(partner, reading)),
        say.part(_("People, in protocol order"), (say.post(post) for post in posts), shown=6, empty=_("Nobody is on record.")),
        Part(_("Where we stand"), _standing(partner, reading)),
        say.part(_("Last contacts"), reading.exchanges(), shown=5, empty=_("No exchange that you may see.")),
        say.part(_("Promises both ways"), reading.commitments(), shown=8, empty=_("None is open.")),
        Part(_("Visits to return"), _owed([partner.pk], reading)),
        say.part(_("Gifts"), reading.gifts(people), shown=4),
        say.part(_("Agreements and registrations in force"), reading.agreements() + reading.registrations(), shown=5),
        say.part(_("To mind"), reading.sensitivities(people), shown=6),
        say.part(_("Ahead"), reading.ahead(partner.country_id), shown=5),
    ]
    lede = say.joined([partner.kind, partner.city, partner.country], ", ")
    return fitted(Briefing(partner, partner.name, lede, today, str(reader), parts))


def person_briefing(person: Person, *, reader: User, today: date) -> Briefing:
    """The person, their posts, what was said and given, and the partners they stand for."""
    held = list(person.posts.live().on(today).select_related("partner__country").order_by("rank", "id"))
    reading = Reading(reader, today, [post.partner_id for post in held])
    mine = Commitment.objects.filter(person=person) | Commitment.objects.filter(partner__in=reading.partner_ids, person__isnull=True)
    country = person.country or (held[0].partner.country if held else None)
    standing = [line for post in held[:2] for line in _standing(post.partner, reading, named=True)]
    owed, met = _owed(reading.partner_ids, reading), reading.met(person)
    parts = [
        Part(_("Who they are"), _person_facts(person, country)),
        say.part(
            _("Posts today"),
            (_held(post) for post in held),
            shown=4,
            empty=_("No post is on record."),
        ),
        say.part(_("Last contacts"), reading.exchanges(met), shown=6, empty=_("No exchange that you may see.")),
        say.part(_("Promises both ways"), reading.commitments(mine), shown=8, empty=_("None is open.")),
        Part(_("Visits to return"), owed),
        Part(_("Where we stand"), standing),
        say.part(_("Gifts"), reading.gifts([person], met), shown=5),
        say.part(_("To mind"), reading.sensitivities([person]), shown=8),
        say.part(_("Ahead"), reading.ahead(country.pk if country else None), shown=5),
    ]
    lede = say.joined([person.native_name if person.native_name != person.full_name else "", country], " · ")
    return fitted(Briefing(person, formal_name(person), lede, today, str(reader), parts))


def country_briefing(country: Country, *, reader: User, today: date) -> Briefing:
    """Tier and coverage, the partners we are closest to, agreements, promises, and whom we know."""
    ids = list(Partner.objects.visible_to(reader).live().filter(country=country).values_list("pk", flat=True))
    reading = Reading(reader, today, ids)
    posts = reading.posts()
    parts = [
        Part(_("Where we stand"), _country_standing(country, reading)),
        say.part(_("Partners we are closest to"), _closest(reading), shown=TOP_PARTNERS, empty=_("No data")),
        say.part(_("People, in protocol order"), (_with_partner(say.post(post), post.partner) for post in posts), shown=5),
        say.part(_("Last contacts"), reading.exchanges(), shown=6, empty=_("No exchange that you may see.")),
        say.part(_("Promises both ways"), reading.commitments(), shown=8, empty=_("None is open.")),
        say.part(_("Visits to return"), _owed(ids, reading), shown=4),
        say.part(_("Agreements in force"), reading.agreements(), shown=6),
        say.part(_("To mind"), reading.sensitivities([post.person for post in posts]), shown=6),
        say.part(_("Ahead"), reading.ahead(country.pk), shown=6),
    ]
    return fitted(Briefing(country, country.name, reading.tiers(country.pk), today, str(reader), parts))


def _partner_facts(partner: Partner, reading: Reading) -> list[Line]:
    facts = [
        (_("Also called"), names_of(partner)),
        (_("Founded"), partner.founded_year),
        (_("Friend since"), partner.friend_since),
        (_("Status"), partner.get_status_display()),
        (_("Kept by"), reading.stewards()),
        (_("Interests"), partner.interests),
    ]
    told = say.joined(f"{label}: {value}" for label, value in facts if value)
    return [Line(told, "", partner.verified_on, partner)]


def _person_facts(person: Person, country: Country | None) -> list[Line]:
    code = country.alpha2 if country else None
    facts = [
        (_("To be addressed as"), address_form(person, code)),
        (_("Letter in Vietnamese"), salutation(person, code, "vi")),
        (_("Letter in English"), salutation(person, code, "en")),
        (_("In Latin letters"), person.latin_name),
        (_("Languages"), say.languages(person.languages)),
    ]
    return [Line(str(value), label, None, person) for label, value in facts if value]


def _held(post: Post) -> Line:
    titles = say.joined(dict.fromkeys([post.title, post.title_native]), " / ")
    return Line(titles, str(post.partner), post.valid_from, post.partner)


def _standing(partner: Partner, reading: Reading, *, named: bool = False) -> list[Line]:
    """The figures of today: index, plan, risks, promises kept, tiers. Figures are of no single row, so they refer to the partner."""
    policy, lines = policy_on(reading.today), []
    figures = engagement_on(reading.today, [partner.pk]).get(partner.pk)
    if figures is not None:
        index = _("%(index)s (%(band)s); last two-way exchange %(days)s days ago")
        days = figures.recency_days if figures.recency_days is not None else "—"
        told = index % {"index": say.index(figures.index(policy)), "band": figures.band(policy).label, "days": days}
        lines.append(Line(told, _("Engagement index"), reading.today, partner))
    if risk := risks_on(reading.today, [partner.pk]).get(partner.pk):
        lines.append(Line(alarm_in_words(risk.alarm, risk.codes), _("At risk?"), reading.today, partner))
    attained = attainment_of(partner, reading.today, policy)
    if attained["required"]:
        told = _("%(done)s of %(required)s exchanges in 365 days") % {"done": attained["done"], "required": attained["required"]}
        lines.append(Line(say.joined([reading.tiers(partner.country_id), told]), _("Tier and plan"), reading.today, partner))
    if told := kept_in_words(kept(reading.today, partner=partner)):
        lines.append(Line(told, _("Commitments kept"), reading.today, partner))
    return [_with_partner(line, partner) for line in lines] if named else lines


def _country_standing(country: Country, reading: Reading) -> list[Line]:
    by_words: dict[str, list[str]] = {}
    for row in country_coverage(policy_on(reading.today), reading.today, [country.pk]):
        by_words.setdefault(_coverage_words(row), []).append(str(row.tier))
    lines = [Line(words, say.joined(tiers, ", "), reading.today) for words, tiers in by_words.items()]
    told = kept_in_words(kept(reading.today, country=country))
    return [*lines, Line(told, _("Commitments kept"), reading.today)] if told else lines


def _coverage_words(row: CountryCoverage) -> str:
    done = _("%(done)s of %(required)s exchanges in 365 days") if row.required else _("%(done)s exchanges in 365 days")
    told = [
        row.status.label if row.status else "",
        done % {"done": row.done, "required": row.required},
        _("%(active)s of %(partners)s partners active") % {"active": row.active_partners, "partners": row.partners},
        _("last %(day)s") % {"day": say.day(row.last_exchange_on)} if row.last_exchange_on else _("never met"),
    ]
    return say.joined(told)


def _closest(reading: Reading) -> list[Line]:
    policy = policy_on(reading.today)
    figures = sorted(engagement_on(reading.today, reading.partner_ids).values(), key=lambda row: (-row.strength, row.partner_id))
    partners = Partner.objects.in_bulk([row.partner_id for row in figures[: TOP_PARTNERS * 2]])
    lines = []
    for row in figures[: TOP_PARTNERS * 2]:
        last = day_of(row.first_day_no) if row.recency_days is None else date.fromordinal(reading.today.toordinal() - row.recency_days)
        told = _("index %(index)s, %(band)s") % {"index": say.index(row.index(policy)), "band": row.band(policy).label}
        lines.append(Line(told, str(partners[row.partner_id]), last, partners[row.partner_id]))
    return lines


def _owed(partner_ids: Collection[int], reading: Reading) -> list[Line]:
    """Visits that wait for a return, where the reader may open them."""
    owed = returns_owed(reading.today, partner_ids)
    seen = Exchange.objects.visible_to(reading.reader).select_related("kind").in_bulk([row.exchange_id for row in owed])
    lines = []
    for row in owed:
        if visit := seen.get(row.exchange_id):
            lead = _("We owe a visit") if row.owed_by == Side.OURS else _("They owe a visit")
            late = _("for more than 24 months") if row.is_late else _("by %(day)s") % {"day": say.day(row.due_on)}
            lines.append(Line(say.joined([visit.title or visit.kind, visit.get_level_display(), late]), lead, row.day, visit))
    return lines


def _with_partner(line: Line, partner: Partner) -> Line:
    return Line(say.joined([partner.name, line.text], ": "), line.lead, line.day, line.record)
