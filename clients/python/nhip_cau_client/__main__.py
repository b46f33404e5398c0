"""The client at the terminal: queue rows, sync, and see what waits for a person."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from nhip_cau_client.connection import Connection
from nhip_cau_client.office import Office, Row
from nhip_cau_client.outbox import Outbox
from nhip_cau_client.problems import NotReachedError, ProblemError
from nhip_cau_client.state import State
from nhip_cau_client.sync import LISTS, WRITTEN, Sync
from nhip_cau_client.tokens import Tokens

SETTINGS = ("NHIP_CAU_URL", "NHIP_CAU_UNIT", "NHIP_CAU_CLIENT_ID", "NHIP_CAU_CLIENT_SECRET")


def read_rows(path: str) -> Iterator[Row]:
    """Read rows from a file of one JSON object a line, "-" being standard input: as a batch item says them."""
    with nullcontext(sys.stdin) if path == "-" else Path(path).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
                data = None if item.get("delete") else item["data"]
                row = Row(item["external_id"], data, item.get("version"), item.get("changed_at"), item.get("same_as", ...))
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise SystemExit(f"{path}, line {number} is no row, nothing was queued: {error!r}") from error
            yield row


def connect() -> Office:
    """The office of the environment's settings. Raises SystemExit where one is missing."""
    if missing := [name for name in SETTINGS if not os.environ.get(name)]:
        raise SystemExit(f"Set {', '.join(missing)}.")
    url, unit, client_id, client_secret = (os.environ[name] for name in SETTINGS)
    return Office(Connection(url, Tokens(client_id, client_secret)), unit)


def run(state: State, nouns: list[str]) -> int:
    """Sync once; 0 where nothing was refused, else 1."""
    office = connect()
    with office.connection:
        report = Sync(office, state, nouns=nouns).run()
    sent = ", ".join(f"{result} {count}" for result, count in sorted(report.sent.items())) or "nothing"
    print(f"sent: {sent}; read: {report.read}; gone: {report.gone}")
    return 1 if report.sent.get("refused") else 0


def show_conflicts(state: State) -> int:
    """Print what waits for a person; 0 where that is nothing."""
    outbox = Outbox(state)
    refused, proposed = outbox.refused(), outbox.proposed()
    for noun, external_id, answer in refused:
        print(f"{noun} {external_id}: {answer.get('code')}")
        for entry in answer.get("errors", []):
            print(f"    {entry['pointer']}: {entry['detail']} [{entry['code']}]")
        for candidate in answer.get("candidates", []):
            print(f"    same_as: {candidate}")
    for noun, external_id in proposed:
        print(f"{noun} {external_id}: waits for the unit that leads the partner")
    return 1 if refused else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="nhip-cau", description="Keep an office's own system and Nhịp Cầu equal.")
    parser.add_argument("--state", default="nhip-cau.sqlite3", help="file of the outbox, the copy and the cursor")
    commands = parser.add_subparsers(dest="command", required=True)
    load = commands.add_parser("queue", help="take rows into the outbox")
    load.add_argument("noun", choices=WRITTEN)
    load.add_argument("file", help='one JSON object a line: {"external_id": …, "data": {…}} or {"external_id": …, "delete": true}')
    sync = commands.add_parser("sync", help="send what waits, then read what changed")
    sync.add_argument("--noun", action="append", choices=LISTS, help="records to keep a copy of (partner, exchange)")
    commands.add_parser("status", help="how much waits")
    commands.add_parser("conflicts", help="what was refused or proposed, and why")
    commands.add_parser("again", help="let what was refused wait again")
    given = parser.parse_args(arguments)
    state = State(given.state)
    try:
        if given.command == "sync":
            return run(state, given.noun or ["partner", "exchange"])
        if given.command == "conflicts":
            return show_conflicts(state)
        if given.command == "queue":
            try:
                print(f"queued: {Outbox(state).put(given.noun, read_rows(given.file))}")
            except (OSError, UnicodeDecodeError) as error:
                raise SystemExit(f"{given.file} cannot be read, nothing was queued: {error}") from error
        elif given.command == "again":
            print(f"waiting again: {Outbox(state).try_refused_again()}")
        else:
            print(f"waiting: {Outbox(state).count()}, refused: {Outbox(state).count('refused')}")
    except (ProblemError, NotReachedError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        state.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
