"""Passing on what hangs on one person, to one or two colleagues, in one step that can be taken back."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from activities.actions.burdens import (
    commitments_in_reach,
    contacts_of,
    follow_ups_in_reach,
    may_close_feeds,
    people_to_hand_over_for,
    planned_in_reach,
    stewardships_in_reach,
    views_in_reach,
)
from activities.actions.calendar_feeds import revoke_feed
from activities.choices import Side
from activities.models import Attendance, CalendarFeed
from crm.actions.audit import record_event
from crm.actions.change_sets import announce, note_created
from crm.actions.noted_writes import NotedWrites
from crm.actions.notifications import notify
from crm.actions.records import save_record
from crm.choices import AuditVerb, ChangeKind, ChangeState, NotificationTopic
from crm.models import ChangeSet, Membership, User
from crm.models.records import Record
from crm.permissions import Permission
from partners.choices import NoteKind
from partners.models import PersonNote, Stewardship

# The nouns of an item, as in ``stewardship:<identifier>``.
STEWARDSHIP, FOLLOW_UP, COMMITMENT, PLANNED, CONTACT, VIEW = "stewardship", "follow-up", "commitment", "planned", "contact", "view"


@transaction.atomic
def hand_over(person: User, *, by: User, choices: Mapping[str, User], revoke_feeds: bool = False) -> ChangeSet:
    """Pass on what ``choices`` names: item → who receives it. Returns the change set, already applied.

    Stewardships end today and begin today with the receiver; follow-ups, commitments and planned attendances change hands; of a
    contact a note on the person says who knows it from now on; shared views get a new owner. What no longer hangs on the
    person is left alone. Revoked calendar addresses do not come back when the rest is taken back.

    Raises PermissionDenied where the account may not pass on this person's work, ValidationError for a receiver who
    could not do it.
    """
    if not people_to_hand_over_for(by).filter(pk=person.pk).exists():
        raise PermissionDenied
    passing = _Passing(person, by=by, choices=choices)
    passing.run()
    if not passing.counts:
        raise ValidationError(_("Nothing was chosen that still hangs on %(who)s."), params={"who": person}, code="nothing-left")
    if revoke_feeds and may_close_feeds(person, by):
        for feed in CalendarFeed.objects.visible_to(person).in_use():
            revoke_feed(feed, by=by)
    record_event(AuditVerb.HANDED_OVER, by=by, subject=passing.change_set, person=person.username, counts=dict(passing.counts))
    passing.tell()
    return passing.change_set


class _Passing:
    """One hand-over under way: whose, to whom, and what was passed so far."""

    def __init__(self, person: User, *, by: User, choices: Mapping[str, User]) -> None:
        self.person, self.by, self.choices = person, by, choices
        self.today = timezone.localdate()
        self.receivers = list(dict.fromkeys(choices.values()))
        self.counts: Counter[str] = Counter()
        self.passed: dict[str, int] = {}
        for receiver in self.receivers:
            _check_receiver(receiver, person)
        self.change_set = ChangeSet(
            kind=ChangeKind.HAND_OVER, message=_("Hand-over: %(person)s") % {"person": person}, unit_id=self._unit_id(),
            state=ChangeState.RUNNING, started_at=timezone.now(),
        )  # fmt: skip
        self.writes = NotedWrites(by, self.change_set)

    def _unit_id(self) -> int:
        held = (
            Membership.objects.filter(user=self.person)
            .order_by(models.F("valid_to").desc(nulls_first=True), "id")
            .values_list("unit", flat=True)
            .first()
        )
        return held or self.by.scope.home_unit_ids[0]

    def run(self) -> None:
        save_record(self.change_set, by=self.by)
        # Contacts first: who is one depends on the partners kept and on who is present, which the other steps change.
        for step in (self._contacts, self._stewardships, self._follow_ups, self._commitments, self._planned, self._views):
            step()
        announce(self.writes.touched)
        self.change_set.plan = {"person": self.person.pk, "items": self.passed}
        self.change_set.counts = dict(self.counts)
        self.change_set.rows_total = self.change_set.rows_done = len(self.writes.touched)
        self.change_set.state, self.change_set.finished_at = ChangeState.APPLIED, timezone.now()
        save_record(self.change_set, by=self.by)

    def _chosen(self, noun: str) -> dict[str, User]:
        """Identifier → receiver, of the items of one noun."""
        beginning = f"{noun}:"
        return {item.removeprefix(beginning): receiver for item, receiver in self.choices.items() if item.startswith(beginning)}

    def _pass(self, noun: str, row: Any, receiver: User) -> None:
        self.counts[noun] += 1
        self.passed[f"{noun}:{row.public_id}"] = receiver.pk

    def _stewardships(self) -> None:
        chosen = self._chosen(STEWARDSHIP)
        asked = stewardships_in_reach(self.person, self.by).filter(public_id__in=chosen).select_related("unit")
        rows = list(asked.select_for_update(of=("self",)).order_by("id"))
        begun_today = [row for row in rows if row.valid_from == self.today]
        ending = [row for row in rows if row.valid_from != self.today]
        successors = []
        for row in rows:
            receiver = chosen[str(row.public_id)]
            if not receiver.scope.may_write_for(row.unit_id):
                message = _("%(who)s does not work for %(unit)s and cannot keep its partners.")
                raise ValidationError(message, params={"who": receiver, "unit": row.unit}, code="wrong-unit")
            self._pass(STEWARDSHIP, row, receiver)
        planned_ends = {row.pk: row.valid_to for row in ending}
        # A row that began today cannot also end today: it changes hands.
        self._change(begun_today, "officer", lambda row: chosen[str(row.public_id)])
        self._change(ending, "valid_to", lambda row: self.today)
        for row in ending:
            successor = Stewardship(
                partner_id=row.partner_id, unit_id=row.unit_id, role=row.role, officer=chosen[str(row.public_id)],
                valid_from=self.today, valid_to=planned_ends[row.pk],
            )  # fmt: skip
            save_record(successor, by=self.by)
            successors.append(successor)
        self._note_saved(successors)

    def _follow_ups(self) -> None:
        self._change_hands(FOLLOW_UP, follow_ups_in_reach(self.person, self.by), "assignee")

    def _commitments(self) -> None:
        self._change_hands(COMMITMENT, commitments_in_reach(self.person, self.by), "assignee")

    def _planned(self) -> None:
        chosen = self._chosen(PLANNED)
        asked = planned_in_reach(self.person, self.by).filter(public_id__in=chosen)
        exchanges = list(asked.select_for_update(of=("self",)).order_by("pk"))
        present = {row.exchange_id: row for row in Attendance.objects.filter(exchange__in=exchanges, user=self.person)}
        receivers_there = set(Attendance.objects.filter(exchange__in=exchanges, user__in=self.receivers).values_list("exchange", "user"))
        handed, removed, added = [], [], []
        for exchange in exchanges:
            receiver, row = chosen[str(exchange.public_id)], present.get(exchange.pk)
            self._pass(PLANNED, exchange, receiver)
            if row is None:
                added.append(Attendance(exchange=exchange, side=Side.OURS, user=receiver))
            elif (exchange.pk, receiver.pk) in receivers_there:
                removed.append(row)
            else:
                handed.append(row)
        # A form that is open over such an exchange would write the people present back: so its revision rises, first of
        # all, so that taking back comes to it last and its next version sees who is present again.
        self.writes.change(exchanges, lambda row: None)
        self._change(handed, "user", lambda row: chosen[str(row.exchange.public_id)])
        self.writes.remove(removed)
        self.writes.create(added)

    def _contacts(self) -> None:
        chosen = self._chosen(CONTACT)
        notes = []
        for contact in contacts_of(self.person, reader=self.by).filter(public_id__in=chosen):
            receiver = chosen[str(contact.public_id)]
            self._pass(CONTACT, contact, receiver)
            names = {"who": self.person, "receiver": receiver, "day": f"{self.today:%d/%m/%Y}"}
            text = _("Known to us through %(who)s; contact passed on to %(receiver)s on %(day)s.") % names
            note = PersonNote(person=contact, kind=NoteKind.PROTOCOL, text=text, on=self.today, unit_id=self.change_set.unit_id)
            save_record(note, by=self.by)
            notes.append(note)
        self._note_saved(notes)

    def _views(self) -> None:
        self._change_hands(VIEW, views_in_reach(self.person, self.by), "created_by")

    def _change_hands(self, noun: str, in_reach: QuerySet[Any], column: str) -> None:
        """Write the receiver into the column of each row chosen."""
        chosen = self._chosen(noun)
        rows = list(in_reach.filter(public_id__in=chosen).select_for_update(of=("self",)).order_by("id"))
        self._change(rows, column, lambda row: chosen[str(row.public_id)])
        for row in rows:
            self._pass(noun, row, chosen[str(row.public_id)])

    def _note_saved(self, records: Sequence[Record]) -> None:
        """Note new records that their own rules have saved."""
        note_created(self.change_set, records)
        self.writes.touched += records

    def _change(self, rows: Sequence[Any], column: str, value: Callable[[Any], Any]) -> None:
        self.writes.change(rows, lambda row: setattr(row, column, value(row)))

    def tell(self) -> None:
        """Let each receiver know, with the page that leads to the dossier."""
        link = reverse("activities:hand-over-done", args=[self.change_set.public_id])
        for receiver in self.receivers:
            count = sum(pk == receiver.pk for pk in self.passed.values())
            if count and receiver != self.by:
                text = ngettext_lazy("%(who)s passed %(count)s thing on to you", "%(who)s passed %(count)s things on to you", count)
                key = f"hand-over:{self.change_set.public_id}"
                notify([receiver], topic=NotificationTopic.HAND_OVER, key=key, text=text % {"who": self.person, "count": count}, link=link)


def _check_receiver(receiver: User, person: User) -> None:
    if receiver == person or not receiver.is_active or receiver.is_program or not receiver.may(Permission.FOLLOW_UP_EDIT):
        raise ValidationError(_("%(who)s cannot receive this work. Choose another colleague."), params={"who": receiver}, code="receiver")
