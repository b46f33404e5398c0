"""A POST to an address that somebody else chose: never into our own network, never for long, and no redirect is followed.

Every address that a name resolves to must be public; the connection then goes to an address that was looked at, while TLS
and ``Host`` keep the name. So a name that answers differently the second time (DNS rebinding) leads nowhere else.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from socket import SOCK_STREAM, gaierror

import httpx
from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_http_date_safe

CONNECT_SECONDS = 5
READ_SECONDS = 10
TOTAL_SECONDS = 10
BODY_SECONDS = 2
BODY_AT_MOST = 64 * 1024
ADDRESSES_TRIED = 3
HEADERS = {"User-Agent": "NhipCau-Webhooks/1", "Accept-Encoding": "identity"}
PORTS = {"http": 80, "https": 443}

# Parts of the global unicast space that lead to something else: tunnels into IPv4, documentation, protocols.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Trouble(StrEnum):
    """Why no status came back, or why one does not count. Stored with each try, so these never change."""

    URL_REFUSED = "url-refused"
    NAME_UNKNOWN = "name-unknown"
    ADDRESS_REFUSED = "address-refused"
    NO_CONNECTION = "no-connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken-answer"
    REDIRECT = "redirect"


@dataclass(frozen=True)
class Answer:
    """What came back. ``status`` is None where nothing did; ``retry_after``: seconds that the receiver asked to be left alone."""

    status: int | None = None
    trouble: Trouble | None = None
    detail: str = ""
    retry_after: float | None = None
    milliseconds: int = 0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class TargetRefused(Exception):  # noqa: N818  (reads as what happened)
    """The address is none that may be called. ``trouble`` and ``detail`` say why."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble, self.detail = trouble, detail


def checked_url(url: str) -> httpx.URL:
    """The address, if its form may be called: https, no account in it, no address of our own network. Nothing is looked up.

    Hosts that the administrator names in WEBHOOK_ALLOWED_HOSTS may be called by http and may be anywhere. Raises TargetRefused.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise TargetRefused(Trouble.URL_REFUSED, "malformed") from error
    if parsed.scheme not in PORTS or not parsed.raw_host or parsed.userinfo or parsed.fragment:
        raise TargetRefused(Trouble.URL_REFUSED, "malformed")
    if not _is_allowed(parsed):
        if settings.SANDBOX:
            raise TargetRefused(Trouble.ADDRESS_REFUSED, "sandbox")
        if parsed.scheme != "https":
            raise TargetRefused(Trouble.URL_REFUSED, "not-https")
        if _is_literal(_host(parsed)) and not is_public(_host(parsed)):
            raise TargetRefused(Trouble.ADDRESS_REFUSED, _host(parsed))
    return parsed


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, and leads nowhere else by a tunnel or a mapping."""
    if "%" in address:
        return False
    parsed: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed not in _GLOBAL_UNICAST:
        return False
    if any(parsed in network for network in _NOT_PUBLIC if network.version == parsed.version):
        return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Every address of a name, each once, as the system answers."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], resolve: Resolve = resolve_by_system, tls: ssl.SSLContext | None = None
) -> Answer:
    """Send the body and return what came back; whatever goes wrong is an answer too. The status comes within TOTAL_SECONDS or not at all.

    Only for threads in which no event loop runs.
    """
    begun = time.monotonic()
    try:
        answer = asyncio.run(_post(url, body, headers, resolve, tls or _trusted()))
    except TargetRefused as refusal:
        answer = Answer(trouble=refusal.trouble, detail=refusal.detail)
    except (TimeoutError, httpx.TimeoutException):
        answer = Answer(trouble=Trouble.TIMEOUT)
    except httpx.HTTPError as error:
        answer = Answer(trouble=_trouble_of(error))
    return replace(answer, milliseconds=round((time.monotonic() - begun) * 1000))


async def _post(url: str, body: bytes, headers: Mapping[str, str], resolve: Resolve, tls: ssl.SSLContext) -> Answer:
    limits = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    # trust_env=False: a proxy named in the environment would look the name up again, past all checks.
    async with httpx.AsyncClient(verify=tls, trust_env=False, follow_redirects=False, timeout=limits) as client:
        async with asyncio.timeout(TOTAL_SECONDS):
            target = checked_url(url)
            addresses = await _vetted(target, resolve)
            response = await _first_answer(client, target, addresses, body, headers)
        await _let_finish(response)
    if 300 <= response.status_code < 400:
        return Answer(response.status_code, Trouble.REDIRECT, response.headers.get("Location", "")[:200])
    return Answer(response.status_code, retry_after=_seconds_asked(response.headers.get("Retry-After", "")))


async def _vetted(target: httpx.URL, resolve: Resolve) -> Sequence[str]:
    host = _host(target)
    try:
        addresses = await resolve(host, target.port or PORTS[target.scheme])
    except (gaierror, UnicodeError) as error:
        raise TargetRefused(Trouble.NAME_UNKNOWN, host) from error
    if not _is_allowed(target) and not all(map(is_public, addresses)):
        # What our own name server says of names inside is not for whoever chose the name.
        raise TargetRefused(Trouble.ADDRESS_REFUSED, host)
    return addresses[:ADDRESSES_TRIED]


async def _first_answer(
    client: httpx.AsyncClient, target: httpx.URL, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]
) -> httpx.Response:
    """The answer of the first address that takes the connection, its body not yet read."""
    named = {**HEADERS, **headers, "Host": target.netloc.decode("ascii")}
    refused: httpx.HTTPError | None = None
    for address in addresses:
        pinned = target.copy_with(host=address)
        request = client.build_request("POST", pinned, content=body, headers=named, extensions={"sni_hostname": _host(target)})
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            refused = error
    raise refused or TargetRefused(Trouble.NAME_UNKNOWN, _host(target))


async def _let_finish(response: httpx.Response) -> None:
    """Take a bounded part of the body, unpacked by nobody. Whatever happens here, the status has arrived, and it alone counts."""
    taken = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in response.aiter_raw(BODY_AT_MOST):
                taken += len(chunk)
                if taken >= BODY_AT_MOST:
                    break
            await response.aclose()
    except (TimeoutError, httpx.HTTPError):
        return


def _seconds_asked(value: str) -> float | None:
    """What Retry-After says (RFC 9110 section 10.2.3), as seconds or as a date; None where it makes no sense."""
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    moment = parse_http_date_safe(value)
    return max(moment - timezone.now().timestamp(), 0) if moment is not None else None


def _is_allowed(target: httpx.URL) -> bool:
    port, names = target.port or PORTS[target.scheme], {target.host.lower(), _host(target).lower()}
    allowed = {name.lower() for name in settings.WEBHOOK_ALLOWED_HOSTS}
    return not allowed.isdisjoint(names | {f"{name}:{port}" for name in names})


def _host(target: httpx.URL) -> str:
    """The host as it stands on the wire: names in their ASCII form, IPv6 without brackets."""
    return target.raw_host.decode("ascii")


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _trouble_of(error: BaseException) -> Trouble:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Trouble.TLS
        cause = cause.__cause__ or cause.__context__
    return Trouble.NO_CONNECTION if isinstance(error, httpx.ConnectError) else Trouble.BROKEN


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the authorities takes longer than a whole delivery, so they are read once for each process."""
    return httpx.create_ssl_context()
