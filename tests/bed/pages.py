"""Every page of the product, found by walking the addresses, with records of the demonstration to open them on.

An address that needs a record and finds none in ``samples`` fails the tests that hold for every page, and so does one
that does not open. A new page cannot stay outside by being forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count, Model
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from activities.models import Event, Exchange, FollowUp
from crm.actions.notifications import notify
from crm.choices import NotificationTopic
from crm.models import ImportJob, Notification, SavedView, Unit, User
from partners.models import Partner, Person, Post, Registration

# What is no page of the product, with the reason. A name ending in a colon stands for everything below it.
LEFT_OUT = {
    "admin:": "Django's own administration, in its own design; tests/test_admin.py opens it",
    "api:": "answers to programs; api:docs, about them, is drawn by Swagger UI",
    "oauth2:": "answers to programs",
    "account_login": "for those who are not signed in; tests ask for it by itself",
}
OPENED_BY = "thu-ky"  # The secretariat: of all who write, the account that may open the most.


@dataclass(frozen=True)
class Address:
    """A named address of the product."""

    name: str
    arguments: tuple[str, ...]

    @property
    def section(self) -> str:
        return self.name.rpartition(":")[0] or "config"

    def url(self, records: dict[str, Any]) -> str:
        """Where it is, for one of these records. Raises KeyError where it needs one that nobody listed."""
        return reverse(self.name, kwargs={argument: self._fitting(argument, records) for argument in self.arguments})

    def _fitting(self, argument: str, records: dict[str, Any]) -> Any:
        fitting = [start for start in records if f"{self.name}/{argument}".startswith(start)]
        if not fitting:
            raise KeyError(f"tests/bed/pages.py has no sample for <{argument}> of {self.name}")
        return records[max(fitting, key=len)]


def addresses() -> list[Address]:
    """Every address of the product that is not left out."""
    return [address for address in _walk() if not any(_covers(left_out, address.name) for left_out in LEFT_OUT)]


def sections() -> list[str]:
    """The apps that have addresses, and ``config``."""
    return sorted({address.section for address in addresses()})


def pages(client: Client, section: str) -> dict[str, str]:
    """Return the addresses of one app that answer a whole page to the client, by name."""
    found, records = {}, samples()
    for address in addresses():
        if address.section == section:
            url = address.url(records)
            answer = client.get(url)
            if is_page(answer):
                found[address.name] = url
    return found


def is_page(answer: HttpResponse) -> bool:
    """Whether the answer is a page, not a part of one, a file, a redirect or the refusal of an action."""
    html = answer.headers.get("Content-Type", "").startswith("text/html")
    return answer.status_code == 200 and html and not answer.streaming and b"<html" in answer.content[:2000]


def client_of(username: str = OPENED_BY, language: str = "vi") -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    client.cookies["django_language"] = language
    return client


def _walk(resolver: Any = None, namespace: str = "", above: tuple[str, ...] = ()) -> Iterator[Address]:
    for entry in (resolver or get_resolver()).url_patterns:
        arguments = (*above, *entry.pattern.converters)
        if isinstance(entry, URLResolver):
            below = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, below, arguments)
        elif isinstance(entry, URLPattern):
            yield Address(f"{namespace}{entry.name}", arguments)


def _covers(left_out: str, name: str) -> bool:
    return name.startswith(left_out) if left_out.endswith(":") else name == left_out


def _fullest(model: type[Model], *related: str) -> Any:
    """The identifier of the record with the most beside it, so that its page shows everything there is to show."""
    best, most = None, -1
    for name in related:
        row = model._default_manager.annotate(beside=Count(name)).order_by("-beside", "pk").first()
        if row is not None and row.beside > most:
            best, most = row, row.beside
    assert best is not None, f"The demonstration has no {model.__name__}."
    return best.public_id


def _brought_list() -> Any:
    """An import to look at: the latest, else of a small list brought now."""
    if job := ImportJob.objects.order_by("-pk").first():
        return job.public_id
    client, unit = client_of(), Unit.objects.get(code="VUFO")
    upload = SimpleUploadedFile("doi-tac.csv", "Tên tổ chức,Nước\nHội Sen Hồng,Lào\n".encode())
    answer = client.post(reverse("partners:import-create"), {"file": upload, "unit": unit.pk, "noun": "partners"})
    assert answer.status_code == 302, answer.content.decode()
    return ImportJob.objects.latest("pk").public_id


def _told() -> int:
    """Tell the reader something, so that there is a notification to open."""
    notify([User.objects.get(username=OPENED_BY)], topic=NotificationTopic.JOB, key="sample", text="Đã nhập xong", link=reverse("desk"))
    return Notification.objects.latest("pk").pk


def samples() -> dict[str, Any]:
    """What stands for an argument, by the beginning of ``name/argument``; the longest beginning counts."""
    partner, person = _fullest(Partner, "participations"), _fullest(Person, "notes")
    follow_up = FollowUp.objects.open().order_by("pk")[0].public_id
    return {
        "crm:notification-": _told(),
        "crm:saved-view-": SavedView.objects.get(created_by__username=OPENED_BY, name__startswith="Nước láng giềng").public_id,
        "partners:partner-": partner,
        "partners:person-": person,
        "partners:post-": _fullest(Post, "successors"),
        "partners:post-create": person,
        "partners:import-": _brought_list(),
        "partners:registration-": Registration.objects.order_by("pk")[0].public_id,
        "activities:exchange-": _fullest(Exchange, "attendances"),
        "activities:follow-up-": follow_up,
        "activities:event-": _fullest(Event, "exchanges"),
        "activities:partner-": partner,
        "reports:partner-": partner,
        "reports:follow-up-": follow_up,
        "reports:exchange-": _fullest(Exchange, "attendances"),
    }
