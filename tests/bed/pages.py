"""Every page of the product, found by walking the addresses, with records of the demonstration to open them on.

An address that needs a record and finds none in ``samples`` fails the tests that hold for every page, and so does one
that does not open. A new page cannot stay outside by being forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any

from django.db.models import Count
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import localdate

from activities.actions.hand_overs import hand_over
from activities.models import Agreement, CalendarFeed, Commitment, Event, Exchange, ExchangeDraft, FollowUp, Occasion
from crm.actions.job_runs import start_job
from crm.actions.notifications import notify
from crm.actions.records import archive_record
from crm.choices import ChangeState, DeliveryState, NotificationTopic, PushKind, Role
from crm.models import (
    ChangeSet,
    ImportJob,
    Membership,
    Notification,
    OfficeClient,
    OfficePush,
    SavedView,
    Unit,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)
from crm.secrets import encrypted
from crm.workbooks.writing import FIRST_ROW, FORMAT
from partners.actions.partners import save_partner
from partners.actions.proposals import propose_changes
from partners.models import Partner, Person, PersonNote, Post, Registration, Relation, Stewardship
from reports.actions.policy_drafts import start_draft
from reports.actions.report_templates import save_report_template
from reports.choices import FileFormat
from reports.documents.checking import check_template
from reports.documents.ready_excel import ready_excel
from reports.models import ActionItem, IssuedReport, PeriodicReport, PlanLine, PolicyDraft, PolicyVersion, ReportTemplate
from tests.bed.workbooks import OfficeBook, bring, edited, taken

# What is no page of the product, with the reason. A name ending in a colon stands for everything below it.
LEFT_OUT = {
    "admin:": "Django's own administration, in its own design; tests/test_admin.py opens it",
    "api:": "answers to programs; api:docs, about them, is drawn by Swagger UI",
    "oauth2:": "answers to programs",
    "account_login": "for those who are not signed in; tests ask for it by itself",
}
# What an address asks for besides, where it opens nothing without.
QUERIES = {
    "crm:bulk-edit": "?list=partners%3Apartner-list&all=1&query=tier%3DNEIGHBOUR",
    "crm:saved-view-create": "?list=partners%3Apartner-list&query=tier%3DNEIGHBOUR",
    "reports:coverage-cell": "?cell=all.total",
    "search": "?q=phu+champa",
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
        path = reverse(self.name, kwargs={argument: self._fitting(argument, records) for argument in self.arguments})
        return path + QUERIES.get(self.name, "")

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


def is_page(answer: Any) -> bool:
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


def _fullest(model: Any, *related: str) -> Any:
    """The identifier of the record with the most beside it, so that its page shows everything there is to show."""
    best, most = None, -1
    for name in related:
        row = model._default_manager.annotate(beside=Count(name)).order_by("-beside", "pk").first()
        if row is not None and row.beside > most:
            best, most = row, row.beside
    assert best is not None, f"The demonstration has no {model.__name__}."
    return best.public_id


def _told() -> int:
    """Tell the reader something, so that there is a notification to open."""
    notify([User.objects.get(username=OPENED_BY)], topic=NotificationTopic.JOB, key="sample", text="Đã nhập xong", link=reverse("desk"))
    return Notification.objects.latest("pk").pk


def _handed_over() -> ChangeSet:
    """Pass a follow-up of a desk officer on to the reader, so that there is a hand-over with its dossier."""
    reader, officer = User.objects.get(username=OPENED_BY), User.objects.get(username="can-bo")
    follow_up = FollowUp.objects.open().assigned_to(officer).order_by("pk")[0]
    change_set: ChangeSet = hand_over(officer, by=reader, choices={f"follow-up:{follow_up.public_id}": reader})
    return change_set


def _given_address() -> int:
    """Give the reader a calendar address, so that there is one to revoke."""
    return CalendarFeed.objects.create(user=User.objects.get(username=OPENED_BY), token_digest=token_hex()).pk


def _archived_report() -> Any:
    """Take a draft out of use, unless one is already, so that there is one to restore."""
    report = PeriodicReport.objects.archived().order_by("pk").first()
    if report is None:
        report = PeriodicReport.objects.live().filter(issues=None).order_by("pk")[0]
        archive_record(report, by=User.objects.get(username=OPENED_BY))
    return report.public_id


def _kept_template() -> Any:
    """Bring the ready template back as one of the centre, so that there is one to open."""
    content, reader = ready_excel(), User.objects.get(username=OPENED_BY)
    template = ReportTemplate(name="Mẫu của cơ quan", format=FileFormat.XLSX, content=content, original_name="mau.xlsx")
    save_report_template(template, by=reader, check=check_template)
    return template.public_id


def _policy_draft() -> Any:
    """A draft of a policy version by the account that opens the pages."""
    draft = PolicyDraft.objects.first()
    if draft is None:
        author, day = User.objects.get(username=OPENED_BY), localdate() + timedelta(days=30)
        draft = start_draft(PolicyVersion.objects.get(code="2025"), by=author, code="2027", name="2027", effective_from=day, reason="2027")
    return draft.public_id


def _workbook_with_a_conflict() -> Any:
    """Bring a workbook back in which a cell was changed that was changed here as well, one that was not, and one that is refused."""
    reader, unit = User.objects.get(username=OPENED_BY), Unit.objects.get(code="PU-40")
    content = taken(unit, by=reader)
    book = OfficeBook(content)
    row = FIRST_ROW + 1
    partner = Partner.objects.get(public_id=book.cell("partners", row, f"{FORMAT}:partners").value)
    partner.city = "Vinh"
    save_partner(partner, by=reader)

    def work(book: OfficeBook) -> None:
        book.set("partners", row, city="Huế")
        book.set("partners", row + 1, founded_year="năm ngoái")
        book.set("partners", row + 2, city="Pakse")

    return bring(edited(content, work), by=reader).public_id


def _proposed(partner: Any) -> Any:
    """Propose a change, so that there is one to decide."""
    found = Partner.objects.select_related("kind", "country", "unit").get(public_id=partner)
    values = {"city": "Pắc Xế", "founded_year": 1979, "names": [{"name": "LVFA", "language": "en", "usage": "acronym"}]}
    unit = Unit.objects.get(code="PU-40")
    return propose_changes(found, unit=unit, by=User.objects.get(username=OPENED_BY), values=values, message="Theo thư của Hội").public_id


def _connected_office(reader: User) -> dict[str, Any]:
    """Let the reader look after the connections of an office that has a credential, a webhook with a message, and has sent something."""
    client = OfficeClient.objects.select_related("unit").order_by("pk")[0]
    Membership.objects.get_or_create(user=reader, unit=client.unit, role=Role.UNIT_LEAD)
    pushed = {"kind": PushKind.BATCH, "noun": "partner", "status": 200, "rows": 9, "refused": 2, "refusals": {"required": 2}}
    OfficePush.objects.create(client=client, unit=client.unit, lag_seconds=95, **pushed)
    endpoint = WebhookEndpoint.objects.create(
        unit=client.unit,
        client=client,
        name="Cổng của tỉnh",
        url="https://example.org/nhan",
        secret=encrypted("whsec_bWF1"),
        created_by=reader,
    )
    delivery = WebhookDelivery.objects.create(endpoint=endpoint, kind="partner.changed", payload={}, state=DeliveryState.GIVEN_UP)
    return {
        "crm:connection-office": client.unit.code,
        "crm:credential-": client.pk,
        "crm:webhook-": endpoint.public_id,
        "crm:delivery-replay/public_id": endpoint.public_id,
        "crm:delivery-replay/message_id": delivery.public_id,
    }


def samples() -> dict[str, Any]:
    """What stands for an argument, by the beginning of ``name/argument``; the longest beginning counts."""
    partner, person, exchange = _fullest(Partner, "participations"), _fullest(Person, "notes"), _fullest(Exchange, "attendances")
    follow_up = FollowUp.objects.open().order_by("pk")[0].public_id
    reader, handed = User.objects.get(username=OPENED_BY), _handed_over()
    issued = IssuedReport.objects.select_related("report").order_by("pk")[0]
    changes = {change_set.state: change_set.public_id for change_set in ChangeSet.objects.order_by("pk")}
    return {
        "help/slug": "log",
        "crm:notification-": _told(),
        "crm:change-set-": changes[ChangeState.UNDONE],
        "crm:job-": start_job("partners.duplicates", key="sample").pk,
        **_connected_office(reader),
        "crm:workbook-": _workbook_with_a_conflict(),
        "crm:saved-view-": SavedView.objects.get(created_by__username=OPENED_BY, name__startswith="Nước láng giềng").public_id,
        "partners:partner-": partner,
        "partners:protocol-order": partner,
        "partners:relation-": Relation.objects.order_by("pk")[0].public_id,
        "partners:relation-create": partner,
        "partners:stewardship-": Stewardship.objects.current().order_by("pk")[0].public_id,
        "partners:stewardship-create": partner,
        "partners:registration-": Registration.objects.order_by("pk")[0].public_id,
        "partners:registration-create": partner,
        "partners:person-": person,
        "partners:note-": PersonNote.objects.order_by("pk")[0].public_id,
        "partners:note-create": person,
        "partners:post-": _fullest(Post, "successors"),
        "partners:post-create": person,
        "partners:proposal-": _proposed(partner),
        "partners:proposal-create": partner,
        "partners:merge/public_id": partner,
        "partners:duplicate-progress/noun": "partners",
        "partners:pair-decide/noun": "partners",
        "partners:pair-decide/pk": 1,
        "partners:import-": ImportJob.objects.latest("pk").public_id,
        "activities:exchange-": exchange,
        "activities:agreement-": _fullest(Agreement, "parties"),
        "activities:follow-up-": follow_up,
        "activities:commitment-": Commitment.objects.unsettled().order_by("pk")[0].public_id,
        "activities:calendar-feed-revoke/pk": CalendarFeed.objects.create(
            user=User.objects.get(username=OPENED_BY), token_digest=token_hex()
        ).pk,
        "activities:calendar-feed/token": "nothing",
        "activities:occasion-": Occasion.objects.get(country__alpha2="LA", kind="national_day").code,
        "activities:occasion-day/year": localdate().year,
        "activities:occasion-letters/year": localdate().year,
        "activities:hand-over-": User.objects.get(username="can-bo").public_id,
        "activities:hand-over-do": handed.public_id,
        "activities:hand-over-dossier/receiver_id": reader.public_id,
        "activities:event-": _fullest(Event, "exchanges"),
        "activities:person-": person,
        "activities:partner-": partner,
        "activities:quick-": exchange,
        "activities:draft-": ExchangeDraft.objects.waiting()[0].key,
        "activities:tidy-up-": exchange,
        "reports:policy-": "2025",
        "reports:policy-draft-": _policy_draft(),
        "reports:policy-draft-create": "2025",
        "reports:plan-line-": _fullest(PlanLine, "action_items"),
        "reports:action-item-": _fullest(ActionItem, "exchanges"),
        "reports:partner-": partner,
        "reports:country-": "LA",
        "reports:briefing-country": "LA",
        "reports:briefing-partner": partner,
        "reports:briefing-person": person,
        "reports:periodic-report-": issued.report.public_id,
        "reports:periodic-report-restore/public_id": _archived_report(),
        "reports:periodic-report-draft/file_format": "docx",
        "reports:periodic-report-figure/code": "events_in_person",
        "reports:issued-": issued.public_id,
        "reports:issued-file/file_format": "docx",
        "reports:report-template-": _kept_template(),
        "reports:report-template-ready/file_format": "xlsx",
        "reports:follow-up-": follow_up,
        "reports:nothing-to-report-": follow_up,  # Only ever posted to.
        "reports:exchange-": exchange,
    }
