"""Each webhook is told of what changed since, as far as its credential may read: none lost, none doubled."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm.actions.records import archive_record, save_record
from crm.actions.webhook_messages import WAITING_AT_MOST, tell, tell_all
from crm.actions.webhooks import change_endpoint, pause_endpoint, resume_endpoint
from crm.choices import Confidentiality, DeliveryState, EndpointState, FeedNoun
from crm.feed.keeping import renew_feed
from crm.models import OfficeClient, Unit, User, WebhookDelivery, WebhookEndpoint
from partners.models import Partner
from tests.bed.receiver import Receiver
from tests.factories import make_exchange, make_partner
from tests.webhooks import make_client, make_messages, make_webhook

# The feed serves what is committed; see crm/feed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client_of_office(nghe_an: Unit, binh: User) -> OfficeClient:
    return make_client(nghe_an, by=binh)


@pytest.fixture
def endpoint(receiver: Receiver, client_of_office: OfficeClient, binh: User) -> WebhookEndpoint:
    return make_webhook(receiver, client=client_of_office, by=binh)[0]


def kinds(endpoint: WebhookEndpoint) -> list[str]:
    return list(endpoint.deliveries.order_by("pk").values_list("kind", flat=True))


def renamed(partner: Partner, name: str, *, by: User) -> Partner:
    partner.refresh_from_db()
    partner.name = name
    save_record(partner, by=by)
    return partner


def test_a_change_is_told_by_type_identifier_and_revision_and_nothing_else(endpoint: WebhookEndpoint, binh: User) -> None:
    partner = renamed(make_partner("Hội Nhịp cầu Viêng Chăn"), "Hội Nhịp cầu Lào", by=binh)
    assert tell_all() == 1
    payload = endpoint.deliveries.get().payload
    assert payload["type"] == "partner.changed"
    assert payload["data"] == {"noun": "partner", "id": str(partner.public_id), "revision": partner.revision}
    assert set(payload) == {"type", "timestamp", "data"}
    assert tell_all() == 0


def test_what_stood_before_the_webhook_is_not_told(receiver: Receiver, client_of_office: OfficeClient, binh: User) -> None:
    make_partner("Có từ trước")
    endpoint, _secret = make_webhook(receiver, client=client_of_office, by=binh)
    assert tell_all() == 0
    make_partner("Có từ sau")
    assert tell_all() == 1
    assert kinds(endpoint) == ["partner.changed"]


def test_what_is_archived_is_told_as_removed_with_the_reason(endpoint: WebhookEndpoint, binh: User) -> None:
    partner = make_partner()
    tell_all()
    archive_record(partner, by=binh)
    tell_all()
    data = endpoint.deliveries.latest("pk").payload["data"]
    assert kinds(endpoint)[-1] == "partner.removed"
    assert (data["id"], data["reason"], data["merged_into"]) == (str(partner.public_id), "archived", None)


def test_each_is_told_as_far_as_its_credential_may_read(
    receiver: Receiver, endpoint: WebhookEndpoint, quang_ninh: Unit, son: User, an: User, chau: User
) -> None:
    other, _secret = make_webhook(receiver, client=make_client(quang_ninh, by=son, name="Quảng Ninh"), by=son, name="Khác")
    partner = make_partner()
    ours = make_exchange(partner, by=an, on=timezone.localdate(), confidentiality=Confidentiality.UNIT)
    theirs = make_exchange(partner, by=chau, on=timezone.localdate(), confidentiality=Confidentiality.UNIT)
    secret = make_exchange(partner, by=an, on=timezone.localdate(), confidentiality=Confidentiality.RESTRICTED)
    tell_all()
    told = {row: [d.payload["data"]["id"] for d in row.deliveries.filter(kind="exchange.changed")] for row in (endpoint, other)}
    assert told == {endpoint: [str(ours.public_id)], other: [str(theirs.public_id)]}
    assert str(secret.public_id) not in str(list(WebhookDelivery.objects.values_list("payload", flat=True)))


def test_only_the_chosen_kinds_of_records_are_told(receiver: Receiver, client_of_office: OfficeClient, binh: User, an: User) -> None:
    endpoint, _secret = make_webhook(receiver, client=client_of_office, by=binh, nouns=[FeedNoun.EXCHANGE.value])
    make_exchange(make_partner(), by=an, on=timezone.localdate())
    tell_all()
    assert set(kinds(endpoint)) == {"exchange.changed"}


def test_of_two_workers_that_read_at_once_one_writes(endpoint: WebhookEndpoint) -> None:
    make_partner()
    first, second = (WebhookEndpoint.objects.select_related("client__acts_as").get(pk=endpoint.pk) for _each in range(2))
    assert (tell(first), tell(second)) == (1, 0)
    assert endpoint.deliveries.count() == 1


def test_a_worker_killed_between_messages_and_place_leaves_neither(endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    make_partner()

    def killed(*args: object, **kwargs: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(type(WebhookDelivery.objects), "bulk_create", killed)
        with pytest.raises(SystemExit):
            tell_all()
    assert endpoint.deliveries.count() == 0
    assert tell_all() == 1


def test_while_it_is_paused_changes_wait_in_the_feed_and_are_told_then(endpoint: WebhookEndpoint, binh: User) -> None:
    pause_endpoint(endpoint, by=binh)
    partner = make_partner()
    for name in ("Một", "Hai", "Ba"):
        renamed(partner, name, by=binh)
    assert tell_all() == 0
    resume_endpoint(endpoint, by=binh)
    assert tell_all() == 1
    assert endpoint.deliveries.get().payload["data"]["revision"] == Partner.objects.get(pk=partner.pk).revision


def test_a_receiver_that_is_behind_gets_no_more_until_it_has_caught_up(endpoint: WebhookEndpoint) -> None:
    make_messages(endpoint, WAITING_AT_MOST)
    make_partner()
    assert tell_all() == 0
    endpoint.deliveries.update(state=DeliveryState.DELIVERED, finished_at=timezone.now())
    assert tell_all() == 1


def test_after_a_restored_backup_the_receiver_is_asked_to_read_everything_anew(endpoint: WebhookEndpoint) -> None:
    renew_feed()
    tell_all()
    assert kinds(endpoint) == ["sync.required"]
    make_partner()
    tell_all()
    assert kinds(endpoint) == ["sync.required", "partner.changed"]


def test_another_credential_asks_to_read_anew_and_saving_does_not_set_the_place_back(
    endpoint: WebhookEndpoint, quang_ninh: Unit, son: User
) -> None:
    stale = WebhookEndpoint.objects.get(pk=endpoint.pk)
    make_partner()
    assert tell_all() == 1
    stale.name = "Tên khác"
    change_endpoint(stale, by=son)
    assert tell_all() == 0
    stale.client = make_client(quang_ninh, by=son, name="Quảng Ninh")
    change_endpoint(stale, by=son)
    make_partner("Thêm một")
    tell_all()
    assert kinds(endpoint)[1:] == ["sync.required"]


def test_a_webhook_that_is_off_is_not_told(endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(state=EndpointState.DISABLED)
    make_partner()
    assert tell_all() == 0


def test_nothing_new_costs_the_same_few_queries_however_many_webhooks(
    receiver: Receiver,
    endpoint: WebhookEndpoint,
    client_of_office: OfficeClient,
    binh: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        make_webhook(receiver, client=client_of_office, by=binh, name=f"Số {number}")
    with django_assert_num_queries(3):
        assert tell_all() == 0


def test_entries_of_long_ago_that_are_gone_ask_to_read_anew(endpoint: WebhookEndpoint) -> None:
    from crm.feed.keeping import prune_feed
    from crm.models import FeedEntry

    make_partner("Cũ")
    FeedEntry.objects.update(at=timezone.now() - timedelta(days=100))
    prune_feed()
    make_partner("Mới")
    tell_all()
    assert kinds(endpoint)[0] == "sync.required"
