"""Every figure of a report: its name, the rows that it counts, and what it counts of them."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activities.choices import AgreementFamily, AgreementLevel, CommitmentState, Direction, ExchangeFamily, PointsClass, Side
from crm.choices import UnitKind
from reports.metrics.periodic import sources
from reports.metrics.periodic.sources import Source


class Measure(StrEnum):
    ROWS = "rows"
    PEOPLE = "people"
    """The sum of the numbers of people, of the rows that give one; no figure where none does."""
    COUNTRIES = "countries"
    """Different countries of the partners in the rows."""


@dataclass(frozen=True)
class Figure:
    """``condition`` narrows the rows of the source. ``is_part`` stands set in under the figure before it."""

    code: str
    label: str | Promise
    source: Source
    condition: Q = field(default_factory=Q)
    measure: Measure = Measure.ROWS
    is_part: bool = False


@dataclass(frozen=True)
class Group:
    code: str
    label: str | Promise
    figures: tuple[Figure, ...]


def _bucket(name: str) -> Q:
    return Q(kind__report_bucket=name)


_ONLINE = Q(kind__points_class=PointsClass.ONLINE)
_OUT = _bucket("outbound_delegation") & ~Q(country__alpha2="VN", kind__direction="multilateral")
_IN = _bucket("inbound_delegation")
_COURTESY = Q(kind__code="COURTESY_CALL")
_MEETING = Q(kind__family=ExchangeFamily.MEETING, kind__points_class=PointsClass.MEETING)
_MESSAGE = Q(kind__family=ExchangeFamily.MESSAGE)
_ON_THE_SPOT = (_bucket("on_site_activity") | _bucket("international_conference") | _bucket("agreement")) & ~_ONLINE


def _exchanges(code: str, label: str | Promise, condition: Q, measure: Measure = Measure.ROWS, *, is_part: bool = False) -> Figure:
    return Figure(code, label, sources.EXCHANGES, condition, measure, is_part)


def _side(side: Side) -> Q:
    return Q(owed_by=side)


_DONE = Q(state=CommitmentState.DONE)
_ON_TIME = _DONE & (Q(due_on__isnull=True) | Q(settled_on__lte=F("due_on")))
_LATE = _DONE & Q(settled_on__gt=F("due_on"))


def _promises(side: Side, code: str, made: Promise, kept: Promise, late: Promise, broken: Promise, overdue: Promise) -> tuple[Figure, ...]:
    whose = _side(side)
    return (
        Figure(f"{code}_made", made, sources.COMMITMENTS_MADE, whose),
        Figure(f"{code}_kept", kept, sources.COMMITMENTS_SETTLED, whose & _ON_TIME),
        Figure(f"{code}_late", late, sources.COMMITMENTS_SETTLED, whose & _LATE),
        Figure(f"{code}_broken", broken, sources.COMMITMENTS_SETTLED, whose & Q(state=CommitmentState.BROKEN)),
        Figure(f"{code}_overdue", overdue, sources.COMMITMENTS_OVERDUE, whose),
    )


GROUPS = (
    Group("delegations", _("Delegations"), (
        _exchanges("delegations_out", _("Outgoing delegations"), _OUT),
        _exchanges("people_out", _("people in them"), _OUT, Measure.PEOPLE, is_part=True),
        _exchanges("countries_out", _("countries visited"), _OUT, Measure.COUNTRIES, is_part=True),
        _exchanges("delegations_in", _("Incoming delegations"), _IN),
        _exchanges("people_in", _("people in them"), _IN, Measure.PEOPLE, is_part=True),
        _exchanges("countries_in", _("countries they came from"), _IN, Measure.COUNTRIES, is_part=True),
    )),
    Group("meetings", _("Meetings and events"), (
        _exchanges("events_in_person", _("Activities on the spot"), _ON_THE_SPOT),
        _exchanges("people_in_person", _("people taking part"), _ON_THE_SPOT, Measure.PEOPLE, is_part=True),
        _exchanges("events_online", _("Activities online"), _ONLINE),
        _exchanges("courtesy_calls", _("Courtesy calls"), _COURTESY),
        _exchanges("meetings", _("Talks and working meetings"), _MEETING & ~_COURTESY),
        _exchanges("receptions", _("Receptions and national days of embassies"), Q(kind__code="DIPLOMATIC_RECEPTION")),
        _exchanges("conferences", _("International conferences and seminars"), _bucket("international_conference")),
        _exchanges("forums", _("Sessions of multilateral forums"), Q(kind__code="FORUM_SESSION")),
        _exchanges("friendship", _("Friendship activities"), Q(kind__family=ExchangeFamily.FRIENDSHIP)),
        _exchanges("anniversaries", _("anniversaries held"), Q(kind__code="ANNIVERSARY"), is_part=True),
        _exchanges("diaspora", _("Meetings with overseas Vietnamese"), Q(kind__family=ExchangeFamily.DIASPORA)),
        _exchanges("trainings", _("Training courses"), Q(kind__code="TRAINING_COURSE")),
        _exchanges("people_trained", _("people trained"), Q(kind__code="TRAINING_COURSE"), Measure.PEOPLE, is_part=True),
        _exchanges("congresses", _("Congresses of associations"), Q(kind__code="CONGRESS")),
        _exchanges("awards", _("Awards handed over"), Q(kind__code="AWARD")),
        _exchanges("media", _("Information products"), Q(kind__code="MEDIA_WORK")),
    )),
    Group("messages", _("Letters, telegrams, cards and flowers"), (
        _exchanges("messages", _("Letters and messages"), _MESSAGE),
        _exchanges("messages_sent", _("sent"), _MESSAGE & Q(direction=Direction.OUT), is_part=True),
        _exchanges("messages_received", _("received"), _MESSAGE & Q(direction=Direction.IN), is_part=True),
        _exchanges("congratulations", _("of congratulation"), Q(kind__code="CONGRATULATION"), is_part=True),
        _exchanges("condolences", _("of condolence or sympathy"), Q(kind__code="CONDOLENCE"), is_part=True),
    )),
    Group("agreements", _("Agreements"), (
        Figure("agreements_signed", _("Agreements signed"), sources.AGREEMENTS_SIGNED),
        *(
            Figure(f"agreements_{level.value}", level.label, sources.AGREEMENTS_SIGNED, Q(level=level), is_part=True)
            for level in AgreementLevel
        ),
        Figure("agreements_in_force", _("Agreements in force at the end"), sources.AGREEMENTS_IN_FORCE),
        Figure(
            "twinnings", _("twinnings of localities"), sources.AGREEMENTS_IN_FORCE, Q(kind__family=AgreementFamily.TWINNING), is_part=True
        ),
    )),
    Group("commitments_ours", _("Our commitments"), _promises(
        Side.OURS, "ours", _("Promised by us"), _("Kept by us on time"), _("Kept by us, but late"), _("Broken by us"),
        _("Ours overdue at the end"),
    )),
    Group("commitments_theirs", _("Commitments of partners"), _promises(
        Side.THEIRS, "theirs", _("Promised to us"), _("Kept by partners on time"), _("Kept by partners, but late"),
        _("Broken by partners"), _("Theirs overdue at the end"),
    )),
    Group("network", _("Partners and members"), (
        Figure("partners_new", _("Partners met for the first time"), sources.PARTNERS_MET_FIRST),
        Figure("registrations", _("Certificates of foreign NGOs issued"), sources.REGISTRATIONS),
        Figure("ngos", _("Foreign NGOs with a certificate at the end"), sources.NGOS),
        Figure("associations_new", _("Associations and chapters founded"), sources.UNITS_FOUNDED),
        Figure("associations", _("Associations at the end"), sources.MEMBERS, Q(kind=UnitKind.ASSOCIATION)),
        Figure("chapters", _("Chapters at the end"), sources.MEMBERS, Q(kind=UnitKind.CHAPTER)),
    )),
)  # fmt: skip

FIGURES = {figure.code: figure for group in GROUPS for figure in group.figures}
