"""As known on a day: entered late, corrected, archived, merged, moved; every query reads what stood in the system then."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Count
from django.utils import timezone

from activities.actions.exchanges import archive_exchange, change_exchange, restore_exchange
from activities.choices import ExchangeStatus
from activities.models import Attendance, Commitment, Exchange, ExchangeUnit, Participation
from crm.actions.records import archive_record, save_record
from crm.choices import Confidentiality
from crm.known import as_known_on, known_on
from crm.known.tables import versioned_models
from crm.models import Country, Field, Province, Tier, TierMembership, Unit, User
from partners.actions.merges import merge_partners
from partners.models import Partner
from reports.metrics.coverage import country_coverage
from reports.metrics.days import policy_on
from reports.metrics.engagement import engagement
from reports.models import PlanLine, PolicyVersion
from tests.crm.story import make_author, written_on
from tests.factories import make_exchange, make_partner, make_unit, make_user
from tests.partners.merging import differences, dump, entangle

pytestmark = pytest.mark.django_db

MARCH, MAY, JULY, SEPTEMBER = date(2026, 3, 10), date(2026, 5, 10), date(2026, 7, 10), date(2026, 9, 10)


@pytest.fixture
def author(db: None) -> User:
    return make_author()


@pytest.fixture
def partner(author: User) -> Partner:
    with written_on(MARCH):
        return make_partner("Hội Hữu nghị mẫu", country="JP")


def held(partner: Partner, author: User, *, on: date, entered: date, **values: object) -> Exchange:
    with written_on(entered):
        return make_exchange(partner, by=author, on=on, **values)  # type: ignore[arg-type]  # passed through


def strengths(partners: list[Partner], as_of: date = MAY) -> dict[int, int]:
    return {row.partner_id: row.strength for row in engagement(policy_on(as_of), as_of, [partner.pk for partner in partners])}


def test_an_exchange_entered_late_is_unknown_until_the_day_it_was_entered(partner: Partner, author: User) -> None:
    early = held(partner, author, on=MARCH, entered=MARCH)
    late = held(partner, author, on=MARCH + timedelta(days=2), entered=JULY)

    with as_known_on(JULY - timedelta(days=1)):
        assert set(Exchange.objects.all()) == {early}
        assert Participation.objects.count() == 1
        before = strengths([partner])
    with as_known_on(JULY):
        assert set(Exchange.objects.all()) == {early, late}
        assert strengths([partner])[partner.pk] > before[partner.pk]


def test_a_day_ends_at_midnight_in_ha_noi(partner: Partner, author: User) -> None:
    with written_on(JULY, hour=16):
        make_exchange(partner, by=author, on=MARCH)
    with written_on(JULY, hour=17):
        make_exchange(partner, by=author, on=MARCH)

    with as_known_on(JULY):
        assert Exchange.objects.count() == 1
    with as_known_on(JULY + timedelta(days=1)):
        assert Exchange.objects.count() == 2


def test_a_corrected_exchange_has_the_facts_of_then(partner: Partner, author: User) -> None:
    exchange = held(partner, author, on=MARCH, entered=MARCH, level=0, fields=Field.objects.order_by("bit")[:1])
    facts = Participation.objects.values().get()
    figures = strengths([partner])
    with written_on(JULY):
        exchange = Exchange.objects.get(pk=exchange.pk)
        exchange.level, exchange.starts_on = 2, MARCH + timedelta(days=30)
        change_exchange(exchange, by=author, fields=list(Field.objects.order_by("bit")[1:4]))

    assert strengths([partner]) != figures
    with as_known_on(MAY):
        assert Participation.objects.values().get() == facts
        assert Exchange.objects.get().level == 0
        assert [field.bit for field in Exchange.objects.get().fields.all()] == [Field.objects.order_by("bit")[0].bit]
        assert strengths([partner]) == figures
        assert Partner.objects.get().last_contact_on == MARCH
    assert Partner.objects.get().last_contact_on == MARCH + timedelta(days=30)


def test_an_archived_exchange_still_counted_before_and_counts_again_once_it_is_back(partner: Partner, author: User) -> None:
    exchange = held(partner, author, on=MARCH, entered=MARCH)
    with written_on(MAY):
        archive_exchange(Exchange.objects.get(pk=exchange.pk), by=author)
    with written_on(JULY):
        restore_exchange(Exchange.objects.get(pk=exchange.pk), by=author)

    counts = {}
    for day in (MARCH, MAY, JULY):
        with as_known_on(day):
            counts[day] = Exchange.objects.live().count(), Participation.objects.filter(counted=True).count()
    assert counts == {MARCH: (1, 1), MAY: (0, 0), JULY: (1, 1)}


def test_partners_merged_since_are_two_again(partner: Partner, author: User) -> None:
    with written_on(MARCH):
        double = make_partner("Hội Hữu nghị mẫu (trùng)", country="JP")
    held(partner, author, on=MARCH, entered=MARCH)
    held(double, author, on=MARCH + timedelta(days=5), entered=MARCH + timedelta(days=5))
    before = strengths([partner, double])
    with written_on(JULY):
        merge_partners(partner, double, by=author)

    assert set(strengths([partner, double])) == {partner.pk}
    with as_known_on(MAY):
        assert strengths([partner, double]) == before
        assert Partner.objects.live().count() == 2
        assert Partner.objects.get(pk=double.pk).last_contact_on == MARCH + timedelta(days=5)
    with as_known_on(JULY):
        assert Partner.objects.live().count() == 1


def test_a_part_of_a_delegation_counts_then_as_its_delegation_did_then(partner: Partner, author: User) -> None:
    with written_on(MARCH):
        host = make_partner("Chủ nhà", country="JP")
    whole = held(host, author, on=MARCH, entered=MARCH, kind="DELEGATION_OUT", direction="out")
    held(partner, author, on=MARCH, entered=MARCH, parent=whole)
    with written_on(JULY):
        change_exchange(Exchange.objects.get(pk=whole.pk), by=author, partners=[host, partner])

    assert Participation.objects.filter(counted=True, partner=partner).count() == 1
    assert not Participation.objects.get(partner=partner, exchange__parent=whole).counted
    with as_known_on(MAY):
        assert Participation.objects.get(partner=partner).counted
        assert Participation.objects.filter(exchange=whole).count() == 1


def test_co_hosts_people_present_and_promises_are_those_of_then(partner: Partner, author: User) -> None:
    other = make_unit("PU-01")
    exchange = held(partner, author, on=MARCH, entered=MARCH, co_units=[other], attendances=[Attendance(side="theirs", name="Ông Tanaka")])
    with written_on(MARCH):
        promise = Commitment(text="Gửi sách", partner=partner, unit=Unit.objects.get(code="VUFO"), promised_on=MARCH, due_on=MAY)
        save_record(promise, by=author)
    with written_on(JULY):
        change_exchange(Exchange.objects.get(pk=exchange.pk), by=author, co_units=[], attendances=[])
        promise.text = "Gửi sách và báo"
        save_record(promise, by=author)

    with as_known_on(MAY):
        assert ExchangeUnit.objects.get().unit == other
        assert Attendance.objects.get().name == "Ông Tanaka"
        assert Commitment.objects.search("gui sach").get().text == "Gửi sách"
        assert not Commitment.objects.search("bao").exists()
    assert not ExchangeUnit.objects.exists()


def test_a_tier_row_corrected_since_is_read_as_it_was_and_so_is_coverage(partner: Partner, author: User) -> None:
    japan = Country.objects.get(alpha2="JP")
    tier = Tier.objects.get(code="ASEAN")
    with written_on(MARCH):
        row = TierMembership.objects.create(tier=tier, country=japan, valid_from=date(2020, 1, 1))
    with written_on(JULY):
        row.valid_to = date(2021, 1, 1)
        row.save()

    def in_tier() -> bool:
        return any(line.tier == tier for line in country_coverage(PolicyVersion.objects.get(), MAY, [japan.pk]))

    assert not in_tier()
    with as_known_on(MAY):
        assert in_tier()
    with as_known_on(MARCH - timedelta(days=1)):
        assert not in_tier()


def test_reference_tables_are_never_emptier_than_on_the_day_they_were_loaded(author: User) -> None:
    count = Country.objects.count()

    with as_known_on(date(2019, 1, 1)):
        assert Country.objects.count() == count


def test_plan_lines_and_moved_partners_are_those_of_then(partner: Partner, author: User) -> None:
    with written_on(MARCH):
        line = PlanLine(country=Country.objects.get(alpha2="JP"), required=4, cadence_days=90)
        save_record(line, by=author)
    with written_on(JULY):
        archive_record(line, by=author)
        partner.country = Country.objects.get(alpha2="LA")
        save_record(partner, by=author)

    with as_known_on(MAY):
        assert PlanLine.objects.live().get().required == 4
        assert Partner.objects.get().country.alpha2 == "JP"  # type: ignore[union-attr]  # it has one
    assert not PlanLine.objects.live().exists()


def test_a_renamed_partner_is_found_by_the_name_of_then(partner: Partner, author: User) -> None:
    with written_on(JULY):
        partner.name = "Liên hiệp Nhật - Việt"
        save_record(partner, by=author)

    with as_known_on(MAY):
        assert Partner.objects.search("huu nghi mau").get().name == "Hội Hữu nghị mẫu"
        assert not Partner.objects.search("lien hiep").exists()
        assert Partner.objects.order_by("sort_key").get().sort_key


def test_rows_loaded_in_bulk_without_a_version_count_from_the_moment_they_were_made(partner: Partner, author: User) -> None:
    kind = held(partner, author, on=MARCH, entered=MARCH).kind
    unit = Unit.objects.get(code="VUFO")
    with written_on(JULY):
        loaded = Exchange.objects.bulk_create([Exchange(kind=kind, starts_on=MARCH, host_unit=unit, status=ExchangeStatus.HELD)])[0]
    Participation.objects.bulk_create(
        [
            Participation(
                exchange=loaded, partner=partner, day_no=20500, merit=0, two_way=True, direction="in", level=0, counted=True, host_unit=unit
            )
        ]
    )

    with as_known_on(MAY):
        assert loaded not in Exchange.objects.all()
        assert Participation.objects.count() == 1
    with as_known_on(JULY):
        assert loaded in Exchange.objects.all()
        assert Participation.objects.count() == 2


def test_a_row_loaded_without_a_version_and_changed_since_is_known_by_its_first_version(partner: Partner, author: User) -> None:
    exchange = held(partner, author, on=MARCH, entered=MARCH)
    Exchange.history.all().delete()
    Participation.history.all().delete()
    with written_on(JULY):
        exchange.title = "Đặt tên sau"
        save_record(exchange, by=author)

    with as_known_on(MAY):
        assert Exchange.objects.get().title == "Đặt tên sau"
        assert Participation.objects.filter(counted=True).count() == 1


def test_what_is_restricted_by_now_is_not_read_as_the_open_record_it_was(partner: Partner, author: User) -> None:
    exchange = held(partner, author, on=MARCH, entered=MARCH, confidentiality=Confidentiality.NETWORK)
    clerk = make_user("clerk", unit=make_unit("PU-01"))
    with written_on(JULY):
        exchange = Exchange.objects.get(pk=exchange.pk)
        exchange.confidentiality = Confidentiality.RESTRICTED
        change_exchange(exchange, by=author)

    with as_known_on(MAY):
        assert Exchange.objects.get().confidentiality == Confidentiality.RESTRICTED
        assert not Exchange.objects.visible_to(clerk).exists()
        assert not Participation.objects.filter(counted=True).exists()


def test_provinces_of_an_exchange_are_those_of_its_version(partner: Partner, author: User) -> None:
    one, other = Province.objects.order_by("pk")[:2]
    exchange = held(partner, author, on=MARCH, entered=MARCH, provinces=[one])
    with written_on(JULY):
        change_exchange(Exchange.objects.get(pk=exchange.pk), by=author, provinces=[other])

    with as_known_on(MAY):
        assert list(Exchange.objects.get().provinces.all()) == [one]
        assert Exchange.objects.filter(provinces=one).exists()
        assert not Exchange.objects.filter(provinces=other).exists()


def test_every_table_with_versions_reads_as_it_was_dumped_on_the_day(author: User) -> None:
    """A network of partners, merged the next day, some of its exchanges archived, one added: none of it as known before."""
    today = timezone.localdate()
    with written_on(today - timedelta(days=1)):
        survivor, merged = entangle(author, random.Random(4))
        for partner in Partner.objects.all():
            partner.save()  # One was changed in bulk, of which no version tells.
        before = _of_versioned(dump())
    merge_partners(survivor, merged, by=author)
    for exchange in Exchange.objects.live().order_by("pk")[:3]:
        archive_exchange(exchange, by=author)
    make_exchange(survivor, by=author, on=today)
    assert differences(before, _of_versioned(dump()))

    with as_known_on(today - timedelta(days=1)):
        assert differences(before, _of_versioned(dump())) == {}


def _of_versioned(tables: dict[str, Any]) -> dict[str, Any]:
    return {label: rows for label, rows in tables.items() if apps.get_model(label) in versioned_models()}


def test_rows_can_be_grouped_and_counted_inside(partner: Partner, author: User) -> None:
    held(partner, author, on=MARCH, entered=MARCH)
    held(partner, author, on=MARCH, entered=JULY)

    with as_known_on(MAY):
        assert [row.number for row in Partner.objects.annotate(number=Count("participations"))] == [1]


def test_nothing_can_be_written_inside(partner: Partner, author: User) -> None:
    held(partner, author, on=MARCH, entered=MARCH)
    held(partner, author, on=MARCH, entered=JULY)
    untouched = Tier.objects.order_by("pk")[0]

    with as_known_on(MAY):
        for write in (
            lambda: Partner.objects.update(name="Khác"),
            lambda: Exchange.objects.all().delete(),
            lambda: Tier.objects.filter(pk=untouched.pk).update(rank=1),
            lambda: make_user("new"),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()
    assert Partner.objects.get().name == "Hội Hữu nghị mẫu"
    assert Exchange.objects.count() == 2
    Tier.objects.filter(pk=untouched.pk).update(rank=77)


def test_it_is_not_used_inside_itself_and_not_for_a_day_to_come(author: User) -> None:
    with as_known_on(MAY), pytest.raises(RuntimeError, match="inside itself"), as_known_on(MARCH):
        pass
    with pytest.raises(ValueError, match="still to come"), as_known_on(timezone.localdate() + timedelta(days=1)):
        pass
    assert known_on() is None


def test_after_an_error_inside_everything_is_as_stored_again(partner: Partner, author: User) -> None:
    held(partner, author, on=MARCH, entered=JULY)

    with pytest.raises(ZeroDivisionError), as_known_on(MAY):
        raise ZeroDivisionError
    with pytest.raises(DatabaseError), as_known_on(MAY), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")

    assert known_on() is None
    assert Exchange.objects.count() == 1
    assert connection.features.allows_group_by_selected_pks == (connection.vendor == "postgresql")
    Partner.objects.update(city="Tokyo")


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_one_of_its_own_and_leaves_nothing_behind(author: User) -> None:
    with written_on(JULY):
        make_partner("Mới")

    with as_known_on(MAY):
        inside = connection.in_atomic_block
        assert not Partner.objects.exists()
    assert (inside, connection.in_atomic_block) == (True, False)
    assert Partner.objects.count() == 1
    with connection.cursor() as cursor:
        temporary = {
            "postgresql": "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind IN ('r', 'v')",
            "sqlite": "SELECT name FROM sqlite_temp_master WHERE name LIKE 'known%%' OR type = 'view'",
        }[connection.vendor]
        cursor.execute(temporary)
        assert cursor.fetchall() == []
