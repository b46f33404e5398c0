"""The pages of the yearly plan: read by everybody, written by the secretariat, copied from last year and taken back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions.undoing import undo_change_set
from crm.choices import ChangeState
from crm.models import ChangeSet, Country, JobRun, PolicyDocument, Tier, User
from reports.actions.plans import archive_plan_line, copy_plan
from reports.models import PlanLine
from reports.tasks import take_all_snapshots
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
YEAR = 2026


def make_line(by: User, alpha2: str = "LA", year: int = YEAR, **values: object) -> PlanLine:
    line = PlanLine(
        country=Country.objects.get(alpha2=alpha2), required=4, cadence_days=90, valid_from=date(year, 1, 1), valid_to=date(year + 1, 1, 1)
    )
    for name, value in values.items():
        setattr(line, name, value)
    line.save()
    return line


def form_for(**values: str) -> dict[str, str]:
    country = Country.objects.get(alpha2="LA")
    return {
        "country": str(country.pk), "required": "24", "cadence_days": "30", "least_level": "2",
        "valid_from": "01/01/2026", "valid_to": "01/01/2027", **values,
    }  # fmt: skip


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def test_everybody_reads_the_plan_and_only_the_secretariat_writes_it(client: Client, ha: User, an: User, dung: User) -> None:
    line = make_line(ha)
    for user in (ha, an, dung):
        client.force_login(user)
        assert "Lào" in text_of(client, f"{reverse('reports:plan-line-list')}?year={YEAR}")
        assert client.get(line.get_absolute_url()).status_code == 200
    for name, arguments in (("create", []), ("copy", []), ("edit", [line.public_id]), ("archive", [line.public_id])):
        assert client.get(reverse(f"reports:plan-line-{name}", args=arguments)).status_code == 403


def test_a_new_line_is_entered_and_shown_with_its_progress_and_its_exchanges(client: Client, ha: User) -> None:
    client.force_login(ha)
    lao = make_partner("Hội Lào Việt", country="LA")
    exchange = make_exchange(lao, by=ha, on=date(YEAR, 2, 3))
    directive = PolicyDocument.objects.get(code="CT12")
    assert client.post(f"{reverse('reports:plan-line-create')}?year={YEAR}", form_for(directive=str(directive.pk))).status_code == 302
    line = PlanLine.objects.get()
    assert (line.required, line.created_by, line.directive) == (24, ha, directive)
    text = text_of(client, f"{reverse('reports:plan-line-list')}?year={YEAR}&as_of={YEAR}-02-28")
    assert "24" in text
    assert str(directive) in text
    address = text.split('data-label="Done"><a href="')[1].split('"')[0].replace("&amp;", "&") if 'data-label="Done"' in text else ""
    address = address or text.split('data-label="Đã xong"><a href="')[1].split('"')[0].replace("&amp;", "&")
    assert str(exchange.public_id) in text_of(client, address)


def test_a_line_that_overlaps_is_refused_by_name(client: Client, ha: User) -> None:
    client.force_login(ha)
    make_line(ha)
    answer = client.post(reverse("reports:plan-line-create"), form_for(valid_from="01/06/2026", valid_to=""))
    assert answer.status_code == 422
    assert "2026-01-01" in answer.content.decode()
    assert PlanLine.objects.count() == 1


def test_a_line_for_nothing_and_one_for_tier_and_country_at_once_are_refused(client: Client, ha: User) -> None:
    client.force_login(ha)
    tier = Tier.objects.order_by("pk")[0]
    for wrong in ({"country": ""}, {"tier": str(tier.pk)}, {"required": ""}, {"country": "\x00"}):
        assert client.post(reverse("reports:plan-line-create"), form_for(**wrong)).status_code == 422
    assert not PlanLine.objects.exists()
    exempt = form_for(required="", cadence_days="", exempt="on", reason="Chưa có đầu mối")
    assert client.post(reverse("reports:plan-line-create"), exempt).status_code == 302


def test_last_years_plan_is_copied_once_with_what_is_there_left_alone_and_taken_back(client: Client, ha: User) -> None:
    client.force_login(ha)
    old = make_line(ha, "LA", 2025, required=20, reason="Quan hệ đặc biệt")
    make_line(ha, "CU", 2025)
    kept = make_line(ha, "CU", 2026, required=7)
    open_ended = make_line(ha, "KH", 2025, valid_to=None)
    address = reverse("reports:plan-line-copy")
    text = text_of(client, f"{address}?year={YEAR}")
    assert text.count('<tr><th scope="row">') == 3
    client.post(address, {"year": YEAR})
    copied = PlanLine.objects.get(copied_from=old)
    assert (copied.valid_from, copied.valid_to, copied.required, copied.reason) == (
        date(2026, 1, 1),
        date(2027, 1, 1),
        20,
        "Quan hệ đặc biệt",
    )
    assert copied.history.count() == 1
    assert PlanLine.objects.count() == 5
    assert client.post(address, {"year": YEAR}).status_code == 422
    undo_change_set(ChangeSet.objects.get(), by=ha)
    copied.refresh_from_db()
    assert copied.is_archived
    assert set(PlanLine.objects.live()) == {old, kept, open_ended, PlanLine.objects.get(country__alpha2="CU", required=4)}


@pytest.mark.django_db(transaction=True)
def test_two_who_copy_the_plan_at_once_copy_it_once(ha: User) -> None:
    for alpha2 in ("LA", "KH", "CU"):
        make_line(ha, alpha2, 2025)

    def work(_number: int) -> str:
        try:
            return copy_plan(YEAR, by=User.objects.get(pk=ha.pk)).state
        except ValidationError as error:
            return str(error.code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as workers:
        assert sorted(workers.map(work, range(3))) == [ChangeState.APPLIED, "nothing", "nothing"]
    assert PlanLine.objects.filter(copied_from__isnull=False).count() == 3


def test_copying_and_taking_back_let_the_standing_of_countries_follow(client: Client, ha: User) -> None:
    make_line(ha, "LA", 2025)
    JobRun.objects.all().delete()
    client.force_login(ha)
    client.post(reverse("reports:plan-line-copy"), {"year": YEAR})
    assert JobRun.objects.filter(name="reports.refresh_countries").count() == 1
    undo_change_set(ChangeSet.objects.get(), by=ha)
    assert JobRun.objects.filter(name="reports.refresh_countries").count() == 2


def test_an_archived_line_leaves_the_plan_and_may_come_back(client: Client, ha: User) -> None:
    client.force_login(ha)
    line = make_line(ha)
    archive_plan_line(line, by=ha)
    assert line.get_absolute_url() not in text_of(client, f"{reverse('reports:plan-line-list')}?year={YEAR}")
    client.post(reverse("reports:plan-line-restore", args=[line.public_id]))
    line.refresh_from_db()
    assert not line.is_archived


def test_a_year_without_a_plan_says_so_and_a_day_to_come_is_refused(client: Client, ha: User) -> None:
    client.force_login(ha)
    address = reverse("reports:plan-line-list")
    assert 'class="empty"' in text_of(client, f"{address}?year=1999")
    assert 'role="alert"' in text_of(client, f"{address}?as_of=2999-01-01", 422)
    for junk in ("year=abc", "year=99999", "standing=%00", "year=%00"):
        text_of(client, f"{address}?{junk}")


def test_lines_are_filtered_by_standing_and_exported_as_seen(client: Client, ha: User) -> None:
    client.force_login(ha)
    line = make_line(ha)
    make_line(ha, "CU", exempt=True, required=0, cadence_days=0)
    address = f"{reverse('reports:plan-line-list')}?year={YEAR}"
    assert line.get_absolute_url() in text_of(client, address)
    assert line.get_absolute_url() not in text_of(client, f"{address}&standing=exempt")
    answer = client.get(f"{address}&export=csv")
    lines = b"".join(answer.streaming_content).decode().strip().splitlines()  # type: ignore[attr-defined]  # exports are streamed
    assert len(lines) == 3
    workbook = client.get(f"{address}&export=xlsx")
    assert workbook.status_code == 200
    workbook.close()


def test_the_plan_takes_a_fixed_number_of_queries(client: Client, ha: User) -> None:
    take_all_snapshots()
    today = timezone.localdate()
    for alpha2 in ("LA", "KH", "CN", "CU"):
        line = make_line(ha, alpha2, today.year)
        make_exchange(make_partner(f"Hội {alpha2}", country=alpha2), by=ha, on=today)
    client.force_login(ha)
    get_counted(client, f"{reverse('reports:plan-line-list')}?year={today.year}", name="plan")
    get_counted(client, line.get_absolute_url(), name="plan line page")
