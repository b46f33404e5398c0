"""Policy versions from draft to approval: two people, one reason each, and never changed again."""

import re
import tomllib
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions.job_work import work_on
from crm.choices import AuditVerb, NotificationTopic, Role
from crm.models import AuditEvent, JobRun, Notification, Unit, User
from partners.models import Partner
from reports.actions.policies import load_policy
from reports.actions.policy_drafts import decide_draft, save_draft, start_draft, submit_draft, text_of_draft
from reports.actions.policy_files import PolicyFile
from reports.actions.policy_text import as_json, content_of, text_of
from reports.actions.policy_trials import preview_of
from reports.choices import DraftState
from reports.jobs.policies import work_out_preview
from reports.metrics.days import policy_on
from reports.models import PolicyDraft, PolicyPoints, PolicyVersion
from tests.factories import make_user
from tests.query_counts import get_counted

AS_OF = date(2025, 9, 30)


@pytest.fixture
def approver(db: None) -> User:
    return make_user("approver", unit=Unit.objects.get(code="VUFO"), role=Role.SECRETARIAT)


@pytest.fixture
def draft(policy: PolicyVersion, secretary: User) -> PolicyDraft:
    tomorrow = timezone.localdate() + timedelta(days=1)
    draft = start_draft(policy, by=secretary, code="2027", name="Cách tính 2027", effective_from=tomorrow, reason="Thư đáng giá hơn.")
    draft.content["base_points"]["letter"] = "2"
    draft.content["half_life_days"] = 365
    save_draft(draft, by=secretary)
    return draft


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- Files ------------------------------------------------------------------------------------------


def test_a_version_goes_out_as_the_file_it_came_from_and_loads_as_itself(policy: PolicyVersion, secretary: User) -> None:
    answer = client_of(secretary).get(reverse("reports:policy-file", args=[policy.code]))

    loaded, is_new = load_policy(answer.content.decode())
    assert (loaded, is_new) == (policy, False)


def test_a_version_whose_file_was_not_kept_goes_out_with_the_same_meaning(policy: PolicyVersion) -> None:
    kept = content_of(policy)
    PolicyVersion.objects.update(source="")
    policy.refresh_from_db()

    rebuilt = PolicyFile(text_of(policy))

    assert as_json(rebuilt.content) == as_json(kept)
    assert list(rebuilt.points()) == list(PolicyFile(policy_file_text()).points())


def policy_file_text() -> str:
    from reports.management.commands.load_policy import POLICIES

    return (POLICIES / "2025.toml").read_text(encoding="utf-8")


def test_a_version_loaded_before_files_were_kept_gets_its_file_by_loading_it_again(policy: PolicyVersion) -> None:
    PolicyVersion.objects.update(source="")

    load_policy(policy_file_text())

    policy.refresh_from_db()
    assert policy.source == policy_file_text()


def test_texts_with_quotes_and_line_breaks_come_back_as_they_were(draft: PolicyDraft) -> None:
    draft.reason = 'Nói "khác"\nở \\ dòng hai'

    assert tomllib.loads(text_of_draft(draft))["reason"] == draft.reason


# --- Drafts -----------------------------------------------------------------------------------------


def test_a_draft_obeys_the_rules_of_a_file_and_every_mistake_is_named(draft: PolicyDraft, secretary: User) -> None:
    draft.content["base_points"]["letter"] = "0.333"
    draft.content["bands"]["thin"] = 0

    with pytest.raises(ValidationError) as refused:
        save_draft(draft, by=secretary)

    assert any("bands.thin" in message for message in refused.value.messages)
    assert any("letter" in message for message in refused.value.messages)


def test_only_the_secretariat_drafts_and_decides(draft: PolicyDraft) -> None:
    officer = make_user("officer", unit=Unit.objects.get(code="VUFO"))
    with pytest.raises(PermissionDenied):
        save_draft(draft, by=officer)
    with pytest.raises(PermissionDenied):
        submit_draft(draft, by=officer)
    assert client_of(officer).get(reverse("reports:policy-draft-edit", args=[draft.public_id])).status_code == 403
    assert client_of(officer).get(draft.get_absolute_url()).status_code == 200


