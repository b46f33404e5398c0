"""Editing many rows at once: preview, rights, one change set, undo."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activities.actions.follow_ups import save_follow_up
from activities.choices import FollowUpState
from activities.models import Exchange, FollowUp, Participation
from crm import tasks
from crm.actions import bulk_edits
from crm.actions.undoing import undo_change_set
from crm.choices import AuditVerb, ChangeState, Confidentiality
from crm.models import AuditEvent, ChangeSet, Field, Unit, User
from partners.actions.partners import save_partner
from partners.choices import PartnerStatus, StewardRole
from partners.models import Partner, PartnerKind, Stewardship
from tests.factories import make_exchange, make_partner, make_steward

pytestmark = pytest.mark.django_db
PARTNERS = "partners:partner-list"
EDIT = "/changes/edit/"


def plan(rows: Any, by: User, noun: str = PARTNERS, **values: Any) -> ChangeSet:
    return bulk_edits.plan_bulk_edit(noun, rows, values, by=by)


def run(change_set: ChangeSet, message: str = "Làm sạch danh bạ") -> ChangeSet:
    bulk_edits.start_bulk_edit(change_set, by=change_set.created_by, message=message)  # type: ignore[arg-type]  # planned by somebody
    tasks.run_bulk_edit(change_set.pk)
    change_set.refresh_from_db()
    return change_set


@pytest.fixture
def kept(an: User, nghe_an: Unit) -> list[Partner]:
    kind = PartnerKind.objects.order_by("order")[0]
    return [save_partner(Partner(name=f"Hội số {number}", kind=kind), by=an, lead_unit=nghe_an) for number in range(3)]


@pytest.fixture
def fields(reference_data: None) -> list[Field]:
    return list(Field.objects.order_by("bit")[:2])


def test_the_preview_counts_what_changes_what_stays_and_what_is_not_allowed(kept: list[Partner], an: User, quang_ninh: Unit) -> None:
    make_steward(make_partner("Của Quảng Ninh"), quang_ninh)
    Partner.objects.filter(pk=kept[0].pk).update(status=PartnerStatus.DORMANT)

    change_set = plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT)

    assert change_set.state == ChangeState.PREVIEW
    assert change_set.counts == {"matching": 4, "to_change": 2, "unchanged": 1, "refused": 1}
    assert [number for _reason, number in change_set.plan["refused"]] == [1]
    shown = [(before, after) for line in bulk_edits.preview_of(change_set) for _label, before, after in line.changes]
    assert shown == [(str(PartnerStatus.ACTIVE.label), str(PartnerStatus.DORMANT.label))] * 2
    assert Partner.objects.filter(status=PartnerStatus.DORMANT).count() == 1


def test_the_edit_is_one_change_set_with_versions_that_can_be_undone(kept: list[Partner], an: User, fields: list[Field]) -> None:
    kept[0].fields.set([fields[0]])
    before = list(Partner.objects.order_by("pk").values("status", "kind", "verified_on"))

    change_set = run(plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT, fields_add=fields, verified_on=date(2026, 11, 22)))

    assert (change_set.state, change_set.counts["changed"]) == (ChangeState.APPLIED, 3)
    assert set(Partner.objects.values_list("status", "verified_on")) == {("dormant", date(2026, 11, 22))}
    assert {tuple(partner.fields.order_by("bit")) for partner in Partner.objects.all()} == {tuple(fields)}
    version: Any = kept[1].history.first()
    assert (version.status, version.history_user, version.fields.count()) == ("dormant", an, 2)
    assert AuditEvent.objects.filter(verb=AuditVerb.CHANGED_MANY, subject_id=str(change_set.public_id)).count() == 1

    undo_change_set(change_set, by=an)

    assert list(Partner.objects.order_by("pk").values("status", "kind", "verified_on")) == before
    assert [partner.fields.count() for partner in Partner.objects.order_by("pk")] == [1, 0, 0]
    assert change_set.undo_report == []


def test_links_alone_are_undone_and_the_version_tells_so(kept: list[Partner], an: User, fields: list[Field]) -> None:
    kept[0].fields.set(fields)

    change_set = run(plan(Partner.objects.all(), an, fields_remove=[fields[0]]))
    assert list(kept[0].fields.all()) == [fields[1]]
    undo_change_set(change_set, by=an)

    assert set(kept[0].fields.all()) == set(fields)
    assert kept[0].history.first().fields.count() == 2


def test_a_row_edited_between_preview_and_run_is_reported_and_not_overwritten(kept: list[Partner], an: User) -> None:
    change_set = plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT)
    kept[0].refresh_from_db()
    kept[0].status = PartnerStatus.CLOSED
    save_partner(kept[0], by=an)

    run(change_set)

    kept[0].refresh_from_db()
    assert kept[0].status == PartnerStatus.CLOSED
    assert [(row["label"], row["reason"]) for row in change_set.plan["left"]] == [("Hội số 0", "edited")]
    assert (change_set.counts["changed"], change_set.counts["left"]) == (2, 1)


def test_rights_are_asked_again_when_it_runs(kept: list[Partner], an: User) -> None:
    change_set = plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT)
    an.memberships.all().delete()

    run(change_set)

    assert change_set.state == ChangeState.FAILED
    assert change_set.failure
    assert not Partner.objects.filter(status=PartnerStatus.DORMANT).exists()


def test_a_killed_run_goes_on_where_it_was(kept: list[Partner], an: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_edits, "CHUNK", 1)
    change_set = plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT)
    bulk_edits.start_bulk_edit(change_set, by=an, message="")
    assert bulk_edits.apply_next(change_set)
    ChangeSet.objects.update(heartbeat_at="2026-01-01T00:00Z")
    asked: list[int] = []
    monkeypatch.setattr(tasks.run_bulk_edit, "delay", asked.append)

    tasks.resume_stalled_change_sets()
    tasks.run_bulk_edit(*asked)

    change_set.refresh_from_db()
    assert (change_set.state, change_set.counts["changed"], change_set.rows_done) == (ChangeState.APPLIED, 3, 3)
    assert change_set.entries.count() == 3


def test_a_run_that_fails_half_way_can_be_taken_back(kept: list[Partner], an: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_edits, "CHUNK", 2)
    change_set = plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT)
    bulk_edits.start_bulk_edit(change_set, by=an, message="")
    bulk_edits.apply_next(change_set)
    an.memberships.all().delete()

    tasks.run_bulk_edit(change_set.pk)

    change_set.refresh_from_db()
    assert (change_set.state, bool(change_set.failure)) == (ChangeState.APPLIED, True)
    assert Partner.objects.filter(status=PartnerStatus.DORMANT).count() == 2


def test_many_rows_need_a_message(kept: list[Partner], an: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_edits, "MESSAGE_FROM", 3)
    client.force_login(an)
    change_set = plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT)

    refused = client.post(f"/changes/{change_set.public_id}/start/", {"message": " "})

    assert refused.status_code == 422
    change_set.refresh_from_db()
    assert change_set.state == ChangeState.PREVIEW


def test_a_new_lead_ends_the_old_one_and_undo_brings_it_back(kept: list[Partner], khoa: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    Stewardship.objects.update(valid_from=date(2024, 1, 1))

    change_set = run(plan(Partner.objects.all(), khoa, lead=(quang_ninh, None)))

    leads = Stewardship.objects.current().filter(role=StewardRole.LEAD)
    assert set(leads.values_list("unit", flat=True)) == {quang_ninh.pk}
    assert leads.count() == 3
    undo_change_set(change_set, by=khoa)
    assert set(Stewardship.objects.current().filter(role=StewardRole.LEAD).values_list("unit", flat=True)) == {nghe_an.pk}


def test_facts_follow_a_bulk_edit_of_exchanges_and_its_undoing(kept: list[Partner], an: User, fields: list[Field]) -> None:
    for partner in kept:
        make_exchange(partner, by=an, on=date(2026, 11, 1))
    masks = Participation.objects.order_by("pk").values_list("field_mask", "level", "counted")
    before = list(masks)

    change_set = run(plan(Exchange.objects.all(), an, "activities:exchange-list", fields_add=fields[:1], level=2))

    assert set(masks.all()) == {(1 << fields[0].bit, 2, True)}
    undo_change_set(change_set, by=an)
    assert list(masks.all()) == before


def test_restricting_exchanges_restricts_what_is_to_be_done_after_them(kept: list[Partner], ha: User) -> None:
    exchange = make_exchange(kept[0], by=ha, on=date(2026, 11, 1))
    save_follow_up(FollowUp(text="Gửi ảnh", exchange=exchange), by=ha)

    run(plan(Exchange.objects.all(), ha, "activities:exchange-list", confidentiality=Confidentiality.RESTRICTED))

    assert FollowUp.objects.get().confidentiality == Confidentiality.RESTRICTED
    assert not Participation.objects.get().counted


def test_follow_ups_are_closed_with_their_time(kept: list[Partner], an: User) -> None:
    for partner in kept:
        save_follow_up(FollowUp(text="Cảm ơn", partner=partner), by=an)

    change_set = run(plan(FollowUp.objects.all(), an, "activities:follow-up-list", state=FollowUpState.DONE))

    assert FollowUp.objects.filter(state=FollowUpState.DONE, closed_at__isnull=False).count() == 3
    undo_change_set(change_set, by=an)
    assert FollowUp.objects.filter(state=FollowUpState.OPEN, closed_at=None).count() == 3


def test_a_reader_may_not_edit_at_all(kept: list[Partner], dung: User, client: Client) -> None:
    with pytest.raises(PermissionDenied):
        plan(Partner.objects.all(), dung, status=PartnerStatus.DORMANT)
    client.force_login(dung)
    assert client.get(f"{EDIT}?list={PARTNERS}&all=1").status_code == 403
    assert 'class="pick"' not in client.get("/partners/").content.decode()


def test_from_the_ticks_to_the_undo_on_the_pages(kept: list[Partner], an: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(an)
    monkeypatch.setattr(tasks.run_bulk_edit, "delay_on_commit", tasks.run_bulk_edit)
    address = f"{EDIT}?list={PARTNERS}&row={kept[0].public_id}&row={kept[1].public_id}"

    assert client.get(address).context["count"] == 2
    preview = client.get(client.post(address, {"status": "dormant"})["Location"])
    change_set = ChangeSet.objects.get()
    client.post(f"/changes/{change_set.public_id}/start/", {"message": "Đã hỏi lại"})

    assert preview.status_code == 200
    assert Partner.objects.filter(status="dormant").count() == 2
    page = client.get(change_set.get_absolute_url()).content.decode()
    assert "Hội số 0" in page
    assert "Đã hỏi lại" in client.get("/changes/").content.decode()
    client.post(f"/changes/{change_set.public_id}/undo/")
    assert not Partner.objects.filter(status="dormant").exists()


def test_all_that_match_is_what_the_filters_find(kept: list[Partner], an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get(EDIT, {"list": PARTNERS, "all": "1", "query": "q=so+1"}).context["count"] == 1
    assert client.get(EDIT, {"list": PARTNERS, "all": "1", "query": "status=lost"}).status_code == 404
    assert client.get(EDIT, {"list": "nowhere", "all": "1"}).status_code == 404
    assert client.get(EDIT, {"list": PARTNERS, "row": "nonsense"}).status_code == 404


@pytest.mark.parametrize("sent", [{}, {"status": "lost"}, {"verified_on": "31/02/2026"}, {"kind": "\x00"}])
def test_nothing_or_nonsense_is_refused(sent: dict[str, Any], kept: list[Partner], an: User, client: Client) -> None:
    client.force_login(an)

    assert client.post(f"{EDIT}?list={PARTNERS}&all=1", sent).status_code == 422
    assert not ChangeSet.objects.exists()


def test_a_preview_is_its_authors_own_and_can_be_given_up(kept: list[Partner], an: User, binh: User, client: Client) -> None:
    change_set = plan(Partner.objects.all(), an, status=PartnerStatus.DORMANT)
    client.force_login(binh)
    assert client.get("/changes/").context["page"].rows == []
    assert client.post(f"/changes/{change_set.public_id}/discard/").status_code == 403
    client.force_login(an)
    assert client.get("/changes/").context["page"].rows == [change_set]
    client.post(f"/changes/{change_set.public_id}/discard/")
    assert client.get("/changes/").context["page"].rows == []
    assert client.post(f"/changes/{change_set.public_id}/start/").status_code == 422


def test_entries_out_of_scope_are_not_named(kept: list[Partner], an: User, ha: User, binh: User, client: Client) -> None:
    exchange = make_exchange(kept[0], by=ha, on=date(2026, 11, 1), title="Việc kín")
    change_set = run(plan(Exchange.objects.all(), ha, "activities:exchange-list", confidentiality=Confidentiality.RESTRICTED))
    ChangeSet.objects.update(unit=binh.scope.home_unit_ids[0])
    client.force_login(an)

    page = client.get(change_set.get_absolute_url()).content.decode()

    assert exchange.title not in page


def test_what_was_left_is_not_named_to_those_who_may_not_see_it(kept: list[Partner], an: User, ha: User, client: Client) -> None:
    exchange = make_exchange(kept[0], by=ha, on=date(2026, 11, 1), title="Việc kín", confidentiality=Confidentiality.RESTRICTED)
    change_set = plan(Exchange.objects.all(), ha, "activities:exchange-list", level=2)
    Exchange.objects.update(revision=7)
    run(change_set)
    ChangeSet.objects.update(unit=an.scope.home_unit_ids[0])

    for user, is_told in ((ha, True), (an, False)):
        client.force_login(user)
        assert (exchange.title in client.get(change_set.get_absolute_url()).content.decode()) is is_told


def test_the_statements_of_a_run_do_not_grow_with_its_rows(kept: list[Partner], an: User, fields: list[Field]) -> None:
    taken = []
    for level, number in ((1, 1), (2, 8)):
        for day in range(1, number + 1):
            make_exchange(kept[day % 3], by=an, on=date(2026, 10, day))
        change_set = plan(Exchange.objects.all(), an, "activities:exchange-list", fields_add=fields[level - 1 : level], level=level)
        bulk_edits.start_bulk_edit(change_set, by=an, message="")
        with CaptureQueriesContext(connection) as captured:
            bulk_edits.apply_next(change_set)
        taken.append(len(captured))
    assert taken[1] <= taken[0] + 3, taken
