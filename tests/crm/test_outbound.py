"""Addresses that offices choose are called only where they are public, and answers that never end are cut short."""

import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from socket import gaierror

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from django.utils.http import http_date
from pytest_django.fixtures import Settings

from crm import outbound
from crm.outbound import Answer, TargetRefused, Trouble, checked_url, is_public, post
from tests.bed.receiver import Receiver, babbles, drips, hangs_up, pours, receiving, says, waits

INWARDS = """
127.0.0.1 127.8.8.8 0.0.0.0 10.0.0.1 172.16.5.4 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 239.1.2.3 240.0.0.1 255.255.255.255
192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.7 203.0.113.7 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1
64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
""".split()  # noqa: SIM905  (a list to read)
PUBLIC = ["8.8.8.8", "113.160.1.1", "2606:4700:4700::1111", "2405:4800::1"]


def names(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that answers so, whatever is asked."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def sent(receiver: Receiver) -> Answer:
    return post(receiver.url, body=b"{}", headers={"Content-Type": "application/json"})


@pytest.fixture(autouse=True)
def _nothing_allowed(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = []


@pytest.fixture
def allowed(receiver: Receiver, settings: Settings) -> Receiver:
    settings.WEBHOOK_ALLOWED_HOSTS = [receiver.host]
    return receiver


@pytest.mark.parametrize("address", INWARDS)
def test_addresses_that_lead_inwards_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("http://example.vn/", Trouble.URL_REFUSED),
        ("ftp://example.vn/", Trouble.URL_REFUSED),
        ("https://an:mat-khau@example.vn/", Trouble.URL_REFUSED),
        ("https:///duong-dan", Trouble.URL_REFUSED),
        ("https://exa mple.vn:port/", Trouble.URL_REFUSED),
        ("https://127.0.0.1/", Trouble.ADDRESS_REFUSED),
        ("https://[::1]:8443/", Trouble.ADDRESS_REFUSED),
        ("https://[::ffff:10.0.0.1]/", Trouble.ADDRESS_REFUSED),
        ("https://169.254.169.254/latest/meta-data/", Trouble.ADDRESS_REFUSED),
    ],
)
def test_addresses_whose_form_gives_them_away_are_refused_without_looking_anything_up(url: str, trouble: Trouble) -> None:
    with pytest.raises(TargetRefused) as refusal:
        checked_url(url)
    assert refusal.value.trouble is trouble


@pytest.mark.parametrize("host", ["noi-bo.example", "2130706433", "0x7f.1", "127.1"])
@pytest.mark.parametrize("addresses", [("10.0.0.5",), ("8.8.8.8", "192.168.0.1"), ("::ffff:127.0.0.1",), ("169.254.169.254",)])
def test_a_name_of_which_one_address_leads_inwards_is_not_called(host: str, addresses: tuple[str, ...]) -> None:
    answer = post(f"https://{host}/", body=b"{}", headers={}, resolve=names(*addresses))
    assert (answer.status, answer.trouble, answer.detail) == (None, Trouble.ADDRESS_REFUSED, host)


def test_a_name_that_nobody_knows_is_said_so() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise gaierror

    assert post("https://khong-co.example/", body=b"", headers={}, resolve=resolve).trouble is Trouble.NAME_UNKNOWN
    assert post("https://khong-co.example/", body=b"", headers={}, resolve=names()).trouble is Trouble.NAME_UNKNOWN


def test_a_name_is_looked_up_once_and_the_connection_goes_to_that_address(receiver: Receiver, settings: Settings) -> None:
    asked = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    settings.WEBHOOK_ALLOWED_HOSTS = ["nhận.example"]
    answer = post(f"http://nhận.example:{receiver.port}/a", body=b"{}", headers={}, resolve=resolve)
    host = receiver.messages[0].headers["host"]
    assert answer.is_success
    assert asked == [(host.partition(":")[0], receiver.port)]
    assert host.startswith("xn--")


def test_a_redirect_is_a_failure_and_is_not_followed(allowed: Receiver) -> None:
    with receiving() as inner:
        for location in (inner.url, "http://169.254.169.254/latest/meta-data/", "/khac"):
            allowed.answer = says(302, Location=location)
            answer = sent(allowed)
            assert (answer.status, answer.trouble, answer.detail) == (302, Trouble.REDIRECT, location)
            assert not answer.is_success
        assert inner.messages == []
    assert len(allowed.messages) == 3


def test_broken_answers_are_failures(allowed: Receiver) -> None:
    expected = {hangs_up: Trouble.BROKEN, babbles: Trouble.BROKEN}
    for behaviour, trouble in expected.items():
        allowed.answer = behaviour
        assert sent(allowed).trouble is trouble
    allowed.answer = says(500)
    answer = sent(allowed)
    assert (answer.status, answer.is_success) == (500, False)


def test_nobody_listening_is_a_failure(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    assert post("http://127.0.0.1:9/", body=b"", headers={}).trouble is Trouble.NO_CONNECTION


@pytest.mark.parametrize("behaviour", [drips(30), waits(30)])
def test_a_receiver_that_takes_its_time_is_left(allowed: Receiver, behaviour: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.5)
    allowed.answer = behaviour
    begun = time.monotonic()
    assert sent(allowed).trouble is Trouble.TIMEOUT
    assert time.monotonic() - begun < 3


def test_an_answer_that_never_ends_counts_by_its_status(allowed: Receiver) -> None:
    allowed.answer = pours
    begun = time.monotonic()
    assert sent(allowed).status == 200
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(("value", "seconds"), [("120", 120), ("soon", None), ("-5", None), ("9" * 40, None)])
def test_what_the_receiver_asks_for_is_read(allowed: Receiver, value: str, seconds: float | None) -> None:
    allowed.answer = says(503, Retry_After=value)
    assert sent(allowed).retry_after == seconds


def test_a_date_in_retry_after_is_read(allowed: Receiver) -> None:
    allowed.answer = says(429, Retry_After=http_date((timezone.now() + timedelta(minutes=5)).timestamp()))
    asked = sent(allowed).retry_after
    assert asked is not None
    assert 290 < asked <= 300


# --- TLS: the connection goes to the pinned address, the certificate is asked for by name ---------------


@pytest.fixture
def with_tls(tmp_path: Path) -> Iterator[tuple[Receiver, ssl.SSLContext]]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nhan.example")])
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("nhan.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path / "certificate.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder)
    with receiving(server) as receiver:
        yield receiver, ssl.create_default_context(cafile=str(folder))


def test_the_certificate_must_be_that_of_the_name(with_tls: tuple[Receiver, ssl.SSLContext], settings: Settings) -> None:
    receiver, trusting = with_tls
    settings.WEBHOOK_ALLOWED_HOSTS = ["nhan.example", "khac.example"]
    good = post(f"https://nhan.example:{receiver.port}/", body=b"{}", headers={}, resolve=names("127.0.0.1"), tls=trusting)
    other = post(f"https://khac.example:{receiver.port}/", body=b"{}", headers={}, resolve=names("127.0.0.1"), tls=trusting)
    unknown = post(f"https://nhan.example:{receiver.port}/", body=b"{}", headers={}, resolve=names("127.0.0.1"))
    assert (good.status, other.trouble, unknown.trouble) == (204, Trouble.TLS, Trouble.TLS)
    assert [message.headers["host"] for message in receiver.messages] == [f"nhan.example:{receiver.port}"]
