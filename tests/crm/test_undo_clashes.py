"""Taking back what the database does not let back any more: that stays as it is and is told; the rest goes back."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from crm.actions.change_sets import columns_of, note_changed, note_removed
from crm.actions.records import save_record
from crm.actions.undoing import undo_change_set
from crm.choices import ChangeKind, ChangeState
from crm.models import ChangeSet, Unit, User
from partners.choices import StewardRole
from partners.models import Partner, PartnerName, Relation, Stewardship
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def change_set(binh: User, centre: Unit) -> ChangeSet:
    return ChangeSet.objects.create(kind=ChangeKind.BULK_EDIT, unit=centre, message="sửa", state=ChangeState.APPLIED, created_by=binh)


def changed(change_set: ChangeSet, row: Any, by: User, **values: Any) -> None:
    before = columns_of(row, values)
    for name, value in values.items():
        setattr(row, name, value)
    save_record(row, by=by)
    note_changed(change_set, [(row, before)])


def test_a_lead_that_another_unit_took_meanwhile_stays_with_it(binh: User, centre: Unit, nghe_an: Unit, change_set: ChangeSet) -> None:
    other, partner = make_partner(city="cũ"), make_partner()
    lead = Stewardship(partner=partner, unit=centre, role=StewardRole.LEAD, valid_from=date(2020, 1, 1))
    save_record(lead, by=binh)
    changed(change_set, lead, binh, role=StewardRole.SUPPORT)
    changed(change_set, other, binh, city="mới")
    save_record(Stewardship(partner=partner, unit=nghe_an, role=StewardRole.LEAD, valid_from=date(2026, 1, 1)), by=binh)

    undo_change_set(change_set, by=binh)

    lead.refresh_from_db()
    other.refresh_from_db()
    assert (lead.role, other.city, change_set.state) == (StewardRole.SUPPORT, "cũ", ChangeState.UNDONE)
    [left] = change_set.undo_report
    assert (left["pk"], left["reason"]) == (lead.pk, "clash")
    assert (lead.revision, lead.history.count()) == (2, 2)


def test_days_on_which_another_unit_leads_by_now_do_not_come_back(binh: User, centre: Unit, nghe_an: Unit, change_set: ChangeSet) -> None:
    partner = make_partner()
    lead = Stewardship(partner=partner, unit=centre, role=StewardRole.LEAD, valid_from=date(2019, 1, 1), valid_to=date(2022, 1, 1))
    save_record(lead, by=binh)
    changed(change_set, lead, binh, valid_to=date(2020, 1, 1))
    later = Stewardship(partner=partner, unit=nghe_an, role=StewardRole.LEAD, valid_from=date(2021, 1, 1), valid_to=date(2023, 1, 1))
    save_record(later, by=binh)

    undo_change_set(change_set, by=binh)

    lead.refresh_from_db()
    assert lead.valid_to == date(2020, 1, 1)
    assert [left["reason"] for left in change_set.undo_report] == ["clash"]


def test_an_end_before_the_start_that_was_moved_later_does_not_come_back(binh: User, change_set: ChangeSet) -> None:
    relation = Relation(source=make_partner(), target=make_partner(), kind="funds", valid_from=date(2019, 1, 1), valid_to=date(2020, 1, 1))
    save_record(relation, by=binh)
    changed(change_set, relation, binh, valid_to=date(2025, 1, 1))
    relation.valid_from = date(2022, 1, 1)
    save_record(relation, by=binh)

    undo_change_set(change_set, by=binh)

    relation.refresh_from_db()
    assert relation.valid_to == date(2025, 1, 1)
    assert [left["reason"] for left in change_set.undo_report] == ["clash"]


def test_a_removed_row_whose_place_is_taken_does_not_come_back_and_the_others_do(binh: User, change_set: ChangeSet) -> None:
    partner = make_partner()
    rows = [PartnerName.objects.create(partner=partner, name=name) for name in ("Tên A", "Tên B")]
    note_removed(change_set, rows)
    PartnerName.objects.all().delete()
    PartnerName.objects.create(partner=partner, name="Tên A")

    undo_change_set(change_set, by=binh)

    assert sorted(partner.names.values_list("name", flat=True)) == ["Tên A", "Tên B"]
    assert [(left["pk"], left["reason"]) for left in change_set.undo_report] == [(rows[0].pk, "clash")]


def test_a_changed_row_that_was_removed_later_is_told(binh: User, change_set: ChangeSet) -> None:
    name = PartnerName.objects.create(partner=make_partner(), name="Tên cũ")
    before = columns_of(name, ["name"])
    name.name = "Tên mới"
    name.save()
    note_changed(change_set, [(name, before)])
    pk = name.pk
    name.delete()

    undo_change_set(change_set, by=binh)

    assert [(left["pk"], left["reason"]) for left in change_set.undo_report] == [(pk, "gone")]


def test_a_row_changed_twice_goes_back_to_the_first_value_in_one_version(binh: User, change_set: ChangeSet) -> None:
    partner = make_partner(city="một")
    changed(change_set, partner, binh, city="hai")
    changed(change_set, partner, binh, city="ba")

    undo_change_set(change_set, by=binh)

    partner.refresh_from_db()
    assert (partner.city, partner.revision, change_set.undo_report) == ("một", 4, [])


def test_entries_of_a_table_or_column_that_is_no_more_are_told(binh: User, client: Client, change_set: ChangeSet) -> None:
    partner = make_partner(city="cũ")
    changed(change_set, partner, binh, city="mới")
    entry = change_set.entries.get()
    entry.before, entry.after = {"city": "cũ", "motto": "a"}, {"city": "mới", "motto": "b"}
    entry.save()
    change_set.entries.create(model="partners.guild", object_pk=7, action="changed", before={"name": "a"}, after={"name": "b"})

    undo_change_set(change_set, by=binh)

    assert Partner.objects.get(pk=partner.pk).city == "cũ"
    assert [(left["model"], left["reason"]) for left in change_set.undo_report] == [("partners.guild", "gone")]
    client.force_login(binh)
    assert client.get(change_set.get_absolute_url()).status_code == 200
