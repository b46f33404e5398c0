"""Each write of a credential leaves one row for the health of its connection, refused ones with their codes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from crm.models import OfficePush, User
from crm.tasks import thin_connections
from partners.models import Partner
from tests.api.caller import Caller, caller_for

NEW = {"name": "Hội mới", "kind": "FOREIGN_NGO", "country": "LA"}


def told(push: OfficePush) -> dict[str, Any]:
    """The counts that are not nothing."""
    names = ("rows", "created", "changed", "unchanged", "proposed", "refused", "refusals")
    return {name: getattr(push, name) for name in names if getattr(push, name)}


def test_what_was_made_and_changed_is_told(api_of_an: Caller, an: User) -> None:
    address = api_of_an.post("/partners/", NEW)["Location"]
    api_of_an.patch(address, {"city": "Vinh"})
    created, changed = OfficePush.objects.order_by("id")
    assert told(created) == {"rows": 1, "created": 1}
    assert told(changed) == {"rows": 1, "changed": 1}
    assert (created.kind, created.noun, created.status, created.address) == ("single", "partner", 201, "127.0.0.1")
    assert (created.unit.code, created.client.acts_as) == ("PU-40", an)


@pytest.mark.parametrize(
    ("body", "headers", "status", "codes"),
    [
        ({"kind": "NONE", "nam": "x"}, {}, 422, {"unknown-field": 1}),
        ({"kind": "NONE"}, {}, 422, {"required": 1, "unknown": 1}),
        ("{", {}, 400, {"malformed-body": 1}),
        (NEW | {"lead_unit": "PU-22"}, {}, 403, {"permission-denied": 1}),
        (NEW, {"Idempotency-Key": "a b"}, 400, {"invalid": 1}),
    ],
)
def test_what_was_refused_is_told_with_its_codes(
    api_of_an: Caller, body: Any, headers: dict[str, str], status: int, codes: dict[str, int]
) -> None:
    assert api_of_an.post("/partners/", body, headers=headers).status_code == status
    push = OfficePush.objects.get()
    assert (push.status, told(push)) == (status, {"rows": 1, "refused": 1, "refusals": codes})


def test_missing_and_stale_revisions_are_told(api_of_an: Caller) -> None:
    address = api_of_an.post("/partners/", NEW)["Location"]
    api_of_an.patch(address, {}, if_match=None)
    api_of_an.patch(address, {}, if_match='"rev-9"')
    assert [push.refusals for push in OfficePush.objects.filter(refused=1).order_by("id")] == [
        {"if-match-required": 1},
        {"changed-meanwhile": 1},
    ]


def test_a_token_that_may_only_read_is_told_when_it_writes(an: User) -> None:
    caller_for(an, scope="read").post("/partners/", NEW)
    assert OfficePush.objects.get().refusals == {"insufficient-scope": 1}


def test_a_repeated_request_is_told_as_nothing_new(api_of_an: Caller) -> None:
    for _ in range(2):
        api_of_an.post("/partners/", NEW, headers={"Idempotency-Key": "k"})
    assert [told(push) for push in OfficePush.objects.order_by("id")] == [{"rows": 1, "created": 1}, {"rows": 1, "unchanged": 1}]


def test_reading_and_colleagues_leave_none(api_of_an: Caller, an: User) -> None:
    api_of_an.get("/partners/")
    client = Client()
    client.force_login(an, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/api/v1/partners/", NEW, content_type="application/json").status_code == 201
    assert not OfficePush.objects.exists()


def test_a_flood_that_is_turned_away_is_not_written_down(api_of_an: Caller, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 0
    assert api_of_an.post("/partners/", NEW).status_code == 429
    assert not OfficePush.objects.exists()


def test_what_is_not_told_does_not_fail_what_was_done(
    api_of_an: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr("crm.api.pushes.store_push", fail)
    assert api_of_an.post("/partners/", NEW).status_code == 201
    assert Partner.objects.exists()
    assert "the disk is full" in caplog.text


def test_rows_of_a_quarter_ago_go(api_of_an: Caller) -> None:
    for _ in range(2):
        api_of_an.post("/partners/", NEW)
    OfficePush.objects.filter(pk=OfficePush.objects.latest("id").pk).update(at=timezone.now() - timedelta(days=91))
    thin_connections()
    assert OfficePush.objects.count() == 1
