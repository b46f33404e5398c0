"""The coverage page, the partner's engagement page and the desk: what they show, to whom, and where figures lead."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.actions.follow_ups import save_follow_up
from activities.choices import FollowUpState
from activities.filters.exchanges import ExchangeFilter
from activities.models import Exchange, FollowUp
from crm.choices import Confidentiality
from crm.models import Country, Unit, User
from partners.filters import PartnerFilter
from partners.models import Partner
from reports.actions.snapshots import take_snapshots
from reports.choices import CoverageStatus
from reports.metrics.stored import coverage_on
from reports.models import PlanLine
from reports.views.coverage import Line, lines, worst_of_each_country
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db

AS_OF = date(2025, 9, 30)


def read(user: User, address: str, **headers: str) -> str:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    answer = client.get(address, headers=headers)
    assert answer.status_code in (200, 422), answer.status_code
    return str(answer.content.decode())


def coverage(user: User, **parameters: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return read(user, f"{reverse('reports:coverage-countries')}?{query}")


def engagement(user: User, partner: Partner, as_of: Any = AS_OF, **headers: str) -> str:
    return read(user, f"{reverse('reports:partner-engagement', args=[partner.public_id])}?as_of={as_of}", **headers)


def line_of(alpha2: str, as_of: date = AS_OF) -> Line:
    return next(line for line in lines(worst_of_each_country(coverage_on(as_of)), as_of) if line.row.country.alpha2 == alpha2)


def rows_behind(filterset: Any, queryset: Any, link: str) -> int:
    given = QueryDict(urlsplit(link).query)
    filtered = filterset(given, queryset=queryset)
    assert filtered.is_valid(), filtered.errors
    assert set(parse_qs(urlsplit(link).query)) <= set(filtered.form.fields)
    return int(filtered.qs.count())


@pytest.fixture
def lao(an: User, nghe_an: Unit) -> Partner:
    """A partner in Laos with three exchanges in the year up to the day, one before it, and one that is not two-way."""
    partner = make_partner("Hội Hữu nghị Lào - Việt Nam", country="LA")
    make_steward(partner, nghe_an, officer=an)
    for age in (10, 100, 200, 400):
        make_exchange(partner, by=an, on=AS_OF - timedelta(days=age), title=f"Gặp gỡ {age}")
    make_exchange(partner, by=an, on=AS_OF - timedelta(days=5), kind="LETTER_EXCHANGE", sides="ours")
    return partner


def test_every_figure_of_a_country_opens_exactly_the_rows_it_counts(lao: Partner) -> None:
    make_partner("Đại học Quốc gia Lào", country="LA")
    line = line_of("LA")
    assert (line.row.done, line.row.partners, line.row.active_partners) == (3, 2, 1)
    exchanges, partners = Exchange.objects.all(), Partner.objects.all()
    assert rows_behind(ExchangeFilter, exchanges, line.links["done"]) == line.row.done
    assert rows_behind(ExchangeFilter, exchanges, line.links["last"]) == 1
    assert rows_behind(PartnerFilter, partners, line.links["partners"]) == line.row.partners
    assert rows_behind(PartnerFilter, partners, line.links["active"]) == line.row.active_partners


def test_the_worst_comes_first(lao: Partner) -> None:
    shown = lines(worst_of_each_country(coverage_on(AS_OF)), AS_OF)
    places = [list(CoverageStatus).index(line.row.status) for line in shown if line.row.status]
    assert shown[0].row.status == CoverageStatus.NEVER
    assert places.index(list(CoverageStatus).index(line_of("LA").row.status or CoverageStatus.NEVER)) > 0


def test_each_country_stands_once_with_all_its_tiers(lao: Partner, an: User) -> None:
    shown = lines(worst_of_each_country(coverage_on(AS_OF)), AS_OF)
    countries = [line.row.country.pk for line in shown]
    assert len(countries) == len(set(countries))
    codes = {membership.tier.code for membership in line_of("LA").memberships}
    assert codes >= {"NEIGHBOUR", "ASEAN", "SPECIAL"}


def test_the_tiers_are_those_of_the_day(an: User) -> None:
    """Counts of the reference on three days; the EU is a bloc and not counted as a country."""
    for day, expected in ((date(2025, 8, 22), (13, 10, 15)), (date(2025, 10, 31), (14, 11, 15))):
        tiers = {tier.tier.code: len(tier.countries) for tier in coverage_on(day)}
        assert (tiers["COMPREHENSIVE_STRATEGIC"], tiers["STRATEGIC"], tiers["COMPREHENSIVE"]) == expected
    page = coverage(an, as_of="2025-08-22", tier="COMPREHENSIVE_STRATEGIC")
    assert page.count('<th scope="row">') == 13


def test_one_tier_shows_its_countries_and_its_sums(lao: Partner, an: User) -> None:
    page = coverage(an, as_of=AS_OF, tier="NEIGHBOUR")
    assert page.count('<th scope="row">') == 3
    assert "With an active partner (breadth)" in page
    assert "33" in page


def test_a_status_narrows_the_rows(lao: Partner, an: User) -> None:
    assert "Laos" not in coverage(an, as_of=AS_OF, status="never").split("Countries of all tiers")[1]


def test_breadth_opens_the_countries_that_it_counts(lao: Partner, an: User) -> None:
    make_exchange(make_partner("Đại học Quốc gia Lào", country="LA"), by=an, on=AS_OF)
    assert "tier=NEIGHBOUR&amp;active=true" in coverage(an, as_of=AS_OF)
    assert coverage(an, as_of=AS_OF, tier="NEIGHBOUR", active="true").count('<th scope="row">') == 1


def test_counts_of_a_tier_hold_its_bloc_as_the_list_behind_them_does(an: User) -> None:
    """The EU is named beside the 14 countries, and stands in the list of its status."""
    day = date(2026, 6, 30) if timezone.localdate() > date(2026, 6, 30) else timezone.localdate()
    tier = next(tier for tier in coverage_on(day) if tier.tier.code == "COMPREHENSIVE_STRATEGIC")
    never = coverage(an, as_of=day, tier=tier.tier.code, status="never")
    assert never.count('<th scope="row">') == tier.statuses_with_blocs[CoverageStatus.NEVER] == len(tier.rows)


def test_a_day_before_every_exchange_says_that_nothing_was_entered(lao: Partner, an: User) -> None:
    assert "No exchange is on record up to this day" in coverage(an, as_of="2001-01-01")
    assert "No exchange is on record up to this day" not in coverage(an, as_of=AS_OF)


def test_of_two_equal_standings_the_one_that_asks_more_is_shown(an: User) -> None:
    """Malaysia, never met, is in two tiers: the row does not depend on the order of tiers."""
    both = [row.required or 0 for tier in coverage_on(AS_OF) for row in tier.rows if row.country.alpha2 == "MY"]
    assert len(both) == 2
    assert line_of("MY").row.required == max(both)


def test_the_page_says_whether_figures_were_stored(lao: Partner, an: User) -> None:
    assert "Computed for this day just now" in coverage(an, as_of=AS_OF)
    take_snapshots(AS_OF)
    page = coverage(an, as_of=AS_OF)
    assert "From the figures stored for this day." in page
    assert "Restricted exchanges are counted for nobody" in page


@pytest.mark.parametrize("day", ["2999-01-01", "1900-01-01", "soon", "2025-02-30", "%00"])
def test_an_impossible_day_is_named_and_shows_no_figures(day: str, an: User) -> None:
    client = Client()
    client.force_login(an)
    answer = client.get(f"{reverse('reports:coverage-countries')}?as_of={day}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert "<table" not in answer.content.decode()


def test_an_unknown_tier_or_status_shows_all_tiers_or_none(lao: Partner, an: User) -> None:
    assert "Countries of all tiers" in coverage(an, as_of=AS_OF, tier="NOWHERE")
    assert "No country stands so on this day." in coverage(an, as_of=AS_OF, status="elsewhere")


def test_rows_to_be_confirmed_are_marked_for_those_who_may_confirm(an: User, ha: User) -> None:
    assert "to be confirmed" in coverage(ha, as_of=AS_OF)
    assert "to be confirmed" not in coverage(an, as_of=AS_OF)


def test_a_restricted_exchange_moves_no_figure_for_anybody(lao: Partner, an: User, ha: User) -> None:
    before = line_of("LA").row
    make_exchange(lao, by=an, on=AS_OF - timedelta(days=1), confidentiality=Confidentiality.RESTRICTED)
    assert line_of("LA").row == before


def test_htmx_gets_the_result_alone(lao: Partner, an: User) -> None:
    page = read(an, f"{reverse('reports:coverage-countries')}?as_of={AS_OF}", **{"hx-request": "true"})
    assert page.strip().startswith('<div id="coverage"')
    assert "<html" not in page


def test_the_worked_example_stands_on_the_page_to_the_digit(example: Partner, secretary: User) -> None:
    page = engagement(secretary, example)
    assert '<span class="value">46.2</span>' in page
    assert "E = 17.17 points" in page
    for adds in ("10.77", "1.99", "0.24", "2.84", "1.33"):
        assert f">{adds}</td>" in page
    assert ("+0.163" in page, "+0.182" in page) == (True, True)


def test_what_is_asked_of_the_partner_stands_beside_its_index(example: Partner, secretary: User) -> None:
    PlanLine.objects.create(country=example.country, required=4, cadence_days=90, least_level=2, reason="example")
    assert "3 of 4 exchanges in 365 days" in engagement(secretary, example)


def test_people_and_fields_that_nobody_noted_are_no_zero(example: Partner, secretary: User) -> None:
    page = engagement(secretary, example)
    assert ("no field on record" in page, "nobody named" in page, "0 people met" in page) == (True, True, False)


def test_rows_that_the_reader_may_not_open_have_kind_and_unit_but_no_link(lao: Partner, an: User, chau: User) -> None:
    Exchange.objects.update(confidentiality=Confidentiality.UNIT)
    hidden, shown = engagement(chau, lao), engagement(an, lao)
    exchange = Exchange.objects.get(title="Gặp gỡ 10")
    assert (exchange.get_absolute_url() in shown, "Gặp gỡ 10" in shown) == (True, True)
    assert (exchange.get_absolute_url() in hidden, "Gặp gỡ 10" in hidden) == (False, False)
    assert "kept by the unit to itself" in hidden
    assert hidden.split("E = ")[1][:12] == shown.split("E = ")[1][:12]


def test_a_partner_without_exchanges_has_no_data_and_no_zero(an: User) -> None:
    page = engagement(an, make_partner("Nobody met yet"))
    assert "No data" in page
    assert 'class="value"' not in page


def test_as_a_tab_the_engagement_comes_without_the_page(lao: Partner, an: User) -> None:
    page = engagement(an, lao, **{"hx-request": "true"})
    assert page.strip().startswith('<div id="engagement"')


def test_an_account_without_a_role_sees_no_partner(lao: Partner) -> None:
    client = Client()
    client.force_login(User.objects.create(username="nobody", password="!"))
    assert client.get(reverse("reports:partner-engagement", args=[lao.public_id])).status_code in (403, 404)
    assert client.get(reverse("reports:coverage-countries")).status_code == 403


def test_a_tick_finishes_a_follow_up_and_undo_opens_it_again(lao: Partner, an: User, nghe_an: Unit) -> None:
    follow_up = save_follow_up(FollowUp(text="Gửi thư cảm ơn", partner=lao, assignee=an, unit=nghe_an), by=an)
    client = Client()
    client.force_login(an)
    address = reverse("reports:follow-up-finish", args=[follow_up.public_id])
    assert "Gửi thư cảm ơn" in client.get(reverse("desk")).content.decode()
    answer = client.post(address, {"state": "done"}, headers={"hx-request": "true"})
    follow_up.refresh_from_db()
    assert follow_up.state == FollowUpState.DONE
    assert 'value="open"' in answer.content.decode()
    client.post(address, {"state": "open"})
    follow_up.refresh_from_db()
    assert follow_up.state == FollowUpState.OPEN


def test_a_follow_up_of_another_unit_is_not_found_and_a_viewer_may_not_tick(
    lao: Partner, an: User, chau: User, dung: User, nghe_an: Unit
) -> None:
    follow_up = save_follow_up(FollowUp(text="Gửi thư", partner=lao, unit=nghe_an), by=an)
    address = reverse("reports:follow-up-finish", args=[follow_up.public_id])
    for user, status in ((chau, 404), (dung, 403)):
        client = Client()
        client.force_login(user)
        assert client.post(address, {"state": "done"}).status_code == status


def test_a_tick_with_a_made_up_state_says_what_is_wrong(lao: Partner, an: User, nghe_an: Unit) -> None:
    follow_up = save_follow_up(FollowUp(text="Gửi thư", partner=lao, unit=nghe_an), by=an)
    client = Client()
    client.force_login(an)
    answer = client.post(reverse("reports:follow-up-finish", args=[follow_up.public_id]), {"state": "x"}, headers={"hx-request": "true"})
    follow_up.refresh_from_db()
    assert (answer.status_code, follow_up.state) == (422, FollowUpState.OPEN)
    assert 'role="alert"' in answer.content.decode()


def test_partners_going_silent_are_those_my_units_keep(lao: Partner, an: User, chau: User) -> None:
    assert lao.name in read(an, reverse("desk"))
    assert lao.name not in read(chau, reverse("desk"))
    make_exchange(lao, by=an, on=timezone.localdate())
    assert "Every partner your units keep was met lately." in read(an, reverse("desk"))


def test_the_secretariat_sees_coverage_and_what_waits_to_be_confirmed(lao: Partner, an: User, ha: User) -> None:
    Country.objects.filter(alpha2="LA").update(confidence="low")
    take_snapshots(AS_OF)
    page = read(ha, reverse("desk"))
    assert "Coverage of the priority tiers on" in page
    assert "Reference data to be confirmed" in page
    assert "For the secretariat" not in read(an, reverse("desk"))


def test_the_desk_asks_the_same_few_queries_however_much_waits(lao: Partner, an: User, nghe_an: Unit) -> None:
    for number in range(6):
        save_follow_up(FollowUp(text=f"Việc {number}", partner=lao, unit=nghe_an, assignee=an), by=an)
        make_exchange(lao, by=an, on=timezone.localdate() - timedelta(days=number))
    client = Client()
    client.force_login(an)
    get_counted(client, reverse("desk"), name="desk")
