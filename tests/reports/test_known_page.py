"""What did we know on a day, and what has changed since: totals, figures and rows, for a reader and in a file."""

from datetime import date
from io import BytesIO

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activities.actions.exchanges import archive_exchange, change_exchange
from activities.choices import Level
from activities.models import Exchange
from crm.actions.records import save_record
from crm.choices import Confidentiality
from crm.models import Country, User
from partners.actions.merges import merge_partners
from partners.models import Partner
from reports.choices import Since
from reports.metrics.since import changes_since
from reports.views.known import end_of_last_half_year
from tests.crm.story import make_author, written_on
from tests.factories import make_exchange, make_partner, make_unit, make_user

pytestmark = pytest.mark.django_db

MARCH, JUNE, JULY = date(2026, 3, 10), date(2026, 6, 30), date(2026, 7, 10)
ADDRESS = "/reports/known/?as_of=2026-06-30&known_on=2026-06-30"


@pytest.fixture
def author(db: None) -> User:
    return make_author()


@pytest.fixture
def partner(author: User) -> Partner:
    with written_on(MARCH):
        return make_partner("Hội Hữu nghị mẫu", country="LA")


def rows(reader: User) -> list[tuple[str, Since]]:
    return [(str(row.record), row.since) for row in changes_since(JUNE, JUNE, reader).rows]


def write(partner: Partner, author: User, *, entered: date, title: str, **values: object) -> Exchange:
    with written_on(entered):
        return make_exchange(partner, by=author, on=MARCH, title=title, **values)  # type: ignore[arg-type]  # passed through


def page(reader: User, address: str = ADDRESS) -> str:
    client = Client()
    client.force_login(reader)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_end_of_the_last_half_year_is_asked_for_first(author: User) -> None:
    assert end_of_last_half_year(date(2026, 11, 22)) == date(2026, 6, 30)
    assert end_of_last_half_year(date(2026, 6, 30)) == date(2025, 12, 31)
    assert 'value="2026-06-30"' in page(author, reverse("reports:known"))


def test_each_row_says_what_became_of_it_from_what_to_what_by_whom_and_when(partner: Partner, author: User) -> None:
    write(partner, author, entered=MARCH, title="Như cũ")
    write(partner, author, entered=JULY, title="Nhập muộn")
    corrected = write(partner, author, entered=MARCH, title="Sửa cấp", level=0)
    gone = write(partner, author, entered=MARCH, title="Cất đi")
    with written_on(JULY):
        corrected = Exchange.objects.get(pk=corrected.pk)
        corrected.level = 2
        change_exchange(corrected, by=author)
        archive_exchange(Exchange.objects.get(pk=gone.pk), by=author)

    assert set(rows(author)) == {("Nhập muộn", Since.ENTERED), ("Sửa cấp", Since.CHANGED), ("Cất đi", Since.ARCHIVED)}
    changed = next(row for row in changes_since(JUNE, JUNE, author).rows if row.since is Since.CHANGED)
    assert changed.changed_by == author
    assert changed.changed_at is not None
    assert changed.changed_at.date() == JULY
    assert [(one.before, one.after) for one in changed.differences] == [(str(Level.WORKING.label), str(Level.LEADER.label))]
    shown = page(author)
    assert reverse("activities:exchange-history", args=[corrected.public_id]) in shown
    assert "Như cũ" not in shown


def test_partners_merged_and_moved_since_are_rows_and_their_figures_differ(partner: Partner, author: User) -> None:
    with written_on(MARCH):
        double, mover = make_partner("Bản trùng", country="LA"), make_partner("Chuyển nước", country="LA")
    write(double, author, entered=MARCH, title="Của bản trùng")
    with written_on(JULY):
        merge_partners(partner, double, by=author)
        mover.country = Country.objects.get(alpha2="TH")
        save_record(mover, by=author)

    found = rows(author)
    assert ("Bản trùng", Since.MERGED) in found
    assert ("Chuyển nước", Since.CHANGED) in found
    assert ("Của bản trùng", Since.CHANGED) in found
    shown = page(author)
    assert "Hội Hữu nghị mẫu" in shown


def test_restricted_rows_are_neither_shown_nor_in_one_of_the_two_figures(partner: Partner, author: User) -> None:
    open_then = write(partner, author, entered=MARCH, title="Mật về sau", confidentiality=Confidentiality.NETWORK)
    write(partner, author, entered=JULY, title="Mật từ đầu", confidentiality=Confidentiality.RESTRICTED)
    before = page(author)
    with written_on(JULY):
        exchange = Exchange.objects.get(pk=open_then.pk)
        exchange.confidentiality = Confidentiality.RESTRICTED
        change_exchange(exchange, by=author)

    assert rows(author) == []
    shown = page(author)
    assert "Mật" not in shown
    assert "Mật" not in before
    assert "Hội Hữu nghị mẫu" not in shown


def test_rows_of_other_units_are_left_out_for_those_who_may_not_open_them(partner: Partner, author: User) -> None:
    clerk = make_user("clerk", unit=make_unit("PU-01"))
    write(partner, author, entered=JULY, title="Nội bộ trung ương", confidentiality=Confidentiality.UNIT)

    assert rows(clerk) == []
    assert rows(author) == [("Nội bộ trung ương", Since.ENTERED)]
    assert "Nội bộ trung ương" not in page(clerk)


def test_what_came_after_the_day_itself_is_no_difference(partner: Partner, author: User) -> None:
    with written_on(JULY):
        make_exchange(partner, by=author, on=date(2026, 7, 5), title="Tháng bảy")

    assert rows(author) == []


def test_the_rows_go_into_a_workbook_as_they_are_seen(partner: Partner, author: User) -> None:
    write(partner, author, entered=JULY, title="Nhập muộn")
    client = Client()
    client.force_login(author)

    answer = client.get(f"{ADDRESS}&export=xlsx")
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]  # a file

    values = list(sheet.values)
    assert values[1][0] == "Nhập muộn"
    assert values[1][4] == str(author)
    assert len(values) == 2


def test_days_to_come_and_what_is_no_day_are_refused_in_words(author: User) -> None:
    client = Client()
    client.force_login(author)

    for query in ("known_on=2999-01-01", "as_of=2999-01-01", "known_on=hôm%20qua"):
        answer = client.get(f"/reports/known/?{query}")
        assert answer.status_code == 422
        assert "notice error" in answer.content.decode()


def test_known_before_the_day_itself_is_answered_and_explained(partner: Partner, author: User) -> None:
    write(partner, author, entered=MARCH, title="Sớm")

    assert page(author, "/reports/known/?as_of=2026-07-20&known_on=2026-06-30")


def test_the_page_costs_the_same_for_one_row_as_for_many(partner: Partner, author: User) -> None:
    client = Client()
    client.force_login(author)
    counts = []
    for number in range(6):
        write(partner, author, entered=JULY, title=f"Nhập muộn {number}")
        client.get(ADDRESS)
        with CaptureQueriesContext(connection) as captured:
            client.get(ADDRESS)
        counts.append(len(captured))

    assert counts[0] == counts[-1]
    assert counts[0] < 100
