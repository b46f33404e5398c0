"""A change set can be taken back: what it did returns, what somebody did later stays and is told."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from crm.actions.change_sets import columns_of, note_changed, note_created, note_removed
from crm.actions.records import save_record
from crm.actions.undoing import start_undo, undo_change_set, undo_next
from crm.choices import AuditVerb, ChangeKind, ChangeState
from crm.models import AuditEvent, ChangeSet, Unit, User
from partners.models import Partner, PartnerName, Relation
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


def applied(by: User, unit: Unit, kind: ChangeKind = ChangeKind.BULK_EDIT) -> ChangeSet:
    return ChangeSet.objects.create(kind=kind, unit=unit, message="sửa thành phố", state=ChangeState.APPLIED, created_by=by)


def changed(change_set: ChangeSet, partner: Partner, by: User, **values: Any) -> Partner:
    before = columns_of(partner, values)
    for name, value in values.items():
        setattr(partner, name, value)
    save_record(partner, by=by)
    note_changed(change_set, [(partner, before)])
    return partner


def test_a_changed_column_gets_its_value_back_with_a_new_version(binh: User, centre: Unit) -> None:
    partner = make_partner(city="Viêng Chăn", verified_on=date(2026, 1, 2))
    change_set = applied(binh, centre)
    changed(change_set, partner, binh, city="Luông Pha Băng", verified_on=None)

    undo_change_set(change_set, by=binh)

    partner.refresh_from_db()
    assert (partner.city, partner.verified_on, partner.revision) == ("Viêng Chăn", date(2026, 1, 2), 3)
    assert partner.history.first().city == "Viêng Chăn"
    assert (change_set.state, change_set.undone_by, change_set.undo_report) == (ChangeState.UNDONE, binh, [])
    assert AuditEvent.objects.filter(verb=AuditVerb.UNDONE, actor_id=binh.pk).count() == 1


def test_a_later_edit_stays_and_is_told_while_the_other_columns_go_back(binh: User, centre: Unit) -> None:
    partner = make_partner(city="Viêng Chăn", website="https://cu.example")
    change_set = applied(binh, centre)
    changed(change_set, partner, binh, city="Luông Pha Băng", website="https://moi.example")
    partner.city = "Sạ-vẳn-nạ-khẹt"
    save_record(partner, by=binh)

    undo_change_set(change_set, by=binh)

    partner.refresh_from_db()
    assert (partner.city, partner.website) == ("Sạ-vẳn-nạ-khẹt", "https://cu.example")
    [left] = change_set.undo_report
    assert (left["pk"], left["columns"]) == (partner.pk, ["city"])


def test_what_was_made_is_archived_unless_edited_or_used_since(binh: User, centre: Unit) -> None:
    untouched, edited, used = (make_partner(name) for name in ("Hội A", "Hội B", "Hội C"))
    change_set = applied(binh, centre, ChangeKind.IMPORT)
    note_created(change_set, [untouched, edited, used])
    edited.city = "Hà Nội"
    save_record(edited, by=binh)
    save_record(Relation(source=used, target=make_partner(), kind="sister"), by=binh)

    undo_change_set(change_set, by=binh)

    archived = {partner.pk: partner.is_archived for partner in Partner.objects.filter(pk__in=[untouched.pk, edited.pk, used.pk])}
    assert archived == {untouched.pk: True, edited.pk: False, used.pk: False}
    assert {(left["pk"], left["reason"]) for left in change_set.undo_report} == {(edited.pk, "edited"), (used.pk, "used")}


def test_a_plain_row_that_was_made_goes_and_one_that_was_removed_comes_back_as_it_was(binh: User, centre: Unit) -> None:
    partner = make_partner()
    made = PartnerName.objects.create(partner=partner, name="Tên mới")
    removed = PartnerName.objects.create(partner=partner, name="Tên cũ", valid_to=date(2020, 1, 1))
    whole = columns_of(removed)
    change_set = applied(binh, centre)
    note_created(change_set, [made])
    note_removed(change_set, [removed])
    PartnerName.objects.filter(pk=removed.pk).delete()

    undo_change_set(change_set, by=binh)

    [name] = partner.names.all()
    assert columns_of(name) == whole
    assert name.history.filter(history_type="+").count() == 2


def test_a_removed_record_comes_back_with_the_times_it_had(binh: User, centre: Unit) -> None:
    relation = Relation(source=make_partner(), target=make_partner(), kind="funds")
    save_record(relation, by=binh)
    whole = columns_of(relation)
    change_set = applied(binh, centre)
    note_removed(change_set, [relation])
    Relation.objects.filter(pk=relation.pk).delete()

    undo_change_set(change_set, by=binh)

    assert columns_of(Relation.objects.get()) == whole


def test_taking_back_goes_on_where_it_stopped(binh: User, centre: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.actions.undoing.UNDO_CHUNK", 2)
    change_set = applied(binh, centre)
    partners = [changed(change_set, make_partner(city="cũ"), binh, city="mới") for _ in range(5)]
    start_undo(change_set, by=binh)

    assert undo_next(change_set)
    halfway = list(Partner.objects.filter(pk__in=[row.pk for row in partners]).order_by("pk").values_list("city", flat=True))
    assert halfway == ["mới", "mới", "mới", "cũ", "cũ"]
    assert undo_next(ChangeSet.objects.get(pk=change_set.pk))
    assert not undo_next(ChangeSet.objects.get(pk=change_set.pk))
    assert not undo_next(ChangeSet.objects.get(pk=change_set.pk))
    assert set(Partner.objects.filter(pk__in=[row.pk for row in partners]).values_list("city", "revision")) == {("cũ", 3)}


def test_nobody_takes_back_twice(binh: User, centre: Unit) -> None:
    change_set = applied(binh, centre)
    changed(change_set, make_partner(city="cũ"), binh, city="mới")
    undo_change_set(change_set, by=binh)
    with pytest.raises(ValidationError):
        undo_change_set(change_set, by=binh)


def test_another_unit_s_officer_may_not_take_back(an: User, binh: User, centre: Unit) -> None:
    change_set = applied(binh, centre)
    with pytest.raises(PermissionDenied):
        undo_change_set(change_set, by=an)
    change_set.refresh_from_db()
    assert change_set.state == ChangeState.APPLIED
