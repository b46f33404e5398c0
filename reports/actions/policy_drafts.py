"""Policy versions on their way: drafted by the secretariat, approved by somebody else, immutable from then on."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import record_event
from crm.actions.notifications import holders_of, notify
from crm.actions.records import save_record
from crm.choices import AuditVerb, NotificationTopic
from crm.models import User
from crm.permissions import Permission
from reports.actions.policies import load_policy
from reports.actions.policy_files import PolicyFile
from reports.actions.policy_text import as_json, content_of, policy_text
from reports.choices import DraftState
from reports.models import PolicyDraft, PolicyVersion

_OPEN = (DraftState.DRAFT, DraftState.RETURNED)
_SAID = ("code", "name", "effective_from", "reason", "content")


@transaction.atomic
def start_draft(based_on: PolicyVersion, *, by: User, code: str, name: str, effective_from: date, reason: str) -> PolicyDraft:
    """Begin a new version from the numbers of an older one."""
    _check_right(by)
    draft = PolicyDraft(
        code=code, name=name, effective_from=effective_from, reason=reason, based_on=based_on, content=as_json(content_of(based_on))
    )
    save_draft(draft, by=by)
    return draft


@transaction.atomic
def save_draft(draft: PolicyDraft, *, by: User) -> None:
    """Save a draft. Its numbers obey the rules of a policy file; every mistake is named.

    Raises PermissionDenied without the right, ValidationError for mistakes, for a code that a version has, and for a
    draft that waits for approval or was approved.
    """
    _check_right(by)
    if draft.state not in _OPEN:
        raise ValidationError(_("This draft is no longer being written."), code="not-open")
    PolicyFile(text_of_draft(draft))
    if PolicyVersion.objects.filter(code=draft.code).exists():
        raise ValidationError({"code": ValidationError(_("A policy version has this code already."), code="code-taken")})
    save_record(draft, by=by)


@transaction.atomic
def submit_draft(draft: PolicyDraft, *, by: User) -> None:
    """Hand a draft in for approval, and tell those who may approve it."""
    _check_complete(draft, by=by)
    draft.state, draft.submitted_at, draft.submitted_by = DraftState.SUBMITTED, timezone.now(), by
    draft.decided_at = draft.decided_by = None
    save_record(draft, by=by)
    text = format_lazy("{}: {}", _("A policy version waits for approval"), draft.name)
    approvers = holders_of(Permission.POLICY_EDIT).exclude(pk=by.pk)
    notify(approvers, topic=NotificationTopic.POLICY, key=f"policy:{draft.pk}:{draft.revision}", text=text, link=draft.get_absolute_url())


def _check_complete(draft: PolicyDraft, *, by: User) -> None:
    """Hold what a draft must be before anybody approves it: by the rules, and not for a day that is past."""
    _check_right(by)
    if draft.state not in _OPEN:
        raise ValidationError(_("This draft is no longer being written."), code="not-open")
    PolicyFile(text_of_draft(draft))
    refuse_past(draft.effective_from)


@transaction.atomic
def decide_draft(draft: PolicyDraft, *, by: User, approve: bool, reason: str) -> PolicyVersion | None:
    """Approve a draft, which makes it a version for ever, or send it back; with a reason either way.

    Raises PermissionDenied without the right, ValidationError for who wrote or submitted it, without a reason, or for a
    day that has passed meanwhile.
    """
    _check_right(by)
    stored = PolicyDraft.objects.select_for_update(no_key=True).get(pk=draft.pk)
    if stored.state != DraftState.SUBMITTED or stored.revision != draft.revision:
        raise ValidationError(_("This draft does not wait for approval any more. Look at it again."), code="not-submitted")
    if by.pk in authors_of(draft):
        raise ValidationError(_("Somebody else than the author decides."), code="four-eyes")
    if not reason.strip():
        raise ValidationError({"reason": ValidationError(_("Say why."), code="required")})
    if approve:
        refuse_past(draft.effective_from)
        text = text_of_draft(draft, approver=str(by), approved_on=timezone.localdate())
        draft.version, _is_new = load_policy(text, by=by)
        record_event(AuditVerb.APPROVED, by=by, subject=draft.version, reason=reason.strip()[:2000], draft=str(draft.public_id))
    draft.state = DraftState.APPROVED if approve else DraftState.RETURNED
    draft.decided_at, draft.decided_by, draft.decision_reason = timezone.now(), by, reason.strip()
    save_record(draft, by=by)
    _tell_authors(draft)
    return draft.version


def authors_of(draft: PolicyDraft) -> set[int]:
    """Who may not decide: whoever began or submitted the draft, or ever changed what it says, by its versions. One query."""
    found, before = {draft.created_by_id, draft.submitted_by_id}, None
    for author, *said in draft.history.order_by("history_date", "history_id").values_list("history_user", *_SAID):
        if before is not None and said != before:
            found.add(author)
        before = said
    return {key for key in found if key is not None}


def refuse_past(day: date) -> None:
    """Raise ValidationError for a first day that has passed: no figure that stood already may move."""
    if day < timezone.localdate():
        message = _("It may take effect today at the earliest: figures of days past stay as they are.")
        raise ValidationError({"effective_from": ValidationError(message, code="past")})


def text_of_draft(draft: PolicyDraft, *, approver: str = "—", approved_on: date | None = None) -> str:
    """The file that the draft would be."""
    head: dict[str, Any] = {
        "code": draft.code,
        "name": draft.name,
        "effective_from": draft.effective_from,
        "approved_on": approved_on or timezone.localdate(),
        "approver": approver,
        "reason": draft.reason,
    }
    return policy_text({**head, **draft.content})


def _check_right(by: User) -> None:
    if not by.may(Permission.POLICY_EDIT):
        raise PermissionDenied


def _tell_authors(draft: PolicyDraft) -> None:
    text = format_lazy("{}: {}", draft.get_state_display(), draft.name)
    authors = User.objects.filter(pk__in=authors_of(draft)).exclude(pk=draft.decided_by_id or 0)
    notify(authors, topic=NotificationTopic.POLICY, key=f"policy:{draft.pk}:{draft.revision}", text=text, link=draft.get_absolute_url())
