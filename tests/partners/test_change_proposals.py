"""A colleague of a unit that does not lead a partner proposes; whoever leads it accepts field by field, or says why not."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from crm.models import Field, Notification, Unit, User
from partners.actions.merges import merge_partners
from partners.actions.partners import save_partner
from partners.actions.proposals import label_of, propose_changes
from partners.choices import ProposalState
from partners.models import ChangeProposal, Partner
from tests.factories import make_partner, make_steward, make_user
from tests.query_counts import get_counted


@pytest.fixture
def lao(quang_ninh: Unit) -> Partner:
    partner = make_partner("Hội Hữu nghị Lào - Việt Nam", kind="FRIENDSHIP_ASSOCIATION", city="Viêng Chăn")
    make_steward(partner, quang_ninh)
    return partner


@pytest.fixture
def proposal(lao: Partner, nghe_an: Unit, an: User) -> ChangeProposal:
    return propose_changes(lao, unit=nghe_an, by=an, values={"city": "Pắc Xế", "founded_year": 1979}, message="Theo thư của Hội")


def test_the_list_says_which_fields_would_change(lao: Partner, an: User, nghe_an: Unit) -> None:
    names = [{"name": "LVFA", "language": "en", "usage": "acronym"}]
    propose_changes(lao, unit=nghe_an, by=an, values={"city": "Pắc Xế", "names": names})
    answer = page(an, reverse("partners:proposal-list") + "?state=open")
    with override(an.language):
        assert str(label_of("names")) in answer.content.decode()


def test_the_list_and_the_page_of_a_proposal_ask_as_often_however_many_there_are(
    client: Client, nghe_an: Unit, quang_ninh: Unit, an: User
) -> None:
    for number in range(3):
        partner = make_partner(f"Quỹ {number}", kind="FOREIGN_NGO", country="LA")
        make_steward(partner, quang_ninh)
        proposal = propose_changes(partner, unit=nghe_an, by=an, values={"city": "Huế", "country": "KH", "fields": ["PEACE"]})
    client.force_login(an)
    get_counted(client, reverse("partners:proposal-list") + "?state=open", name="change proposals")
    get_counted(client, proposal.get_absolute_url(), name="change proposal")


def page(user: User, address: str) -> Any:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client.get(address)


def send(user: User, address: str, **answers: Any) -> Any:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client.post(address, answers)


def decide(user: User, proposal: ChangeProposal, **answers: Any) -> Any:
    return send(user, reverse("partners:proposal-decide", args=[proposal.public_id]), **answers)


def form_of(partner: Partner, **changed: Any) -> dict[str, Any]:
    return {
        "name": partner.name, "name_language": partner.name_language, "kind": partner.kind_id, "country": partner.country_id,
        "city": partner.city, "status": partner.status, "names-TOTAL_FORMS": "1", "names-INITIAL_FORMS": "0", "names-0-name": "", **changed,
    }  # fmt: skip


# --- Proposing -----------------------------------------------------------------------------------------------------


def test_who_may_not_edit_a_partner_is_offered_to_propose(lao: Partner, an: User, chau: User, dung: User) -> None:
    address = reverse("partners:proposal-create", args=[lao.public_id]).encode()
    assert address in page(an, lao.get_absolute_url()).content
    assert address not in page(chau, lao.get_absolute_url()).content
    assert address not in page(dung, lao.get_absolute_url()).content


def test_the_form_proposes_only_what_differs_and_changes_nothing(lao: Partner, an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    address = reverse("partners:proposal-create", args=[lao.public_id])
    assert page(an, address).status_code == 200
    peace = Field.objects.order_by("pk")[0]
    answer = send(
        an,
        address,
        **form_of(lao, city="Pắc Xế", fields=[peace.pk], **{"names-0-name": "LVFA", "names-0-language": "en", "names-0-usage": "acronym"}),
    )
    proposal = ChangeProposal.objects.get()
    lao.refresh_from_db()
    assert answer.url == proposal.get_absolute_url()
    assert (lao.city, proposal.unit, proposal.lead_unit) == ("Viêng Chăn", nghe_an, quang_ninh)
    assert proposal.changes == {
        "city": ["Viêng Chăn", "Pắc Xế"],
        "fields": [[], [peace.code]],
        "names": [[], [{"name": "LVFA", "language": "en", "usage": "acronym"}]],
    }


def test_what_the_partner_form_refuses_the_proposal_refuses_too(lao: Partner, an: User) -> None:
    answer = send(an, reverse("partners:proposal-create", args=[lao.public_id]), **form_of(lao, founded_year="12"))
    assert answer.status_code == 422
    assert "founded_year" in answer.context["form"].errors


def test_a_proposal_of_nothing_is_refused(lao: Partner, an: User) -> None:
    answer = send(an, reverse("partners:proposal-create", args=[lao.public_id]), **form_of(lao))
    assert answer.status_code == 422
    assert not ChangeProposal.objects.exists()


def test_a_second_proposal_of_the_unit_changes_the_open_one(proposal: ChangeProposal, lao: Partner, an: User, nghe_an: Unit) -> None:
    again = propose_changes(lao, unit=nghe_an, by=an, values={"city": "Luông Pha Băng"})
    assert again.pk == proposal.pk
    assert again.revision == 2
    assert again.changes == {"city": ["Viêng Chăn", "Luông Pha Băng"], "founded_year": [None, 1979]}
    assert again.message == "Theo thư của Hội"


def test_those_who_lead_are_told_and_those_who_proposed_are_told_of_the_decision(
    chau: User, an: User, binh: User, proposal: ChangeProposal
) -> None:
    assert [line.user for line in Notification.objects.filter(topic="proposal")] == [chau]
    decide(chau, proposal, decision="decline", reason="Trụ sở vẫn ở Viêng Chăn.")
    told = Notification.objects.filter(topic="proposal").exclude(user=chau)
    assert {line.user for line in told} == {an, binh}
    assert {line.link for line in told} == {proposal.get_absolute_url()}


# --- Deciding ------------------------------------------------------------------------------------------------------


def test_accepting_saves_what_is_ticked_as_the_word_of_who_accepts(proposal: ChangeProposal, lao: Partner, chau: User) -> None:
    decide(chau, proposal, decision="accept", field=["founded_year"])
    lao.refresh_from_db()
    proposal.refresh_from_db()
    assert (lao.founded_year, lao.city, lao.updated_by) == (1979, "Viêng Chăn", chau)
    assert (proposal.state, proposal.decided_by) == (ProposalState.ACCEPTED, chau)
    assert proposal.changes == {"city": ["Viêng Chăn", "Pắc Xế", False], "founded_year": [None, 1979]}


def test_what_changed_meanwhile_is_marked_and_accepting_goes_over_it_knowingly(
    proposal: ChangeProposal, lao: Partner, ha: User, chau: User
) -> None:
    lao.city = "Sa Va Na Khẹt"
    save_partner(lao, by=ha)
    shown = {row["field"].name: row["field"].moved for row in page(chau, proposal.get_absolute_url()).context["rows"]}
    assert shown == {"city": True, "founded_year": False}
    decide(chau, proposal, decision="accept", field=["city", "founded_year"])
    lao.refresh_from_db()
    assert (lao.city, lao.founded_year) == ("Pắc Xế", 1979)


def test_a_list_accepted_late_keeps_what_others_added(lao: Partner, an: User, nghe_an: Unit, ha: User, chau: User) -> None:
    one, two = Field.objects.order_by("pk")[:2]
    proposal = propose_changes(lao, unit=nghe_an, by=an, values={"fields": [one.code]})
    save_partner(lao, by=ha, fields=[two])
    decide(chau, proposal, decision="accept", field=["fields"])
    assert set(lao.fields.all()) == {one, two}


@pytest.mark.parametrize("answers", [{"decision": "decline", "reason": " "}, {"decision": "accept"}, {"decision": "perhaps"}, {}])
def test_a_decision_that_lacks_something_changes_nothing(answers: Any, proposal: ChangeProposal, chau: User) -> None:
    assert decide(chau, proposal, **answers).status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.OPEN


def test_who_proposed_may_take_it_back_but_not_decide(proposal: ChangeProposal, an: User) -> None:
    assert decide(an, proposal, decision="accept", field=["city"]).status_code == 403
    decide(an, proposal, decision="withdraw")
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.WITHDRAWN


def test_a_decided_proposal_cannot_be_decided_again(proposal: ChangeProposal, lao: Partner, chau: User) -> None:
    decide(chau, proposal, decision="decline", reason="Không đúng.")
    decide(chau, proposal, decision="accept", field=["city"])
    lao.refresh_from_db()
    assert lao.city == "Viêng Chăn"


def test_whoever_leads_the_partner_by_now_decides_and_who_led_it_does_not(proposal: ChangeProposal, lao: Partner, chau: User) -> None:
    follower = make_user("phu-tho", unit=Unit.objects.get(code="PU-25"))
    lao.stewardships.all().delete()
    make_steward(lao, Unit.objects.get(code="PU-25"))
    assert decide(chau, proposal, decision="decline", reason="Không.").status_code == 403
    assert decide(follower, proposal, decision="accept", field=["city"]).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.state, proposal.lead_unit.code) == (ProposalState.ACCEPTED, "PU-25")


def test_a_unit_that_has_nothing_to_do_with_it_does_not_find_it(proposal: ChangeProposal) -> None:
    stranger = make_user("phu-tho", unit=Unit.objects.get(code="PU-25"))
    assert page(stranger, proposal.get_absolute_url()).status_code == 404
    assert decide(stranger, proposal, decision="accept", field=["city"]).status_code == 404
    assert proposal.get_absolute_url().encode() not in page(stranger, reverse("partners:proposal-list") + "?state=open").content


# --- Looking -------------------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_open_first_and_finds_by_name(proposal: ChangeProposal, chau: User) -> None:
    address = reverse("partners:proposal-list")
    assert page(chau, address).url == f"{address}?state=open"
    assert proposal.get_absolute_url().encode() in page(chau, f"{address}?state=open&q=huu+nghi+lao").content
    assert proposal.get_absolute_url().encode() not in page(chau, f"{address}?state=declined").content


def test_the_partner_page_says_that_a_proposal_is_open(proposal: ChangeProposal, lao: Partner, chau: User, dung: User) -> None:
    assert proposal.get_absolute_url().encode() in page(chau, lao.get_absolute_url()).content
    assert proposal.get_absolute_url().encode() not in page(dung, lao.get_absolute_url()).content


def test_a_proposal_goes_with_a_merged_partner(proposal: ChangeProposal, lao: Partner, ha: User, chau: User) -> None:
    survivor = make_partner("Hội Hữu nghị Lào - Việt", kind="FRIENDSHIP_ASSOCIATION")
    merge_partners(survivor, lao, by=ha)
    decide(chau, proposal, decision="accept", field=["founded_year"])
    survivor.refresh_from_db()
    assert survivor.founded_year == 1979
