"""The health of connections: what an office sent, how late, what was refused and why; who is told when one goes silent or ends."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from oauth2_provider.models import AccessToken

from activities.models import ExternalExchangeId
from crm.actions.connection_warnings import drop_expired_tokens, silent_offices, warn_of_expiry, warn_of_silence
from crm.actions.keepers import keepers_of
from crm.actions.offices import renew_secret
from crm.choices import PushKind, Role
from crm.connections import health_of, offices_seen_by
from crm.models import Notification, OfficeClient, OfficePush, Unit, User
from crm.notifications import digest_readers
from partners.models import ExternalId
from tests.api.caller import Caller, ask_token, make_credential
from tests.factories import make_exchange, make_partner, make_steward, make_unit, make_user
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def pushed(client: OfficeClient, *, days_ago: float = 0, **values: Any) -> OfficePush:
    defaults: dict[str, Any] = {"kind": PushKind.BATCH, "noun": "partner", "status": 200, "rows": 10, "unchanged": 10}
    push = OfficePush.objects.create(client=client, unit=client.unit, **{**defaults, **values})
    OfficePush.objects.filter(pk=push.pk).update(at=timezone.now() - timedelta(days=days_ago))
    return push


def page(user: User, address: str) -> Any:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client.get(address)


@pytest.fixture
def credential(an: User) -> OfficeClient:
    return make_credential(an, expires_on=timezone.localdate() + timedelta(days=200))


# --- What is told --------------------------------------------------------------------------------------


def test_rows_of_today_and_of_thirty_days_are_counted_by_outcome(credential: OfficeClient, nghe_an: Unit) -> None:
    pushed(credential, rows=5, created=2, refused=3, unchanged=0, refusals={"required": 2, "period-issued": 1})
    pushed(credential, days_ago=10, rows=4, refused=4, unchanged=0, refusals={"period-issued": 4})
    pushed(credential, days_ago=11, rows=1, refused=1, unchanged=0, refusals={"period-issued": 1})
    pushed(credential, days_ago=31, rows=100, refused=100, unchanged=0, refusals={"old": 100})
    [health] = health_of([nghe_an])
    assert (health.today["rows"], health.today["created"], health.today["refused"]) == (5, 2, 3)
    assert (health.month["rows"], health.month["refused"]) == (10, 8)
    assert health.refusals == [("period-issued", 6), ("required", 2)]
    assert health.last_push
    assert health.last_push > NOW - timedelta(hours=1)


def test_the_lag_is_that_of_the_latest_request_that_told_one(credential: OfficeClient, nghe_an: Unit) -> None:
    pushed(credential, days_ago=2, lag_seconds=9000)
    pushed(credential, days_ago=1, lag_seconds=120)
    pushed(credential, lag_seconds=None)
    assert health_of([nghe_an])[0].lag_seconds == 120


def test_shares_with_a_key_count_led_partners_and_hosted_exchanges(an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    led, other, foreign = (make_partner(name) for name in ("Một", "Hai", "Ba"))
    make_steward(led, nghe_an)
    make_steward(other, nghe_an)
    make_steward(foreign, quang_ninh)
    ExternalId.objects.create(unit=nghe_an, value="1", partner=led)
    ExternalId.objects.create(unit=nghe_an, value="1-cũ", partner=led)
    ExternalId.objects.create(unit=quang_ninh, value="2", partner=other)
    ExternalId.objects.create(unit=nghe_an, value="3", partner=other, withdrawn_at=NOW)
    exchange = make_exchange(led, by=an, on=date(2026, 3, 16))
    make_exchange(led, by=an, on=date(2026, 3, 17))
    ExternalExchangeId.objects.create(unit=nghe_an, value="hd-1", exchange=exchange)
    ours, theirs = health_of([nghe_an, quang_ninh])
    assert [(linked.noun.value, linked.linked, linked.total) for linked in ours.linked] == [("partner", 1, 2), ("exchange", 1, 2)]
    assert [(linked.linked, linked.total) for linked in theirs.linked] == [(0, 1), (0, 0)]


def test_each_sees_the_own_offices_and_the_centre_all(
    an: User, binh: User, dung: User, khoa: User, son: User, credential: OfficeClient, chau: User, quang_ninh: Unit
) -> None:
    make_credential(chau)
    for user, codes in ((an, {"PU-40"}), (binh, {"PU-40"}), (khoa, {"PU-40", "PU-22"}), (son, {"PU-40", "PU-22"}), (dung, set())):
        assert set(offices_seen_by(user).values_list("code", flat=True)) == codes
    assert page(dung, reverse("crm:connection-health")).status_code == 403
    assert page(an, reverse("crm:connection-office", args=["PU-22"])).status_code == 404
    assert page(khoa, reverse("crm:connection-office", args=["PU-22"])).status_code == 200


def test_an_office_reads_what_was_refused_and_what_to_do(an: User, credential: OfficeClient) -> None:
    pushed(
        credential, rows=3, refused=3, unchanged=0, refusals={"period-issued": 2, "if-match-required": 1, "brand-new": 1}, lag_seconds=95
    )
    text = page(an, reverse("crm:connection-health")).text
    for words in (
        "period-issued",
        "ask the secretariat for a correction",
        "send its ETag",
        "it names the place and the rule",
        "95 seconds",
    ):
        assert words in text
    assert credential.client_secret not in text


def test_an_office_that_sent_nothing_yet_reads_what_to_do_next(an: User, binh: User, credential: OfficeClient) -> None:
    office = reverse("crm:connection-office", args=["PU-40"])
    assert f'class="button" href="{reverse("crm:workbook-list")}"' in page(an, office).content.decode()
    assert f'class="button" href="{reverse("crm:credential-create")}"' in page(binh, office).content.decode()
    pushed(credential)
    assert reverse("crm:credential-create") not in page(binh, office).content.decode()


def test_the_kind_of_record_is_told_in_the_readers_language(credential: OfficeClient) -> None:
    with translation.override("vi"):
        assert pushed(credential, noun="exchange").noun_label == "Hoạt động"
        assert pushed(credential, noun="batches").noun_label == "batches"


def test_the_centre_reads_all_offices_in_one_table_with_as_many_statements_for_many(khoa: User, credential: OfficeClient) -> None:
    reader = Client()
    reader.force_login(khoa)
    for number in range(2):
        pushed(make_credential(make_user(f"p{number}", unit=make_unit(f"T-{number}"))))
    get_counted(reader, reverse("crm:connection-health"), name="connections: health")
    for number in range(2, 8):
        client = make_credential(make_user(f"p{number}", unit=make_unit(f"T-{number}")))
        pushed(client, refused=1, refusals={"required": 1})
    answer = get_counted(reader, reverse("crm:connection-health"), name="connections: health")
    assert all(f"T-{number}" in answer.content.decode() for number in range(8))


def test_a_program_asks_how_its_own_office_fares(an: User, chau: User, credential: OfficeClient) -> None:
    pushed(credential, rows=2, refused=2, unchanged=0, refusals={"required": 2}, lag_seconds=7)
    pushed(make_credential(chau), rows=50)
    caller = Caller(token=ask_token(credential, scope="read").json()["access_token"])
    answer = caller.get("/health/").json()
    assert (answer["unit"], answer["today"]["rows"], answer["lag_seconds"], answer["sandbox"]) == ("PU-40", 2, 7, False)
    assert answer["refusals"][0]["code"] == "required"
    assert answer["credential"]["scopes"] == ["read", "write"]
    assert caller.get("/health/", unit="PU-22").json()["code"] == "invalid-parameter"
    assert Caller(token="khong").get("/health/").status_code == 401


# --- Who is told ---------------------------------------------------------------------------------------


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("id").values_list("text", flat=True))


def test_a_lead_is_told_30_7_and_1_days_before_and_after_each_once(binh: User, an: User, son: User, credential: OfficeClient) -> None:
    User.objects.filter(pk=binh.pk).update(language="en")
    ends = credential.expires_on
    days = [ends - timedelta(days=left) for left in (31, 30, 29, 8, 7, 2, 1, 0, -1, -5)]
    counts = [warn_of_expiry(day) + warn_of_expiry(day) for day in days]
    assert counts == [0, 1, 0, 0, 1, 0, 1, 1, 0, 0]
    lines = told(binh)
    assert len(lines) == 4
    assert "in 30 days" in lines[0]
    assert "tomorrow" in lines[2]
    assert "has expired" in lines[3]
    assert told(an) == told(son) == []


def test_a_night_that_was_missed_is_made_up_for_and_a_new_day_warns_anew(binh: User, son: User, credential: OfficeClient) -> None:
    today = timezone.localdate()
    OfficeClient.objects.update(expires_on=today + timedelta(days=5))
    assert warn_of_expiry(today) == 1
    renew_secret(credential, by=son, expires_on=today + timedelta(days=20))
    assert warn_of_expiry(today) == 1
    assert len(told(binh)) == 2


def test_nobody_is_told_of_revoked_ones_nor_of_what_ended_long_ago(binh: User, credential: OfficeClient) -> None:
    today = timezone.localdate()
    OfficeClient.objects.update(expires_on=today - timedelta(days=15))
    assert warn_of_expiry(today) == 0
    OfficeClient.objects.update(expires_on=today + timedelta(days=1), revoked_at=timezone.now())
    assert warn_of_expiry(today) == 0


def test_the_warning_goes_into_the_mail_that_the_lead_asked_for(binh: User, credential: OfficeClient) -> None:
    User.objects.filter(pk=binh.pk).update(email="binh@example.org", digest="daily")
    warn_of_expiry(credential.expires_on - timedelta(days=1))
    assert digest_readers(date(2026, 11, 23)) == [binh]


def test_the_keepers_are_the_nearest_leads_else_the_administrators(binh: User, son: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    chapter = make_unit("PU-40-C1", kind="chapter", parent=nghe_an)
    assert keepers_of(chapter) == keepers_of(nghe_an) == [binh]
    assert keepers_of(quang_ninh) == [son]
    lead = make_user("loan", unit=quang_ninh, role=Role.UNIT_LEAD)
    assert keepers_of(quang_ninh) == [lead]


def test_an_office_that_sent_every_few_days_and_stopped_is_told_of_once(binh: User, credential: OfficeClient) -> None:
    User.objects.filter(pk=binh.pk).update(language="en")
    for days_ago in (8, 10, 13, 15, 20, 21):
        pushed(credential, days_ago=days_ago)
    [silence] = silent_offices(timezone.localdate())
    assert (silence.unit.code, silence.usual) == ("PU-40", 5)
    warn_of_silence(timezone.localdate())
    warn_of_silence(timezone.localdate() + timedelta(days=1))
    assert len(told(binh)) == 1
    assert "never more than 5 days" in told(binh)[0]
    pushed(credential)
    assert list(silent_offices(timezone.localdate())) == []


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ((4, 9, 14, 19, 24), "as long as always"),
        ((3, 4, 5, 6, 7, 8), "a long weekend"),
        ((10, 11, 12), "too few days to know its habit"),
        ((1, 2, 3, 4, 5), "only just"),
    ],
)
def test_an_office_is_not_called_silent(sent: tuple[int, ...], why: str, credential: OfficeClient) -> None:
    for days_ago in sent:
        pushed(credential, days_ago=days_ago)
    assert list(silent_offices(timezone.localdate())) == [], why


def test_an_office_without_a_credential_in_use_is_not_called_silent(credential: OfficeClient) -> None:
    for days_ago in range(10, 20):
        pushed(credential, days_ago=days_ago)
    assert len(list(silent_offices(timezone.localdate()))) == 1
    OfficeClient.objects.update(revoked_at=timezone.now())
    assert list(silent_offices(timezone.localdate())) == []


def test_tokens_whose_time_is_over_are_let_go(credential: OfficeClient) -> None:
    for hours, checksum in ((-48, "a"), (1, "b")):
        AccessToken.objects.create(application=credential, expires=timezone.now() + timedelta(hours=hours), scope="read", token=checksum)
    assert drop_expired_tokens() == 1
    assert AccessToken.objects.get().token_checksum


def test_words_of_a_warning_are_in_the_language_of_whoever_reads_them(binh: User, credential: OfficeClient) -> None:
    with translation.override("en"):
        warn_of_expiry(credential.expires_on)
    assert credential.expires_on.strftime("%d/%m/%Y") in told(binh)[0]
