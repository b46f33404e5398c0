"""What was promised, ours and theirs: written down, settled, put off, passed on, found in its list."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from activities.actions.commitments import pass_commitment, postpone_commitment, save_commitment, settle_commitment
from activities.choices import Standing
from activities.models import Commitment
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.models import Partner, Person
from tests.activities.promising import MET_ON, make_commitment, several_commitments, told_of_commitments
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
LIST = "/activities/commitments/"
NEW = "/activities/commitments/new/"
TODAY = date(2026, 11, 24)  # A Tuesday.


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner()


# --- Entering ---------------------------------------------------------------------------------------------


def test_one_is_entered_from_an_exchange(an: User, lao: Partner, client: Client) -> None:
    meeting = make_exchange(lao, by=an, on=MET_ON)
    client.force_login(an)
    sent = {"owed_by": "theirs", "text": "Gửi danh sách", "due_on": "31/12/2026", "confidentiality": "unit", "exchange": meeting.pk}

    answer = client.post(f"{NEW}?exchange={meeting.public_id}", sent)

    commitment = Commitment.objects.get()
    assert answer["Location"] == meeting.get_absolute_url()
    assert (commitment.partner, commitment.exchange, commitment.unit) == (lao, meeting, meeting.host_unit)
    assert commitment.promised_on == MET_ON


def test_without_a_subject_the_form_asks_for_the_partner(an: User, lao: Partner, client: Client) -> None:
    client.force_login(an)
    sent = {"owed_by": "ours", "text": "Gửi ảnh", "confidentiality": "unit"}

    assert client.post(NEW, sent).status_code == 422
    assert client.post(NEW, sent | {"partner": str(lao.public_id)}).status_code == 302
    assert Commitment.objects.get().promised_on == timezone.localdate()


def test_one_of_a_restricted_exchange_is_restricted(an: User, lao: Partner) -> None:
    meeting = make_exchange(lao, by=an, on=MET_ON, confidentiality=Confidentiality.RESTRICTED)

    commitment = make_commitment(lao, an, exchange=meeting, confidentiality=Confidentiality.NETWORK)

    assert commitment.confidentiality == Confidentiality.RESTRICTED


def test_a_unit_writes_for_itself_and_the_centre_for_every_unit(an: User, khoa: User, dung: User, lao: Partner, quang_ninh: Unit) -> None:
    with pytest.raises(PermissionDenied):
        make_commitment(lao, an, unit=quang_ninh)
    with pytest.raises(PermissionDenied):
        make_commitment(lao, dung)
    assert make_commitment(lao, khoa, unit=quang_ninh).unit == quang_ninh
    own = make_commitment(lao, an)
    own.unit = quang_ninh
    with pytest.raises(ValidationError):
        save_commitment(own, by=an)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", ""),
        ("text", "x" * 501),
        ("text", "a\x00b"),
        ("owed_by", "both"),
        ("due_on", "31/02/2026"),
        ("due_on", "01/11/2026"),
        ("promised_on", "01/01/2999"),
        ("partner", "\x00"),
        ("assignee", "abc"),
    ],
)
def test_bad_input_is_refused_at_its_field(field: str, value: str, an: User, lao: Partner, client: Client) -> None:
    client.force_login(an)
    sent = {"owed_by": "ours", "text": "Việc", "partner": str(lao.public_id), "promised_on": "02/11/2026", "confidentiality": "unit"}

    answer = client.post(NEW, sent | {field: value})

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Commitment.objects.exists()


def test_an_edit_leaves_what_the_editor_may_not_see(an: User, binh: User, lao: Partner, client: Client) -> None:
    hidden = Person.objects.create(full_name="Khamphone", confidentiality=Confidentiality.RESTRICTED)
    commitment = make_commitment(lao, an, person=hidden)
    client.force_login(an)

    page = client.get(f"{commitment.get_absolute_url()}edit/").content.decode()
    sent = {"owed_by": "ours", "text": "Gửi lại", "promised_on": "02/11/2026", "confidentiality": "unit", "seen_revision": "1"}
    assert client.post(f"{commitment.get_absolute_url()}edit/", sent).status_code == 302

    assert "Khamphone" not in page
    assert "Khamphone" not in client.get(commitment.get_absolute_url()).content.decode()
    assert Commitment.objects.get().person == hidden


# --- Settling ---------------------------------------------------------------------------------------------


def test_it_is_settled_in_one_step_with_its_proof(an: User, lao: Partner, client: Client) -> None:
    commitment = make_commitment(lao, an, due_on=date(2026, 11, 10))
    client.force_login(an)

    answer = client.post(f"{commitment.get_absolute_url()}settle/", {"state": "done", "on": "12/11/2026", "proof": "Công văn 12"})

    assert answer["Location"] == commitment.get_absolute_url()
    settled = Commitment.objects.get()
    assert (settled.settled_on, settled.proof, settled.standing_today) == (date(2026, 11, 12), "Công văn 12", Standing.LATE)
    assert "Công văn 12" in client.get(commitment.get_absolute_url()).content.decode()


@pytest.mark.parametrize("state", ["broken", "dropped"])
def test_what_is_not_kept_asks_for_a_reason(state: str, an: User, lao: Partner, client: Client) -> None:
    commitment = make_commitment(lao, an)
    client.force_login(an)
    address = f"{commitment.get_absolute_url()}settle/"

    assert "reason" in client.post(address, {"state": state}).context["form"].errors
    client.post(address, {"state": state, "reason": "Bạn đổi kế hoạch"})
    assert (Commitment.objects.get().state, Commitment.objects.get().reason) == (state, "Bạn đổi kế hoạch")


def test_it_can_be_opened_again(an: User, lao: Partner) -> None:
    commitment = make_commitment(lao, an)
    settle_commitment(commitment, by=an, state="done", proof="Thư")

    settle_commitment(commitment, by=an, state="open")

    assert (commitment.settled_on, commitment.proof, commitment.is_settled) == (None, "Thư", False)


def test_the_day_of_settling_lies_between_the_promise_and_today(an: User, lao: Partner) -> None:
    commitment = make_commitment(lao, an)
    for day in (MET_ON - timedelta(days=1), timezone.localdate() + timedelta(days=1)):
        with pytest.raises(ValidationError) as refused:
            settle_commitment(commitment, by=an, state="done", on=day)
        assert "settled_on" in refused.value.message_dict
        commitment.refresh_from_db()
    with pytest.raises(ValidationError):
        settle_commitment(commitment, by=an, state="lost")


@pytest.mark.parametrize(
    ("due_on", "state", "on", "standing"),
    [
        (None, "open", None, Standing.OPEN),
        (TODAY, "open", None, Standing.OPEN),
        (TODAY - timedelta(days=1), "in_progress", None, Standing.OVERDUE),
        (TODAY + timedelta(days=1), "in_progress", None, Standing.IN_PROGRESS),
        (date(2026, 11, 10), "done", date(2026, 11, 10), Standing.DONE),
        (date(2026, 11, 10), "done", date(2026, 11, 11), Standing.LATE),
        (None, "done", date(2026, 11, 11), Standing.DONE),
        (date(2026, 11, 10), "broken", date(2026, 11, 20), Standing.BROKEN),
        (date(2026, 11, 10), "dropped", date(2026, 11, 20), Standing.DROPPED),
    ],
)
def test_how_it_stands_is_the_same_for_one_and_for_a_list(
    due_on: date | None, state: str, on: date | None, standing: Standing, an: User, lao: Partner
) -> None:
    row = make_commitment(lao, an, due_on=due_on)
    Commitment.objects.filter(pk=row.pk).update(state=state, settled_on=on, reason="vì")
    row.refresh_from_db()

    assert row.standing(TODAY) == standing
    assert [code for code in Standing.values if Commitment.objects.standing([code], TODAY).exists()] == [standing]


def test_it_is_put_off_only_with_a_reason_and_only_while_open(an: User, lao: Partner, client: Client) -> None:
    commitment = make_commitment(lao, an, due_on=date(2026, 11, 10))
    client.force_login(an)
    address = f"{commitment.get_absolute_url()}postpone/"

    assert client.post(address, {"due_on": "01/02/2027"}).status_code == 422
    client.post(address, {"due_on": "01/02/2027", "reason": "Chờ bạn"})
    commitment.refresh_from_db()
    assert (commitment.due_on, commitment.reason) == (date(2027, 2, 1), "Chờ bạn")
    settle_commitment(commitment, by=an, state="done")
    with pytest.raises(ValidationError):
        postpone_commitment(commitment, by=an, until=None, reason="Nữa")


def test_passed_on_it_is_told_and_seen_without_its_restricted_words(an: User, chau: User, lao: Partner, client: Client) -> None:
    commitment = make_commitment(lao, an, "Việc kín", confidentiality=Confidentiality.RESTRICTED)

    pass_commitment(commitment, by=an, to=chau)

    [text] = told_of_commitments(chau)
    assert "Việc kín" not in text
    client.force_login(chau)
    assert client.get(commitment.get_absolute_url()).status_code == 200
    chau.is_active = False
    chau.save()
    with pytest.raises(ValidationError):
        pass_commitment(commitment, by=an, to=chau)


# --- Who may see and do what ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "level", "sees", "edits"),
    [
        ("an", "unit", True, True),
        ("dung", "unit", True, False),
        ("chau", "unit", False, False),
        ("chau", "network", True, False),
        ("khoa", "unit", True, True),
        ("binh", "restricted", True, True),
        ("chau", "restricted", False, False),
        ("khoa", "restricted", False, False),
        ("ha", "restricted", True, True),
    ],
)
def test_scope_per_role(who: str, level: str, sees: bool, edits: bool, an: User, lao: Partner, request: Any, client: Client) -> None:
    commitment = make_commitment(lao, an, confidentiality=level)
    client.force_login(request.getfixturevalue(who))

    assert (client.get(commitment.get_absolute_url()).status_code == 200) is sees
    assert (client.get(f"{commitment.get_absolute_url()}edit/").status_code == 200) is edits
    assert (len(client.get(f"{LIST}?unsettled=true").context["page"].rows) == 1) is sees


def test_archived_it_leaves_the_list_and_comes_back(an: User, lao: Partner, client: Client) -> None:
    commitment = make_commitment(lao, an)
    address = commitment.get_absolute_url()
    client.force_login(an)

    client.post(f"{address}archive/")
    assert client.get(f"{LIST}?unsettled=true").context["page"].rows == []
    assert f"{address}restore/" in client.get(address).content.decode()
    client.post(f"{address}restore/")
    assert Commitment.objects.live().exists()
    assert client.get(f"{address}history/").status_code == 200


# --- Lists ------------------------------------------------------------------------------------------------


@pytest.fixture
def several(an: User, binh: User, lao: Partner) -> dict[str, Commitment]:
    return several_commitments(lao, an, binh)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unsettled=true", ["theirs", "overdue", "later", "undated"]),
        ("overdue=true", ["theirs", "overdue"]),
        ("overdue=true&owed_by=theirs", ["theirs"]),
        ("state=done&state=overdue&owed_by=ours", ["overdue", "done"]),
        ("unproven=true", ["done"]),
        ("unsettled=true&mine=true", ["later"]),
        ("who=binh", ["overdue"]),
        ("country=CU", ["later", "undated"]),
        ("due_until=2098-12-31", ["theirs", "overdue"]),
        ("due_since=2098-12-31", ["later"]),
        ("q=tre cua ban", ["theirs"]),
        ("q=vien cu ba", ["later", "undated"]),
        ("unit=PU-22", []),
    ],
)
def test_the_list_is_filtered(query: str, found: list[str], several: dict[str, Commitment], an: User, client: Client) -> None:
    client.force_login(an)

    rows = client.get(f"{LIST}?{query}").context["page"].rows

    assert sorted(row.text for row in rows) == sorted(several[name].text for name in found)


def test_the_list_shows_what_is_open_the_nearest_day_first(several: dict[str, Commitment], an: User, client: Client) -> None:
    client.force_login(an)

    page = get_counted(client, client.get(LIST)["Location"], name="commitment list")

    assert [row.text for row in page.context["page"].rows][-2:] == ["Còn lâu", "Không hạn"]


def test_the_list_is_exported_with_all_its_columns(several: dict[str, Commitment], an: User, client: Client) -> None:
    client.force_login(an)
    columns = "text,owed_by,partner,due,state,who,promised,origin,person,settled,unit,country,tier,reason,proof,identifier"

    answer: Any = client.get(f"{LIST}?overdue=true&columns={columns}&export=csv")

    pieces: Any = answer.streaming_content
    text = b"".join(pieces).decode("utf-8-sig")
    assert len(text.splitlines()) == 3
    assert "Trễ của ta" in text


def test_the_pages_ask_a_fixed_number_of_queries(several: dict[str, Commitment], an: User, lao: Partner, client: Client) -> None:
    client.force_login(an)
    get_counted(client, several["overdue"].get_absolute_url(), name="commitment page")
