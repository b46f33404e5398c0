"""What hangs on one person alone, so that it would be lost or forgotten when that person goes."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from activities.choices import ExchangeStatus, Side
from activities.models import Attendance, CalendarFeed, Commitment, Exchange, ExchangeDraft, FollowUp
from crm.choices import ViewAudience
from crm.models import Membership, SavedView, User, ViewSubscription
from crm.permissions import Permission
from partners.models import Person, Post, Stewardship

CONTACTS_AT_MOST = 300


@dataclass(frozen=True)
class Burden:
    """All that hangs on ``person``, as far as ``reader`` may see it. ``hidden`` counts what only others may see."""

    person: User
    stewardships: list[Stewardship]
    follow_ups: list[FollowUp]
    commitments: list[Commitment]
    planned: list[Exchange]
    contacts: list[Person]
    views: list[SavedView]
    drafts: int
    subscriptions: int
    feeds: int
    hidden: int

    @property
    def is_empty(self) -> bool:
        return not (self.stewardships or self.follow_ups or self.commitments or self.planned or self.contacts or self.views)


def people_to_hand_over_for(user: User) -> QuerySet[User]:
    """Whose work the account may pass on: the secretariat everybody's, a unit lead that of the units led."""
    people = User.objects.filter(is_program=False)
    if not user.may(Permission.HAND_OVER):
        return people.none()
    if user.scope.secretariat:
        return people
    # Members of the past too: a leaver is often remembered only after the membership has ended.
    return people.filter(pk__in=Membership.objects.filter(unit__in=user.scope.lead_unit_ids).values("user"))


def may_look(user: User, person: User) -> bool:
    """One's own page, and the pages of those whose work one may pass on."""
    return user.pk == person.pk or people_to_hand_over_for(user).filter(pk=person.pk).exists()


def burden_of(person: User, *, reader: User) -> Burden:
    """Look everything up; a dozen queries, whatever there is."""
    follow_ups, commitments, planned = follow_ups_of(person), commitments_of(person), planned_of(person)
    seen_follow_ups = list(follow_ups_in_reach(person, reader).select_related("partner", "unit"))
    seen_commitments = list(commitments_in_reach(person, reader).select_related("partner", "unit"))
    seen_planned = list(planned_in_reach(person, reader).select_related("kind"))
    kept = stewardships_in_reach(person, reader)
    return Burden(
        person=person,
        stewardships=list(kept.select_related("partner__country", "unit").order_by("partner__sort_key", "id")),
        follow_ups=seen_follow_ups,
        commitments=seen_commitments,
        planned=seen_planned,
        contacts=list(contacts_of(person, reader=reader)[:CONTACTS_AT_MOST]),
        views=list(views_in_reach(person, reader)),
        drafts=ExchangeDraft.objects.visible_to(person).waiting().count(),
        subscriptions=ViewSubscription.objects.filter(user=person).count(),
        feeds=CalendarFeed.objects.visible_to(person).in_use().count(),
        hidden=sum(rows.count() for rows in (follow_ups, commitments, planned))
        - sum(len(seen) for seen in (seen_follow_ups, seen_commitments, seen_planned)),
    )


# --- Of it, what somebody may pass on ----------------------------------------------------------------------
#
# Whoever has moved to another unit does that unit's work now: a lead of the former one passes on only what was left there.


def _is_whole(person: User, passer: User) -> bool:
    return passer.scope.secretariat or passer.pk == person.pk


def stewardships_in_reach(person: User, passer: User) -> QuerySet[Stewardship]:
    rows = stewardships_of(person)
    return rows if _is_whole(person, passer) else rows.filter(unit__in=passer.scope.lead_unit_ids)


def follow_ups_in_reach(person: User, passer: User) -> QuerySet[FollowUp]:
    return follow_ups_of(person).filter(pk__in=FollowUp.objects.editable_by(passer).values("pk"))


def commitments_in_reach(person: User, passer: User) -> QuerySet[Commitment]:
    return commitments_of(person).filter(pk__in=Commitment.objects.editable_by(passer).values("pk"))


def planned_in_reach(person: User, passer: User) -> QuerySet[Exchange]:
    mine = Exchange.objects.visible_to(passer) if _is_whole(person, passer) else Exchange.objects.editable_by(passer)
    return planned_of(person).filter(pk__in=mine.values("pk"))


def views_in_reach(person: User, passer: User) -> QuerySet[SavedView]:
    rows = shared_views_of(person)
    return rows if _is_whole(person, passer) else rows.filter(unit__in=passer.scope.lead_unit_ids)


def may_close_feeds(person: User, passer: User) -> bool:
    """Whether the passer may revoke the person's calendar addresses: not of somebody who works for other units today."""
    elsewhere = Membership.objects.on(timezone.localdate()).filter(user=person).exclude(unit__in=passer.scope.lead_unit_ids)
    return _is_whole(person, passer) or not elsewhere.exists()


# --- All of it ---------------------------------------------------------------------------------------------


def stewardships_of(person: User) -> QuerySet[Stewardship]:
    """Partners that the person keeps by name today."""
    rows: QuerySet[Stewardship] = Stewardship.objects.current().filter(officer=person, partner__archived_at__isnull=True)
    return rows


def follow_ups_of(person: User) -> QuerySet[FollowUp]:
    rows: QuerySet[FollowUp] = FollowUp.objects.open().assigned_to(person)
    return rows


def commitments_of(person: User) -> QuerySet[Commitment]:
    """Commitments, ours and theirs, that the person is to see kept."""
    rows: QuerySet[Commitment] = Commitment.objects.unsettled().filter(assignee=person)
    return rows


def planned_of(person: User) -> QuerySet[Exchange]:
    """Planned exchanges that the person is to attend, or entered without naming anybody of ours."""
    ours = Attendance.objects.filter(exchange=OuterRef("pk"), side=Side.OURS)
    entered_alone = Q(created_by=person) & ~Exists(ours)
    rows: QuerySet[Exchange] = Exchange.objects.live().filter(status=ExchangeStatus.PLANNED)
    return rows.filter(Exists(ours.filter(user=person)) | entered_alone).order_by("starts_on", "id")


def contacts_of(person: User, *, reader: User) -> QuerySet[Person]:
    """People whom only this colleague has met; and those entered by the colleague at partners kept, whom nobody has met."""
    attended = Attendance.objects.filter(exchange__archived_at__isnull=True)
    with_us = attended.filter(person=OuterRef("pk"))
    met = Exists(with_us.filter(exchange__in=attended.filter(user=person).values("exchange")))
    met_by_others = Exists(with_us.filter(exchange__in=attended.filter(user__isnull=False).exclude(user=person).values("exchange")))
    posts_kept = Post.objects.live().on(timezone.localdate()).filter(partner__in=stewardships_of(person).values("partner"))
    entered = Q(created_by=person, pk__in=posts_kept.values("person"))
    held = Post.objects.live().on(timezone.localdate()).select_related("partner").order_by("rank", "id")
    found: QuerySet[Person] = Person.objects.visible_to(reader).live().filter(Q(met) | entered).exclude(met_by_others)
    return found.prefetch_related(Prefetch("posts", held, to_attr="held")).order_by("sort_key", "id")


def shared_views_of(person: User) -> QuerySet[SavedView]:
    """Views that colleagues use too; private ones end with the account."""
    rows: Any = SavedView.objects.live().filter(created_by=person).exclude(audience=ViewAudience.PRIVATE)
    return rows  # type: ignore[no-any-return]  # a queryset of the manager above