def test_the_form_writes_every_number(draft: PolicyDraft, secretary: User) -> None:
    client = client_of(secretary)
    address = reverse("reports:policy-draft-edit", args=[draft.public_id])
    form = client.get(address).context["form"]
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: "" if value is None else value for name, value in data.items()}
    data |= {"effective_from": draft.effective_from.isoformat(), "base_points.meeting": "6", "cadences.SPECIAL.required": "15"}

    answer = client.post(address, data)

    assert answer.status_code == 302, answer.context["form"].errors
    draft.refresh_from_db()
    assert draft.content["base_points"]["meeting"] == "6"
    assert draft.content["cadences"]["SPECIAL"]["required"] == 15
    assert draft.content["half_life_days"] == 365


def test_the_form_names_what_is_wrong_and_keeps_what_was_written(draft: PolicyDraft, secretary: User) -> None:
    client = client_of(secretary)
    address = reverse("reports:policy-draft-edit", args=[draft.public_id])
    form = client.get(address).context["form"]
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: "" if value is None else value for name, value in data.items()}
    data |= {"effective_from": draft.effective_from.isoformat(), "level_factors.deputy": "1.33333", "cadences.ASEAN.cadence_days": ""}

    answer = client.post(address, data)

    assert answer.status_code == 422
    assert {"level_factors.deputy", "cadences.ASEAN.cadence_days"} <= set(answer.context["form"].errors)


def test_a_stale_form_is_told_what_somebody_else_saved(draft: PolicyDraft, secretary: User, approver: User) -> None:
    client = client_of(secretary)
    address = reverse("reports:policy-draft-edit", args=[draft.public_id])
    form = client.get(address).context["form"]
    data = {name: "" if (value := form.get_initial_for_field(field, name)) is None else value for name, field in form.fields.items()}
    draft.content["base_points"]["forum"] = "3"
    save_draft(draft, by=approver)

    answer = client.post(address, data | {"effective_from": draft.effective_from.isoformat(), "base_points.forum": "4"})

    assert answer.status_code == 422
    draft.refresh_from_db()
    assert draft.content["base_points"]["forum"] == "3"


# --- Deciding ---------------------------------------------------------------------------------------


def test_somebody_else_approves_with_a_reason_and_it_becomes_a_version_for_ever(
    draft: PolicyDraft, secretary: User, approver: User, policy: PolicyVersion
) -> None:
    submit_draft(draft, by=secretary)
    assert Notification.objects.filter(user=approver, topic=NotificationTopic.POLICY).exists()

    version = decide_draft(draft, by=approver, approve=True, reason="Đã xem trước, hợp lý.")

    assert version is not None
    assert version.approved_by == approver
    assert version.half_life_days == 365
    assert policy_on(timezone.localdate()) == policy
    assert version == PolicyVersion.objects.in_force(draft.effective_from).first()
    event = AuditEvent.objects.get(verb=AuditVerb.APPROVED)
    assert (event.actor_id, event.details["reason"]) == (approver.pk, "Đã xem trước, hợp lý.")
    assert Notification.objects.filter(user=secretary, topic=NotificationTopic.POLICY).exists()
    draft.refresh_from_db()
    assert (draft.state, draft.version) == (DraftState.APPROVED, version)


@pytest.mark.parametrize("who", ["created", "changed", "submitted"])
def test_whoever_wrote_or_handed_it_in_does_not_decide(draft: PolicyDraft, secretary: User, approver: User, who: str) -> None:
    if who == "changed":
        draft.content["half_life_days"] = 400
        save_draft(draft, by=approver)
    submit_draft(draft, by=approver if who == "submitted" else secretary)
    decider = secretary if who == "created" else approver

    with pytest.raises(ValidationError) as refused:
        decide_draft(draft, by=decider, approve=True, reason="Đồng ý")

    assert refused.value.code == "four-eyes"
    assert PolicyVersion.objects.count() == 1


