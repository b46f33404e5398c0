"""Action plans of units: who does what by when, what was held for it, closed in one step, copied into the next year."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions.undoing import undo_change_set
from crm.choices import Confidentiality
from crm.models import ChangeSet, Country, Unit, User
from partners.actions.merges import merge_partners
from partners.models import Partner
from reports.actions.action_items import close_action_item, copy_action_plan, save_action_item, suggested_exchanges
from reports.choices import ActionState
from reports.models import ActionItem, PlanLine
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
YEAR = 2026


@pytest.fixture
def lao(an: User) -> Partner:
    return make_partner("Sở Ngoại vụ Xiêng Khoảng", country="LA")


@pytest.fixture
def line(ha: User) -> PlanLine:
    line = PlanLine(
        country=Country.objects.get(alpha2="LA"), required=24, cadence_days=30, valid_from=date(YEAR, 1, 1), valid_to=date(YEAR + 1, 1, 1)
    )
    line.save()
    return line


def make_item(by: User, unit: Unit, text: str = "Đón đoàn Xiêng Khoảng", **values: object) -> ActionItem:
    item = ActionItem(unit=unit, year=YEAR, text=text)
    for name, value in values.items():
        setattr(item, name, value)
    return save_action_item(item, by=by)


def test_a_unit_writes_its_own_plan_everybody_reads_it_and_nobody_else_changes_it(
    client: Client, an: User, chau: User, dung: User, nghe_an: Unit, line: PlanLine
) -> None:
    client.force_login(an)
    address = f"{reverse('reports:action-item-create')}?year={YEAR}&line={line.public_id}"
    answer = client.post(address, {"text": "Đón đoàn", "unit": nghe_an.pk, "year": YEAR, "plan_line": line.pk, "state": "planned"})
    assert answer.status_code == 302
    item = ActionItem.objects.get()
    assert (item.unit, item.plan_line, item.created_by) == (nghe_an, line, an)
    for user, may_edit in ((an, True), (dung, False), (chau, False)):
        client.force_login(user)
        text = client.get(item.get_absolute_url()).content.decode()
        assert "Đón đoàn" in text
        assert (reverse("reports:action-item-edit", args=[item.public_id]) in text) is may_edit
    assert client.get(reverse("reports:action-item-edit", args=[item.public_id])).status_code == 404
    with pytest.raises(PermissionDenied):
        save_action_item(item, by=chau)
    with pytest.raises(PermissionDenied):
        make_item(chau, nghe_an)


def test_done_asks_for_an_exchange_or_a_remark_and_says_on_which_day(an: User, nghe_an: Unit, lao: Partner) -> None:
    item = make_item(an, nghe_an)
    with pytest.raises(ValidationError) as refused:
        close_action_item(item, by=an, state=ActionState.DONE)
    assert "remark" in refused.value.message_dict
    item.refresh_from_db()
    close_action_item(item, by=an, state=ActionState.DONE, exchanges=[make_exchange(lao, by=an, on=date(YEAR, 3, 1))])
    assert item.done_on == timezone.localdate()
    close_action_item(item, by=an, state=ActionState.UNDER_WAY)
    reopened = ActionItem.objects.get(pk=item.pk)
    assert reopened.done_on is None
    assert reopened.exchanges.count() == 1
    other = make_item(an, nghe_an, "Gửi thư")
    close_action_item(other, by=an, state=ActionState.DONE, remark="Đã gửi qua Đại sứ quán")
    assert other.state == ActionState.DONE


def test_exchanges_of_the_unit_with_the_partner_or_of_the_line_in_the_year_are_suggested(
    an: User, chau: User, nghe_an: Unit, lao: Partner, line: PlanLine
) -> None:
    with_partner = make_exchange(lao, by=an, on=date(YEAR, 3, 1))
    other_lao = make_exchange(make_partner("Viêng Chăn", country="LA"), by=an, on=date(YEAR, 4, 1))
    make_exchange(lao, by=an, on=date(YEAR - 1, 3, 1))
    make_exchange(lao, by=chau, on=date(YEAR, 3, 2))
    make_exchange(make_partner("Tokyo", country="JP"), by=an, on=date(YEAR, 5, 1))
    assert list(suggested_exchanges(make_item(an, nghe_an, partner=lao), an)) == [with_partner]
    item = make_item(an, nghe_an, "Theo kế hoạch", plan_line=line)
    assert set(suggested_exchanges(item, an)) == {with_partner, other_lao}
    close_action_item(item, by=an, state=ActionState.UNDER_WAY, exchanges=[with_partner])
    assert list(suggested_exchanges(item, an)) == [other_lao]


def test_an_item_is_linked_and_closed_on_its_page_in_one_step(client: Client, an: User, nghe_an: Unit, lao: Partner) -> None:
    exchange = make_exchange(lao, by=an, on=date(YEAR, 3, 1), title="Đoàn Xiêng Khoảng thăm Vinh")
    foreign = make_exchange(lao, by=an, on=date(YEAR - 1, 3, 1))
    item = make_item(an, nghe_an, partner=lao)
    client.force_login(an)
    assert str(exchange.public_id) in client.get(item.get_absolute_url()).content.decode()
    assert str(exchange.public_id) in client.get(f"{item.get_absolute_url()}?q=xieng+vinh").content.decode()
    close = reverse("reports:action-item-close", args=[item.public_id])
    for wrong in ({"state": "done", "exchanges": str(foreign.public_id)}, {"state": "nonsense"}, {"state": "done"}):
        assert client.post(close, wrong).status_code == 422
    assert client.post(close, {"state": "done", "exchanges": str(exchange.public_id)}).status_code == 302
    item.refresh_from_db()
    assert (item.state, list(item.exchanges.all())) == (ActionState.DONE, [exchange])


def test_a_linked_exchange_stays_hidden_from_those_who_may_not_see_it(
    client: Client, ha: User, an: User, chau: User, nghe_an: Unit, lao: Partner
) -> None:
    secret = make_exchange(lao, by=an, on=date(YEAR, 3, 1), title="Kín", confidentiality=Confidentiality.UNIT)
    item = make_item(an, nghe_an, partner=lao)
    close_action_item(item, by=an, state=ActionState.UNDER_WAY, exchanges=[secret])
    client.force_login(chau)
    assert "Kín" not in client.get(item.get_absolute_url()).content.decode()
    client.force_login(an)
    assert "Kín" in client.get(item.get_absolute_url()).content.decode()


def test_the_list_begins_with_this_year_and_the_own_unit_and_finds_what_is_overdue(
    client: Client, an: User, chau: User, nghe_an: Unit, quang_ninh: Unit
) -> None:
    this = timezone.localdate().year
    late = make_item(an, nghe_an, "Trễ", year=this, due_on=date(this, 1, 5))
    make_item(an, nghe_an, "Sau", year=this, due_on=date(this, 12, 31))
    make_item(chau, quang_ninh, "Của Quảng Ninh", year=this)
    client.force_login(an)
    text = client.get(reverse("reports:action-item-list"), follow=True).content.decode()
    assert text.index("Trễ") < text.index("Sau")
    assert "Của Quảng Ninh" not in text
    overdue = client.get(reverse("reports:action-item-list") + "?overdue=true").content.decode()
    assert "Trễ" in overdue
    assert "Sau</a>" not in overdue
    assert list(ActionItem.objects.overdue(timezone.localdate())) == [late]
    assert client.get(reverse("reports:action-item-list") + f"?year={this}&export=csv").status_code == 200
    get_counted(client, f"{reverse('reports:action-item-list')}?year={this}", name="action item list")
    get_counted(client, late.get_absolute_url(), name="action item page")


def test_last_years_action_plan_is_copied_with_the_lines_that_followed_and_taken_back(
    client: Client, an: User, chau: User, nghe_an: Unit, line: PlanLine
) -> None:
    item = make_item(an, nghe_an, plan_line=line, due_on=date(YEAR, 3, 31))
    make_item(an, nghe_an, "Bỏ", state=ActionState.DROPPED)
    successor = PlanLine(country=line.country, required=24, cadence_days=30, valid_from=date(YEAR + 1, 1, 1), copied_from=line)
    successor.save()
    with pytest.raises(PermissionDenied):
        copy_action_plan(nghe_an, YEAR + 1, by=chau)
    client.force_login(an)
    address = reverse("reports:action-item-copy")
    assert client.get(f"{address}?year={YEAR + 1}").status_code == 200
    assert client.post(address, {"year": YEAR + 1, "unit": nghe_an.code}).status_code == 302
    copied = ActionItem.objects.get(year=YEAR + 1)
    assert (copied.copied_from, copied.plan_line, copied.due_on, copied.state) == (
        item,
        successor,
        date(YEAR + 1, 3, 31),
        ActionState.PLANNED,
    )
    assert client.post(address, {"year": YEAR + 1, "unit": nghe_an.code}).status_code == 422
    undo_change_set(ChangeSet.objects.get(), by=an)
    copied.refresh_from_db()
    assert copied.is_archived


def test_an_item_for_a_line_of_another_year_is_refused(an: User, nghe_an: Unit, line: PlanLine) -> None:
    with pytest.raises(ValidationError) as refused:
        make_item(an, nghe_an, plan_line=line, year=YEAR + 3)
    assert "plan_line" in refused.value.message_dict


def test_items_pass_to_the_survivor_when_partners_are_merged(ha: User, an: User, nghe_an: Unit, lao: Partner) -> None:
    survivor = make_partner("Sở Ngoại vụ tỉnh Xiêng Khoảng", country="LA")
    item = make_item(an, nghe_an, partner=lao)
    merge_partners(survivor, lao, by=ha)
    item.refresh_from_db()
    assert item.partner == survivor


def test_what_is_late_or_due_soon_is_on_the_desk_of_the_unit(client: Client, binh: User, an: User, chau: User, nghe_an: Unit) -> None:
    today = timezone.localdate()
    make_item(an, nghe_an, "Trễ rồi", due_on=today.replace(year=today.year - 1, day=1))
    make_item(an, nghe_an, "Còn lâu", due_on=today.replace(year=today.year + 1, day=1))
    address = reverse("reports:action-items-on-desk")
    client.force_login(binh)
    text = client.get(address).content.decode()
    assert "Trễ rồi" in text
    assert "Còn lâu" not in text
    client.force_login(chau)
    assert not client.get(address).content
