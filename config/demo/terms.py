"""What changes about people in the course of time: who came after whom, terms that end, notes to mind."""

from datetime import date, timedelta

from config.demo.accounts import Colleagues
from config.demo.directory import Acquaintance
from config.demo.tables import rows_of
from crm.actions.records import save_record
from crm.models import User
from partners.actions.people import save_post
from partners.models import PersonNote, Post

ENDING_SOON = {"la-champa": 55, "cn-lianqiao": 130, "ru-bereza": 20, "us-heron": 88, "kh-romduol": 170}


def make_terms(known: dict[str, Acquaintance], colleagues: Colleagues, today: date) -> None:
    """Link successors to those before them, end some terms soon, and write down what is to be minded."""
    for key, acquaintance in known.items():
        by = colleagues.of(acquaintance.lead)
        for post in Post.objects.filter(partner=acquaintance.partner, valid_to=None).order_by("rank"):
            _settle(post, ends_on=_end(key, post, today), by=by)
    for row in rows_of("person_notes.csv"):
        _make_note(row, known[row["partner"]], colleagues, today)


def _end(key: str, post: Post, today: date) -> date | None:
    return today + timedelta(days=ENDING_SOON[key]) if key in ENDING_SOON and post.rank == 10 else None


def _settle(post: Post, *, ends_on: date | None, by: User) -> None:
    """Name who held the post before, from whose last day it runs, and say when it ends."""
    before = Post.objects.filter(partner=post.partner, rank=post.rank, valid_to__isnull=False).first()
    if before is None and ends_on is None:
        return
    if before is not None:
        post.predecessor, post.valid_from = before, before.valid_to
    post.valid_to = ends_on
    save_post(post, by=by)


def _make_note(row: dict[str, str], acquaintance: Acquaintance, colleagues: Colleagues, today: date) -> None:
    note = PersonNote(
        person=acquaintance.people[int(row["place"])],
        kind=row["kind"],
        text=row["text"],
        on=today - timedelta(days=int(row["days_ago"])) if row["days_ago"] else None,
        confidentiality=row["level"],
        unit=acquaintance.lead,
    )
    save_record(note, by=colleagues.of(acquaintance.lead))