def test_whoever_sent_it_back_may_decide_once_it_is_handed_in_again(draft: PolicyDraft, secretary: User, approver: User) -> None:
    submit_draft(draft, by=secretary)
    decide_draft(draft, by=approver, approve=False, reason="Chưa rõ lý do")
    draft.reason = "Thư đáng giá hơn: theo kết luận cuộc họp."
    save_draft(draft, by=secretary)
    submit_draft(draft, by=secretary)

    assert decide_draft(draft, by=approver, approve=True, reason="Đồng ý") is not None


def test_only_who_may_decide_today_is_told_of_a_draft(draft: PolicyDraft, secretary: User, approver: User) -> None:
    gone = make_user("gone", unit=Unit.objects.get(code="VUFO"), role=Role.SECRETARIAT)
    gone.memberships.update(valid_to=timezone.localdate())

    submit_draft(draft, by=secretary)

    told = Notification.objects.filter(topic=NotificationTopic.POLICY).values_list("user", flat=True)
    assert approver.pk in told
    assert gone.pk not in told


def test_the_database_too_refuses_one_and_the_same_person(draft: PolicyDraft, secretary: User) -> None:
    submit_draft(draft, by=secretary)

    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyDraft.objects.filter(pk=draft.pk).update(decided_by=secretary)


def test_without_a_reason_or_for_a_day_past_nothing_is_decided(draft: PolicyDraft, secretary: User, approver: User) -> None:
    submit_draft(draft, by=secretary)
    with pytest.raises(ValidationError):
        decide_draft(draft, by=approver, approve=True, reason="  ")
    PolicyDraft.objects.filter(pk=draft.pk).update(effective_from=timezone.localdate() - timedelta(days=1))
    draft.refresh_from_db()

    with pytest.raises(ValidationError) as refused:
        decide_draft(draft, by=approver, approve=True, reason="Đồng ý")
    assert "effective_from" in refused.value.error_dict
    draft.refresh_from_db()
    assert draft.state == DraftState.SUBMITTED
    assert decide_draft(draft, by=approver, approve=False, reason="Sửa lại ngày") is None


def test_a_draft_for_a_day_past_is_not_handed_in(draft: PolicyDraft, secretary: User) -> None:
    draft.effective_from = timezone.localdate() - timedelta(days=1)
    save_draft(draft, by=secretary)

    with pytest.raises(ValidationError):
        submit_draft(draft, by=secretary)


def test_a_draft_sent_back_is_written_on_and_one_handed_in_is_not(draft: PolicyDraft, secretary: User, approver: User) -> None:
    submit_draft(draft, by=secretary)
    with pytest.raises(ValidationError):
        save_draft(draft, by=secretary)
    assert client_of(secretary).get(reverse("reports:policy-draft-edit", args=[draft.public_id])).status_code == 404
    decide_draft(draft, by=approver, approve=False, reason="Nói rõ hơn")

    draft.reason = "Nói rõ hơn rồi."
    save_draft(draft, by=secretary)
    submit_draft(draft, by=secretary)
    assert decide_draft(draft, by=approver, approve=True, reason="Được") is not None


def test_the_page_decides_and_shows_what_is_refused(draft: PolicyDraft, secretary: User, approver: User) -> None:
    submit_draft(draft, by=secretary)
    address = reverse("reports:policy-draft-decide", args=[draft.public_id])

    refused = client_of(secretary).post(address, {"reason": "Được", "decision": "approve", "revision": draft.revision})
    empty = client_of(approver).post(address, {"reason": "", "decision": "approve", "revision": draft.revision})
    assert (refused.status_code, empty.status_code) == (422, 422)
    done = client_of(approver).post(address, {"reason": "Được", "decision": "approve", "revision": draft.revision})
    assert done.status_code == 302
    assert PolicyVersion.objects.get(code="2027").get_absolute_url() == done["Location"]


