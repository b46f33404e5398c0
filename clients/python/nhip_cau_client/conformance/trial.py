"""What scenarios share: the server under test, rows of their own, and how they say what they expected."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from secrets import token_hex
from typing import Any

from nhip_cau_client.conformance.line import BadLine
from nhip_cau_client.connection import Connection
from nhip_cau_client.office import Office, Outcome, Row, parts_of
from nhip_cau_client.patience import Patience
from nhip_cau_client.problems import NotReachedError, ProblemError
from nhip_cau_client.tokens import Tokens

# Archiving takes longer than writing.
MOST_CLEANED = 100
QUICKLY = Patience(tries=10, first=0.02, longest=0.5)
# A day in no period that has been reported on.
DAY = datetime.now(timezone(timedelta(hours=7))).date().isoformat()


class FailedError(Exception):
    """Something else came than was expected."""


class NotTriedError(Exception):
    """The scenario needs what was not given; the message says what."""


@dataclass(frozen=True)
class Target:
    """The server under test, and the credential of a test office. ``expired``: id and secret of a credential that has expired."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    unit: str
    rows: int = 10_000
    expired: tuple[str, str] | None = field(default=None, repr=False)
    merged_id: str | None = None


class Trial:
    """One run: its names begin with a word of its own, and whatever it makes it takes out of use at the end."""

    def __init__(self, target: Target, line: BadLine, folder: Path) -> None:
        self.target = target
        self.line = line
        self.folder = folder
        self.word = token_hex(3)
        self.office = self.connect()
        self.made: dict[str, set[str]] = {"partners": set(), "exchanges": set()}
        self.ids: dict[str, set[str]] = {"partners": set(), "exchanges": set()}

    def connect(self, *, url: str | None = None, scope: str = "read write", language: str = "en", patience: Patience = QUICKLY) -> Office:
        tokens = Tokens(self.target.client_id, self.target.client_secret, scope)
        return Office(Connection(url or self.target.url, tokens, language=language, patience=patience), self.target.unit)

    def connect_badly(self) -> Office:
        """The same office over the bad line."""
        return self.connect(url=self.line.url)

    def key(self, noun: str, text: str = "") -> str:
        """Return a key that no row has yet."""
        value = f"{text}{'-' if text else ''}{self.word}-{token_hex(4)}"
        self.made[noun].add(value)
        return value

    def partner(self, **values: Any) -> dict[str, Any]:
        """A partner of which there is none like it."""
        name = " ".join(token_hex(4) for _word in range(3))
        return {"name": f"{name} {self.word}", "kind": "FOREIGN_NGO", "country": "LA", **values}

    def new(self, version: int = 1, *, external_id: str | None = None, **values: Any) -> Row:
        """A row of a partner that is certainly new."""
        return Row(external_id or self.key("partners"), self.partner(**values), version=version, same_as=None)

    def exchange(self, partner: str, version: int = 1, **values: Any) -> Row:
        """A row of an exchange with the partner of that key."""
        data = {"kind": "WORKING_MEETING", "starts_on": DAY, "partners": [{"external_id": partner}], **values}
        return Row(self.key("exchanges"), data, version=version)

    def stored_partner(self, **values: Any) -> tuple[Row, Outcome]:
        row = self.new(**values)
        outcome = self.office.put("partners", row)
        expect("the row is made", "created", outcome.result)
        return row, outcome

    def partner_without_key(self, **values: Any) -> dict[str, Any]:
        """A partner as somebody enters it on the page: no office has a key for it."""
        body: dict[str, Any] = self.office.connection.send("POST", "partners/", self.partner(**values)).json()
        self.ids["partners"].add(body["id"])
        return body

    def read(self, noun: str, identifier: str | None) -> dict[str, Any]:
        body: dict[str, Any] = self.office.connection.send("GET", f"{noun}/{identifier}/").json()
        return body

    def post_exchange(self, body: dict[str, Any], **headers: str) -> Any:
        """Log an exchange without a key of the office; remembered, to be archived at the end."""
        answer = self.office.connection.send("POST", "exchanges/", body, headers={"Idempotency-Key": token_hex(8), **headers})
        self.ids["exchanges"].add(answer.json()["id"])
        return answer

    def clean(self) -> None:
        """Take out of use what was made: exchanges first, since partners have them."""
        for noun in ("exchanges", "partners"):
            rows = [Row(key, None, version=2**62) for key in sorted(self.made[noun])]
            for part in parts_of(rows, most=MOST_CLEANED):
                with suppress(ProblemError, NotReachedError):
                    self.office.put_many(noun, part)
            for identifier in self.ids[noun]:
                with suppress(ProblemError, NotReachedError):
                    self.office.connection.send("POST", f"{noun}/{identifier}/archive/", headers={"If-Match": "*"})


Scenario = Callable[[Trial], None]
SCENARIOS: list[tuple[str, str, Scenario]] = []


def scenario(group: str, says: str) -> Callable[[Scenario], Scenario]:
    """Add a function to the scenarios; ``says`` is what the server is expected to do."""

    def add(function: Scenario) -> Scenario:
        SCENARIOS.append((group, says, function))
        return function

    return add


def expect(what: str, wanted: Any, got: Any) -> None:
    """Raise FailedError unless both are equal."""
    if wanted != got:
        raise FailedError(f"{what}: expected {wanted!r}, got {got!r}")


def expect_true(what: str, holds: Any, got: Any = "") -> None:
    if not holds:
        raise FailedError(f"{what}: {got!r}")


@contextmanager
def refused(
    what: str, *codes: str, status: int | None = None, rule: str | None = None, pointer: str | None = None
) -> Iterator[list[ProblemError]]:
    """What is done inside is expected to be refused with one of the codes, and where given the rule and its place."""
    caught: list[ProblemError] = []
    try:
        yield caught
    except ProblemError as problem:
        caught.append(problem)
        expect_true(f"{what}: expected {' or '.join(codes)}", problem.code in codes, str(problem))
        if status is not None:
            expect(f"{what}, status", status, problem.status)
        if rule is not None:
            expect_true(f"{what}: expected the rule {rule}", rule in [place.code for place in problem.places], str(problem))
        if pointer is not None:
            expect_true(f"{what}: expected the place {pointer}", pointer in [place.pointer for place in problem.places], str(problem))
    else:
        raise FailedError(f"{what}: expected {' or '.join(codes)}, but it was accepted")
