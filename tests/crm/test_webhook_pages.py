"""Whoever leads a unit connects a receiver, sees every message with its tries, and sends again; nobody else sees it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from crm.actions.webhook_results import settle
from crm.actions.webhooks import make_endpoint, replay_failed, resume_endpoint, send_test
from crm.choices import AuditVerb, DeliveryState, EndpointState, EndpointStop
from crm.models import AuditEvent, OfficeClient, Unit, User, WebhookDelivery, WebhookEndpoint
from crm.outbound import Answer, Trouble
from crm.secrets import decrypted
from tests.bed.receiver import Receiver
from tests.query_counts import get_counted
from tests.webhooks import make_client, make_messages, make_webhook

pytestmark = pytest.mark.django_db
ADDRESS = "https://nhan.example.org/hooks"


@pytest.fixture
def office(nghe_an: Unit, binh: User) -> OfficeClient:
    return make_client(nghe_an, by=binh)


@pytest.fixture
def endpoint(receiver: Receiver, office: OfficeClient, binh: User) -> WebhookEndpoint:
    return make_webhook(receiver, client=office, by=binh)[0]


@pytest.fixture
def lead(client: Client, binh: User) -> Client:
    client.force_login(binh)
    client.cookies["django_language"] = "en"
    return client


def address(name: str, endpoint: WebhookEndpoint) -> str:
    return reverse(f"crm:webhook-{name}", args=[endpoint.public_id])


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_lead_makes_a_webhook_and_sees_its_secret_once(lead: Client, office: OfficeClient) -> None:
    form = {"name": "Máy chủ Nghệ An", "url": ADDRESS, "client": office.pk, "nouns": ["partner", "exchange"]}
    answer = lead.post(reverse("crm:webhook-create"), form)
    endpoint = WebhookEndpoint.objects.get()
    secret = decrypted(endpoint.secret)
    assert secret.startswith("whsec_")
    assert secret in text(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert (endpoint.unit, endpoint.nouns, endpoint.state) == (office.unit, ["partner", "exchange"], EndpointState.ACTIVE)
    assert AuditEvent.objects.filter(verb=AuditVerb.WEBHOOK_MADE).exists()
    for shown in (endpoint.get_absolute_url(), reverse("crm:webhook-list"), address("edit", endpoint), address("rotate", endpoint)):
        page = lead.get(shown)
        assert page.status_code == 200
        assert secret not in text(page)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://nhan.example.org/", "url-refused"),
        ("https://10.0.0.8/hooks", "address-refused"),
        ("https://[::1]/", "address-refused"),
        ("https://an:mat-khau@nhan.example.org/", "url-refused"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_where_it_is_typed(
    lead: Client, office: OfficeClient, binh: User, url: str, code: str
) -> None:
    answer = lead.post(reverse("crm:webhook-create"), {"name": "A", "url": url, "client": office.pk})
    assert answer.status_code == 422
    assert not WebhookEndpoint.objects.exists()
    with pytest.raises(ValidationError) as refusal:
        make_endpoint(WebhookEndpoint(name="A", url=url, client=office), by=binh)
    assert refusal.value.error_dict["url"][0].code == code


def test_only_those_who_look_after_the_unit_see_its_webhooks(
    client: Client, endpoint: WebhookEndpoint, an: User, ha: User, son: User, quang_ninh: Unit
) -> None:
    from crm.choices import Role
    from tests.factories import make_user

    other_lead = make_user("quan", unit=quang_ninh, role=Role.UNIT_LEAD)
    for user, status in ((an, 403), (ha, 403), (other_lead, 404), (son, 200)):
        client.force_login(user)
        assert client.get(endpoint.get_absolute_url()).status_code == status
    client.force_login(other_lead)
    for name in ("resume", "test", "again"):
        path = f"{endpoint.get_absolute_url()}{name}/"
        assert client.post(path).status_code == 404
    with pytest.raises(PermissionDenied):
        send_test(endpoint, by=other_lead)
    foreign = WebhookEndpoint(name="A", url=ADDRESS, client=endpoint.client)
    with pytest.raises(PermissionDenied):
        make_endpoint(foreign, by=other_lead)


def test_pausing_and_going_on(lead: Client, endpoint: WebhookEndpoint) -> None:
    lead.post(address("pause", endpoint))
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.PAUSED
    assert lead.post(address("test", endpoint), follow=True).status_code == 200
    assert not WebhookDelivery.objects.exists()
    make_messages(endpoint, next_try_at=timezone.now() + timedelta(hours=9), attempts=6)
    lead.post(address("resume", endpoint))
    endpoint.refresh_from_db()
    delivery = WebhookDelivery.objects.get()
    assert (endpoint.state, delivery.attempts) == (EndpointState.ACTIVE, 0)
    assert delivery.next_try_at is not None
    assert delivery.next_try_at <= timezone.now()


def test_switching_off_says_why_and_may_be_taken_back(lead: Client, endpoint: WebhookEndpoint, binh: User) -> None:
    lead.post(address("disable", endpoint))
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.state_reason) == (EndpointState.DISABLED, EndpointStop.BY_HAND)
    with translation.override("en"):
        reason = str(EndpointStop.BY_HAND.label)
    assert reason in text(lead.get(endpoint.get_absolute_url()))
    resume_endpoint(endpoint, by=binh)
    assert (endpoint.state, endpoint.state_reason) == (EndpointState.ACTIVE, "")


def test_without_a_credential_in_use_it_does_not_go_on(lead: Client, endpoint: WebhookEndpoint, binh: User) -> None:
    lead.post(address("pause", endpoint))
    OfficeClient.objects.update(expires_on=timezone.localdate())
    with pytest.raises(ValidationError) as refusal:
        resume_endpoint(endpoint, by=binh)
    assert refusal.value.code == "credential-ended"


def test_a_new_secret_is_shown_once_and_the_old_one_is_good_for_a_day(lead: Client, endpoint: WebhookEndpoint) -> None:
    old = endpoint.secret
    answer = lead.post(address("rotate", endpoint), {})
    endpoint.refresh_from_db()
    assert decrypted(endpoint.secret) in text(answer)
    assert endpoint.old_secret == old
    assert endpoint.old_secret_until is not None
    assert timedelta(hours=23) < endpoint.old_secret_until - timezone.now() <= timedelta(hours=24)
    lead.post(address("rotate", endpoint), {"at_once": "on"})
    endpoint.refresh_from_db()
    again = WebhookEndpoint.objects.get(pk=endpoint.pk)
    assert (again.old_secret, again.old_secret_until) == ("", None)


def test_the_page_shows_messages_with_their_tries_by_state(lead: Client, endpoint: WebhookEndpoint) -> None:
    taken, failed, _waiting = make_messages(endpoint, 3)
    settle(taken, Answer(status=204, milliseconds=41))
    settle(failed, Answer(trouble=Trouble.ADDRESS_REFUSED, detail="10.0.0.8"))
    WebhookDelivery.objects.filter(pk=failed.pk).update(state=DeliveryState.GIVEN_UP, finished_at=timezone.now())
    page = text(lead.get(endpoint.get_absolute_url()))
    assert "10.0.0.8" in page
    assert "41 ms" in page
    only = text(lead.get(endpoint.get_absolute_url() + "?state=given_up"))
    assert str(failed.public_id) in only
    assert str(taken.public_id) not in only
    assert lead.get(endpoint.get_absolute_url() + "?state=x&cursor=y").status_code == 200


def test_messages_are_sent_again_under_their_identifiers(lead: Client, endpoint: WebhookEndpoint, binh: User) -> None:
    old, young, taken = make_messages(endpoint, 3)
    ended = {"attempts": 13, "finished_at": timezone.now(), "next_try_at": None}
    WebhookDelivery.objects.filter(pk__in=[old.pk, young.pk]).update(state=DeliveryState.GIVEN_UP, **ended)
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=20))
    WebhookDelivery.objects.filter(pk=taken.pk).update(state=DeliveryState.DELIVERED, **ended)
    assert replay_failed(endpoint, since=timezone.now() - timedelta(days=2), by=binh) == 1
    states = dict(WebhookDelivery.objects.values_list("pk", "state"))
    assert (states[old.pk], states[young.pk], states[taken.pk]) == ("given_up", "waiting", "delivered")
    lead.post(address("replay", endpoint), {"since": (timezone.localdate() - timedelta(days=30)).isoformat()})
    lead.post(reverse("crm:delivery-replay", args=[endpoint.public_id, taken.public_id]))
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {(DeliveryState.WAITING, 0)}
    assert AuditEvent.objects.filter(verb=AuditVerb.WEBHOOK_REPLAYED).count() == 3
    assert lead.post(address("replay", endpoint), {"since": "mai"}, follow=True).status_code == 200


def test_a_test_message_is_tried_once(endpoint: WebhookEndpoint, binh: User) -> None:
    delivery = send_test(endpoint, by=binh)
    settle(delivery, Answer(status=500))
    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert (delivery.kind, delivery.state, endpoint.failing_since) == ("webhook.test", DeliveryState.GIVEN_UP, None)


def test_changing_needs_a_credential_of_an_own_unit(lead: Client, endpoint: WebhookEndpoint, quang_ninh: Unit, son: User) -> None:
    foreign = make_client(quang_ninh, by=son, name="Quảng Ninh")
    form = {"name": "Tên mới", "url": ADDRESS, "client": foreign.pk, "seen_revision": endpoint.revision}
    assert lead.post(address("edit", endpoint), form).status_code == 422
    assert lead.post(address("edit", endpoint), {**form, "client": endpoint.client_id}).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.url) == ("Tên mới", ADDRESS)


def test_pages_of_webhooks_take_a_fixed_number_of_queries(lead: Client, endpoint: WebhookEndpoint) -> None:
    for delivery in make_messages(endpoint, 12):
        settle(delivery, Answer(status=500))
    get_counted(lead, reverse("crm:webhook-list"), name="webhook list")
    get_counted(lead, endpoint.get_absolute_url(), name="webhook page")
