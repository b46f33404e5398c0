"""Every URL names a permission, and nothing but what is meant to be public opens without signing in."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from crm.choices import Role
from crm.permissions import ROLE_PERMISSIONS, Permission

# What a stranger may open: signing in, the tokens of offices, the health of the service, a calendar whose secret he holds.
PUBLIC = {
    "activities:calendar-feed",
    "account_login",
    "account_logout",
    "health",
    "oauth2:token",
    "oauth2:revoke-token",
    "set_language",
    "theme",
}


def patterns(resolver: Any = None, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str, Any]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            below = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, prefix + str(entry.pattern), below)
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), f"{namespace}{entry.name}", entry.callback


def permission_of(callback: Any) -> Any:
    owner = getattr(callback, "view_class", None) or getattr(callback, "cls", None) or callback
    return getattr(callback, "permission", None) or getattr(owner, "permission", None)


def test_every_url_names_its_permission() -> None:
    unnamed = [route for route, _name, callback in patterns() if not isinstance(permission_of(callback), Permission)]
    assert unnamed == []


def test_only_the_listed_urls_are_public() -> None:
    public = {name for _route, name, callback in patterns() if permission_of(callback) is Permission.PUBLIC}
    assert public <= PUBLIC


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in_or_refused() -> None:
    client = Client()
    opened = []
    for route, name, callback in patterns():
        if permission_of(callback) is Permission.PUBLIC or "<" in route or "(?P" in route:
            continue
        answer = client.get("/" + route.lstrip("^").replace("$", "").replace("\\Z", ""))
        if answer.status_code == 200:
            opened.append(name)
    assert opened == []


@pytest.mark.parametrize("role", Role)
def test_every_role_may_read_and_only_working_roles_may_write(role: Role) -> None:
    granted = ROLE_PERMISSIONS[role]
    assert Permission.PARTNER_VIEW in granted
    writes = {Permission.PARTNER_EDIT, Permission.EXCHANGE_LOG, Permission.FOLLOW_UP_EDIT, Permission.PARTNER_IMPORT}
    assert (granted & writes == writes) is (role not in {Role.VIEWER, Role.ADMINISTRATOR})


def test_only_the_administrator_manages_accounts() -> None:
    assert {role for role in Role if Permission.ACCOUNT_MANAGE in ROLE_PERMISSIONS[role]} == {Role.ADMINISTRATOR}
