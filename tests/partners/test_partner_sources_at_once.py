"""Requests that come at the same moment: one partner is made, and both are told the truth."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction

from crm.actions.sources import AmbiguousMatchError, Outcome, SourceItem, hold_keys
from crm.models import Country, Unit, User
from partners.actions.merges import merge_partners
from partners.actions.proposals import accept_proposal, open_proposal, propose_changes
from partners.actions.sources import apply_partner_items
from partners.models import ExternalId, Partner, PartnerKind
from tests.factories import make_partner, make_steward

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite one writes at a time"),
]
AT_ONCE = 6


def item(external_id: str, name: str, **said: Any) -> SourceItem:
    values = {"name": name, "kind": PartnerKind.objects.order_by("pk")[0], "country": Country.objects.get(alpha2="LA")}
    return SourceItem(external_id=external_id, version=said.pop("version", 1), values={**values, **said})


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Start all calls together, each on a connection of its own; return their answers, or what they raised."""
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int) -> None:
        try:
            gate.wait(10)
            answers[place] = calls[place]()
        except Exception as error:  # shown by the test
            answers[place] = error  # type: ignore[call-overload]  # any answer
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_of_requests_at_once_for_one_new_key_one_makes_it_and_the_others_find_it(an: User, nghe_an: Unit) -> None:
    said = [item("A-1", "Quỹ Sen Vàng", version=version) for version in range(AT_ONCE)]
    answers = at_once(*(lambda one=one: apply_partner_items([one], unit=nghe_an, by=an) for one in said))
    outcomes = Counter(answer[0].outcome for answer in answers)
    assert (Partner.objects.count(), ExternalId.objects.get().version, outcomes[Outcome.CREATED]) == (1, AT_ONCE - 1, 1)
    assert set(outcomes) <= {Outcome.CREATED, Outcome.UNCHANGED, Outcome.OLDER}


def test_of_two_offices_that_bring_one_partner_at_once_one_makes_it_and_the_other_links_or_asks(
    an: User, chau: User, nghe_an: Unit, quang_ninh: Unit
) -> None:
    said = item("7", "Quỹ Sen Vàng")
    answers = at_once(
        lambda: apply_partner_items([said], unit=nghe_an, by=an), lambda: apply_partner_items([said], unit=quang_ninh, by=chau)
    )
    assert {answer[0].outcome for answer in answers} == {Outcome.CREATED, Outcome.LINKED}
    partner = Partner.objects.get()
    assert dict(ExternalId.objects.values_list("unit__code", "partner")) == {"PU-40": partner.pk, "PU-22": partner.pk}


def test_two_keys_of_one_office_for_one_name_at_once_make_one_partner_and_a_question(an: User, nghe_an: Unit) -> None:
    answers = at_once(*(lambda key=key: apply_partner_items([item(key, "Quỹ Sen Vàng")], unit=nghe_an, by=an) for key in ("A-1", "A-2")))
    results = sorted((answer[0] for answer in answers), key=lambda result: result.outcome)
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.REFUSED]
    assert isinstance(results[1].error, AmbiguousMatchError)


def test_batches_that_overlap_in_opposite_orders_do_not_wait_for_each_other_for_ever(an: User, nghe_an: Unit) -> None:
    said = [item(f"K-{place}", f"Quỹ {place * 7919} Sen {place}", version=1) for place in range(40)]
    newer = [item(f"K-{place}", f"Quỹ {place * 7919} Sen {place}", version=2, city="Huế") for place in range(40)]
    answers = at_once(
        lambda: apply_partner_items(said, unit=nghe_an, by=an),
        lambda: apply_partner_items(said[::-1], unit=nghe_an, by=an),
        lambda: apply_partner_items(newer[::-1], unit=nghe_an, by=an),
    )
    assert all(isinstance(answer, list) for answer in answers), answers
    assert {result.error for answer in answers for result in answer} == {None}
    assert Partner.objects.count() == 40
    assert set(Partner.objects.values_list("city", flat=True)) == {"Huế"}


def between(first: Callable[[], Any], other: Callable[[], Any], then: Callable[[], Any]) -> Any:
    """Do ``first`` and ``then`` in one transaction, and between them begin ``other``, which comes to wait; return its answer."""
    answers: list[Any] = []
    second = threading.Thread(target=lambda: answers.extend(at_once(other)))
    with transaction.atomic():
        first()
        second.start()
        until = time.monotonic() + 30
        while not _somebody_waits() and time.monotonic() < until:
            time.sleep(0.05)
        then()
    second.join(60)
    return answers[0]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Else a transaction sees for ever what was going on when it first asked.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')")
        return bool(cursor.fetchone()[0])


def hold(partner: Partner) -> None:
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)


def test_a_merge_and_a_word_about_one_key_do_not_wait_for_each_other(khoa: User, nghe_an: Unit) -> None:
    survivor, merged = make_partner("Quỹ Sen Vàng"), make_partner("Quỹ Sen Vàng (Lào)")
    ExternalId.objects.create(unit=nghe_an, partner=merged, value="A-1")
    answer = between(
        lambda: hold_keys(ExternalId, ["A-1"], unit=nghe_an),
        lambda: merge_partners(survivor, merged, by=khoa),
        lambda: hold(merged),
    )
    assert not isinstance(answer, Exception), answer
    assert ExternalId.objects.get().partner == survivor


def test_accepting_a_proposal_and_a_word_about_its_partner_do_not_wait_for_each_other(
    an: User, chau: User, nghe_an: Unit, quang_ninh: Unit
) -> None:
    partner = make_partner("Quỹ Sen Vàng")
    make_steward(partner, quang_ninh)
    proposal = propose_changes(partner, unit=nghe_an, by=an, values={"city": "Huế"})
    answer = between(lambda: hold(partner), lambda: accept_proposal(proposal, by=chau), lambda: open_proposal(partner, nghe_an))
    assert not isinstance(answer, Exception), answer
    partner.refresh_from_db()
    assert partner.city == "Huế"