# --- Immutable --------------------------------------------------------------------------------------


def test_no_door_changes_a_version(policy: PolicyVersion, secretary: User) -> None:
    policy.half_life_days = 1
    with pytest.raises(ValidationError):
        policy.save()
    with pytest.raises(ValidationError):
        policy.delete()
    administrator = make_user("admin", unit=Unit.objects.get(code="VUFO"), role=Role.ADMINISTRATOR, is_staff=True)
    client = client_of(administrator)
    address = reverse("admin:reports_policyversion_change", args=[policy.pk])
    assert client.post(address, {"half_life_days": 1}).status_code == 403
    assert client.post(reverse("admin:reports_policyversion_delete", args=[policy.pk]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:reports_policyversion_add")).status_code == 403
    policy.refresh_from_db()
    assert policy.half_life_days == 180


# --- What would move --------------------------------------------------------------------------------


def test_the_preview_says_what_would_move_and_leaves_nothing_behind(draft: PolicyDraft, example: Partner) -> None:
    found = preview_of(draft, AS_OF)

    assert (found["partners"], found["moved"]) == (1, 1)
    assert found["largest"][0]["name"] == example.name
    assert found["largest"][0]["before"] == "46.2"
    assert Decimal(found["largest"][0]["after"]) > Decimal("46.2")
    assert PolicyVersion.objects.count() == 1
    assert PolicyPoints.objects.count() == 42


def test_a_draft_that_changes_nothing_moves_nothing(draft: PolicyDraft, example: Partner, policy: PolicyVersion, secretary: User) -> None:
    draft.content = as_json(content_of(policy))
    save_draft(draft, by=secretary)

    found = preview_of(draft, AS_OF)

    assert (found["moved"], found["bands"], found["ranks"], found["countries"]) == (0, [], [], [])


def test_cadences_of_a_draft_move_the_status_of_countries(draft: PolicyDraft, example: Partner, secretary: User) -> None:
    draft.content["cadences"]["COMPREHENSIVE_STRATEGIC"]["cadence_days"] = 10
    save_draft(draft, by=secretary)

    assert {"tier": "COMPREHENSIVE_STRATEGIC", "country": "JP", "before": "covered", "after": "overdue"} in preview_of(draft, AS_OF)[
        "countries"
    ]


def test_the_preview_is_a_job_kept_with_the_revision_it_was_made_for(draft: PolicyDraft, example: Partner, secretary: User) -> None:
    client_of(secretary).post(reverse("reports:policy-draft-preview", args=[draft.public_id]))
    run = JobRun.objects.get(name="reports.policy_preview")

    work_on(run.pk)

    draft.refresh_from_db()
    assert draft.preview is not None
    assert draft.preview_revision == draft.revision
    page = client_of(secretary).get(draft.get_absolute_url()).content.decode()
    assert example.name in page
    save_draft(draft, by=secretary)
    draft.refresh_from_db()
    assert draft.preview_revision != draft.revision
    assert work_out_preview(run) == {"skipped": "the draft was changed meanwhile"}


# --- Reading ----------------------------------------------------------------------------------------


def test_all_numbers_of_a_version_can_be_read(policy: PolicyVersion, secretary: User) -> None:
    page = get_counted(client_of(secretary), policy.get_absolute_url(), name="policy page").content.decode()

    assert len(re.findall(r'<td class="num">', page)) >= 42
    assert "<polyline" in page
    assert "180" in page
    get_counted(client_of(secretary), reverse("reports:policy-list"), name="policy list")


def test_two_versions_are_held_against_each_other(draft: PolicyDraft, secretary: User, approver: User, policy: PolicyVersion) -> None:
    submit_draft(draft, by=secretary)
    version = decide_draft(draft, by=approver, approve=True, reason="Được")
    assert version is not None

    page = client_of(secretary).get(f"{version.get_absolute_url()}?with={policy.code}")

    assert [(row.before, row.after) for row in page.context["differences"]] == [("180", "365"), ("1", "2")]
