"""The drawer: a line becomes one exchange, or a draft, and all can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from activities.actions.entries import log_entry
from activities.choices import Direction, ExchangeStatus, Sides
from activities.models import Exchange, ExchangeDraft, ExchangeKind, FollowUp
from crm.models import Unit, User
from partners.models import Partner
from tests.activities.drawer import HTMX, QUICK, send, today
from tests.factories import make_partner
from tests.query_counts import check_count, get_counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt")


def test_a_complete_line_becomes_an_exchange(an: User, nghe_an: Unit, partner: Partner, client: Client) -> None:
    key = uuid4()

    answer = send(client, an, "hôm qua tiếp đoàn Hội HN Lào-Việt 8 người @Nghệ An #giáo dục -> gửi danh sách thứ sáu", key=key)

    exchange = Exchange.objects.get()
    assert (answer["Entry-State"], answer["Entry-Key"]) == ("logged", str(key))
    assert (exchange.kind.code, exchange.direction, exchange.sides) == ("DELEGATION_IN", Direction.IN, Sides.BOTH)
    assert (exchange.starts_on, exchange.status, exchange.people_count) == (today() - timedelta(days=1), ExchangeStatus.HELD, 8)
    assert (exchange.host_unit, exchange.created_by, exchange.title) == (nghe_an, an, "")
    assert [province.name_vi for province in exchange.provinces.all()] == ["Nghệ An"]
    assert [field.code for field in exchange.fields.all()] == ["EDUCATION"]
    follow_up = FollowUp.objects.get()
    assert (follow_up.text, follow_up.assignee, follow_up.exchange) == ("gửi danh sách", an, exchange)
    assert follow_up.due_on is not None
    assert follow_up.due_on.weekday() == 4


def test_what_was_not_read_is_the_title(an: User, partner: Partner, client: Client) -> None:
    send(client, an, "họp với Hội HN Lào-Việt về học bổng 2027")

    assert Exchange.objects.get().title == "Về học bổng 2027"


def test_a_field_of_several_meanings_stays_text_until_one_is_chosen(an: User, partner: Partner, client: Client) -> None:
    send(client, an, "họp với Hội HN Lào-Việt #an ninh")
    undecided = Exchange.objects.get()
    assert (undecided.title, undecided.fields.count()) == ("#an ninh", 0)

    chosen: dict[str, Any] = {"fields_touched": ["CYBERSECURITY"], "different": [str(undecided.public_id)]}
    send(client, an, "họp với Hội HN Lào-Việt #an ninh", **chosen)
    decided = Exchange.objects.exclude(pk=undecided.pk).get()
    assert (decided.title, [field.code for field in decided.fields.all()]) == ("", ["CYBERSECURITY"])


def test_without_a_day_it_was_the_day_it_was_typed(an: User, partner: Partner, client: Client) -> None:
    typed_on = today() - timedelta(days=2)

    send(client, an, "họp với Hội HN Lào-Việt", typed_on=typed_on.isoformat())

    assert Exchange.objects.get().starts_on == typed_on


def test_what_is_to_come_is_planned(an: User, partner: Partner, client: Client) -> None:
    send(client, an, "ngày mai họp với Hội HN Lào-Việt")

    assert Exchange.objects.get().status == ExchangeStatus.PLANNED


@pytest.mark.parametrize(
    "text", ["họp với ai đó", "12/9 Hội HN Lào-Việt", "31/2 họp với Hội HN Lào-Việt", "chỉ là vài chữ", "@@@ ### ->", "9" * 4000]
)
def test_what_is_not_complete_is_kept_as_a_draft_and_no_error(text: str, an: User, partner: Partner, client: Client) -> None:
    answer = send(client, an, text)

    assert (answer.status_code, answer["Entry-State"]) == (200, "kept")
    assert not Exchange.objects.exists()
    assert ExchangeDraft.objects.visible_to(an).waiting().get().text == text


def test_a_draft_completed_later_becomes_the_exchange_of_that_day(an: User, partner: Partner, client: Client) -> None:
    key = uuid4()
    send(client, an, "hôm qua họp về học bổng", key=key)

    answer = send(client, an, "hôm qua họp về học bổng", key=key, partners=[str(partner.public_id)])

    assert answer["Entry-State"] == "logged"
    assert ExchangeDraft.objects.get().exchange == Exchange.objects.get()
    assert not ExchangeDraft.objects.visible_to(an).waiting().exists()


def test_what_is_corrected_wins_over_what_was_read(an: User, partner: Partner, client: Client) -> None:
    other = make_partner("Hội Hữu nghị Nhật - Việt", country="JP")

    send(
        client, an, "hôm qua họp với Hội HN Lào-Việt 8 người", partners=[str(other.public_id)], kind=["CONGRATULATION"],
        starts_on=["20/05/2026"], people_count=[""],
    )  # fmt: skip

    exchange = Exchange.objects.get()
    assert [row.partner for row in exchange.participations.all()] == [other]
    assert (exchange.kind.code, exchange.direction, exchange.sides) == ("CONGRATULATION", Direction.OUT, Sides.OURS)
    assert (exchange.starts_on, exchange.people_count) == (date(2026, 5, 20), None)


def test_the_partner_of_the_page_is_there_without_being_typed(an: User, partner: Partner, client: Client) -> None:
    send(client, an, "họp", partner=str(partner.public_id))

    assert [row.partner for row in Exchange.objects.get().participations.all()] == [partner]


def test_a_line_sent_twice_is_one_exchange(an: User, partner: Partner, client: Client) -> None:
    key = uuid4()

    answers = [send(client, an, "họp với Hội HN Lào-Việt -> gọi lại", key=key) for _time in range(3)]

    assert [answer["Entry-State"] for answer in answers] == ["logged"] * 3
    assert (Exchange.objects.count(), FollowUp.objects.count(), ExchangeDraft.objects.count()) == (1, 1, 1)


def test_the_same_key_of_two_accounts_is_two_entries(an: User, chau: User, partner: Partner, client: Client) -> None:
    key = uuid4()
    send(client, an, "họp với Hội HN Lào-Việt", key=key)

    send(client, chau, "họp với Hội HN Lào-Việt", key=key, different=[str(Exchange.objects.get().public_id)])

    assert Exchange.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_get_a_line_at_once_log_it_once(an: User, partner: Partner) -> None:
    key, meeting = uuid4(), ExchangeKind.objects.get(code="WORKING_MEETING")

    def work(_number: int) -> tuple[int, bool]:
        try:
            exchange = Exchange(kind=meeting, starts_on=today())
            by = User.objects.get(pk=an.pk)
            logged, is_new = log_entry(exchange, by=by, key=key, text="họp", answers={}, partners=[partner])
            return logged.pk, is_new
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as workers:
        results = list(workers.map(work, range(4)))

    assert len({pk for pk, _is_new in results}) == 1
    assert sorted(is_new for _pk, is_new in results) == [False, False, False, True]
    assert Exchange.objects.count() == 1


def test_a_broken_key_is_refused(an: User, client: Client) -> None:
    assert send(client, an, "họp", key="'; DROP TABLE").status_code == 400


@pytest.mark.parametrize("address", [QUICK, f"{QUICK}read/"])
def test_a_reader_may_not_log(address: str, dung: User, client: Client) -> None:
    assert send(client, dung, "họp", address=address).status_code == 403


def test_reading_keeps_nothing(an: User, partner: Partner, client: Client) -> None:
    answer = send(client, an, "12/9 họp với Hội HN Lào-Việt", address=f"{QUICK}read/")

    assert partner.name in answer.content.decode()
    assert not ExchangeDraft.objects.exists()


def test_of_several_partners_the_drawer_offers_the_choice(an: User, client: Client, reference_data: None) -> None:
    rivals = [make_partner(f"Hội Hữu nghị Lào - Việt tỉnh {province}") for province in ("Hủa Phăn", "Xiêng Khoảng")]

    page = send(client, an, "họp với Hội HN Lào-Việt", address=f"{QUICK}read/").content.decode()

    assert all(f'data-answer="partners" data-values="{rival.public_id}"' in page for rival in rivals)


def test_which_of_several_is_asked_and_not_with_whom(an: User, client: Client, reference_data: None) -> None:
    for province in ("Hủa Phăn", "Xiêng Khoảng"):
        make_partner(f"Hội Hữu nghị Lào - Việt tỉnh {province}")

    an.language = "en"
    an.save()

    page = send(client, an, "họp với Hội HN Lào-Việt").content.decode()

    assert "With whom?" not in page
    assert 'id="log_partners_error">Which one is meant?' in page


@pytest.mark.parametrize(("line", "label"), [("gửi thư mừng", "We wrote"), ("nhận thư mừng", "They wrote"), ("đoàn đi", "We went to them")])
def test_the_direction_of_a_letter_is_who_wrote(line: str, label: str, an: User, partner: Partner, client: Client) -> None:
    send(client, an, f"{line} Hội HN Lào-Việt")

    with override("en"):
        assert Exchange.objects.get().direction_label == label


def test_the_chip_of_a_letter_offers_who_wrote(an: User, partner: Partner, client: Client) -> None:
    an.language = "en"
    an.save()

    page = send(client, an, "gửi thư mừng Hội HN Lào-Việt", address=f"{QUICK}read/").content.decode()

    assert all(label in page for label in ("We wrote", "They wrote", "Letters both ways"))
    assert "We went to them" not in page


def test_taking_back_archives_the_exchange_and_its_follow_up(an: User, partner: Partner, client: Client) -> None:
    send(client, an, "họp với Hội HN Lào-Việt -> gọi lại")
    exchange = Exchange.objects.get()

    answer = client.post(f"{QUICK}{exchange.public_id}/take-back/", **HTMX)

    assert answer.status_code == 200
    assert not Exchange.objects.live().exists()
    assert not FollowUp.objects.live().exists()
    assert Partner.objects.get(pk=partner.pk).last_contact_on is None


def test_nobody_takes_back_what_somebody_else_logged(an: User, binh: User, partner: Partner, client: Client) -> None:
    send(client, an, "họp với Hội HN Lào-Việt")
    client.force_login(binh)

    assert client.post(f"{QUICK}{Exchange.objects.get().public_id}/take-back/", **HTMX).status_code == 404


def test_what_a_rule_refuses_stays_a_draft(an: User, partner: Partner, client: Client) -> None:
    answer = send(client, an, "họp với Hội HN Lào-Việt", starts_on=["01/01/1900"])

    assert answer["Entry-State"] == "kept"
    assert ExchangeDraft.objects.waiting().count() == 1


def test_signing_out_keeps_an_unfinished_line_as_a_draft_only(an: User, partner: Partner, client: Client) -> None:
    answer = send(client, an, "họp với Hội HN Lào-Việt", only_keep="yes")

    assert answer["Entry-State"] == "kept"
    assert not Exchange.objects.exists()


def test_the_full_form_is_filled_in_from_a_line(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    page = client.get(
        "/activities/log/", {"line": "20/5/2026 họp với Hội HN Lào-Việt 8 người #giáo dục -> gọi lại trước 30/9"}
    ).content.decode()

    assert f'name="partners" value="{partner.public_id}"' in page
    assert 'value="20/05/2026"' in page
    assert 'value="gọi lại"' in page


def test_the_full_form_completes_a_draft_once(an: User, partner: Partner, client: Client) -> None:
    key = uuid4()
    send(client, an, "hôm qua họp về học bổng", key=key)
    page = client.get("/activities/log/", {"draft": str(key)}).content.decode()
    assert f'name="draft" value="{key}"' in page
    answers = {"draft": key, "partners": [str(partner.public_id)], "kind": "WORKING_MEETING", "starts_on": f"{today():%d/%m/%Y}"}
    more = {"level": "0", "status": "held", "confidentiality": "unit", "overrule_warnings": "on"}

    for _time in range(2):
        client.post("/activities/log/", {**answers, **more})

    assert Exchange.objects.count() == 1
    assert ExchangeDraft.objects.get().exchange == Exchange.objects.get()


def test_without_scripts_partners_are_named_by_hand(an: User, partner: Partner, client: Client) -> None:
    other = make_partner("Hội Hữu nghị Nhật - Việt", country="JP")
    client.force_login(an)
    answers = {"kind": "WORKING_MEETING", "starts_on": f"{today():%d/%m/%Y}", "level": "0", "status": "held", "confidentiality": "unit"}

    refused = client.post("/activities/log/", {**answers, "partner_names": "Hội HN Lào-Việt\nHội chẳng ai biết"})
    client.post("/activities/log/", {**answers, "partner_names": "Hội HN Lào-Việt\nHội HN Nhật-Việt"})

    assert refused.status_code == 422
    assert "Hội chẳng ai biết" in refused.content.decode()
    assert [row.partner for row in Exchange.objects.get().participations.all()] == [partner, other]


def test_drafts_are_their_authors_alone_and_can_be_thrown_away_and_taken_back(an: User, binh: User, client: Client) -> None:
    send(client, an, "một dòng chưa xong")
    draft = ExchangeDraft.objects.get()
    client.force_login(binh)
    assert "một dòng chưa xong" not in client.get("/activities/drafts/").content.decode()
    assert client.post(f"/activities/drafts/{draft.key}/discard/").status_code == 404

    client.force_login(an)
    assert "một dòng chưa xong" in client.get("/activities/drafts/").content.decode()
    assert "một dòng chưa xong" in client.get("/activities/drafts/", **HTMX).content.decode()
    client.post(f"/activities/drafts/{draft.key}/discard/", **HTMX)
    assert not ExchangeDraft.objects.waiting().exists()
    client.post(f"/activities/drafts/{draft.key}/discard/", {"restore": "yes"}, **HTMX)
    assert ExchangeDraft.objects.waiting().exists()


def test_reading_a_line_asks_a_fixed_number_of_queries(an: User, partner: Partner, client: Client) -> None:
    text = "12/9 tiếp đoàn Hội HN Lào-Việt 8 người @Nghệ An #giáo dục -> An: gửi danh sách trước 30/9"
    send(client, an, text, address=f"{QUICK}read/")

    with CaptureQueriesContext(connection) as captured:
        client.post(f"{QUICK}read/", {"key": str(uuid4()), "text": text}, **HTMX)

    check_count("quick read", [query["sql"] for query in captured.captured_queries])


def test_the_list_of_drafts_asks_a_fixed_number_of_queries(an: User, client: Client) -> None:
    for number in range(3):
        send(client, an, f"dòng thứ {number} chưa xong")

    get_counted(client, "/activities/drafts/", name="draft list")
