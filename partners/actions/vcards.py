"""People as cards, and cards as people."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import record_event
from crm.actions.change_sets import announce, note_created
from crm.choices import AuditVerb, ChangeKind, ChangeState, Language
from crm.models import ChangeSet, User
from crm.permissions import Permission
from partners.actions.people import save_person
from partners.models import Person, Post
from partners.names import propose_parts
from partners.vcards.cards import Card, CardPost, language_of

_WORDS = re.compile(r"[A-Za-z]{2,3}")


def card_of(person: Person, posts: Iterable[Post]) -> Card:
    """The card of a person with the posts given. Notes of any kind never stand on it.

    ``posts`` are the reader's to choose: with their ``partner`` fetched, and only those that hold.
    """
    country = person.country.alpha2 if person.country else None
    native = propose_parts(person.native_name, country) if person.native_name else None
    return Card(
        full_name=person.full_name,
        latin_name=person.latin_name,
        native_name=person.native_name,
        family=person.family_name,
        middle=person.middle_name,
        given=person.given_name,
        native_parts=(native.family, native.middle, native.given) if native else ("", "", ""),
        posts=tuple(_card_post(post, person) for post in posts),
        emails=(person.email,) if person.email else (),
        phones=(person.phone,) if person.phone else (),
        languages=_codes(person.languages),
        uid=str(person.public_id),
        revised_at=person.updated_at,
    )


def _card_post(post: Post, person: Person) -> CardPost:
    own = language_of(post.title_native) or (_codes(person.languages) or ("",))[0]
    titles = {"vi": post.title_vi, "en": post.title_en}
    titles |= {own: post.title_native} if own not in titles or not titles[own] else {}
    return CardPost(post.partner.name, {language: title for language, title in titles.items() if title})


def _codes(languages: str) -> tuple[str, ...]:
    """The language codes among the words of a person's languages."""
    known = {code for code in Language.values if code != Language.OTHER}
    return tuple(dict.fromkeys(word.lower() for word in _WORDS.findall(languages) if word.lower() in known))


@dataclass(frozen=True)
class NewPerson:
    """A person taken over from a card, with the post held at a partner, if any. ``row``: its place in the file."""

    row: int
    person: Person
    post: Post | None = None


@transaction.atomic
def import_people(newcomers: Sequence[NewPerson], *, by: User, message: str) -> ChangeSet:
    """Record people from cards as one change set, all or nothing, to be taken back as one.

    Raises PermissionDenied where the account may not import. A ValidationError names the row (``row-3``) and what is wrong.
    """
    if not by.may(Permission.PARTNER_IMPORT) or not by.may(Permission.PERSON_EDIT) or not by.scope.home_unit_ids:
        raise PermissionDenied
    change_set = ChangeSet.objects.create(
        kind=ChangeKind.IMPORT, message=message, unit_id=by.scope.home_unit_ids[0], created_by=by, updated_by=by, state=ChangeState.APPLIED,
        rows_total=len(newcomers), rows_done=len(newcomers), started_at=timezone.now(),
        counts={"rows": len(newcomers), "created": len(newcomers)},
    )  # fmt: skip
    for newcomer in newcomers:
        try:
            save_person(newcomer.person, by=by, post=newcomer.post)
        except ValidationError as error:
            told = "; ".join(error.messages)
            refusal = ValidationError(_("Card %(row)s: %(told)s"), code=f"row-{newcomer.row}", params={"row": newcomer.row, "told": told})
            raise ValidationError([refusal]) from error
    people = [newcomer.person for newcomer in newcomers]
    posts = [newcomer.post for newcomer in newcomers if newcomer.post]
    note_created(change_set, people)
    note_created(change_set, posts)
    change_set.finished_at = timezone.now()
    change_set.save(update_fields=["finished_at"])
    announce([*people, *posts])
    record_event(AuditVerb.IMPORTED, by=by, subject=change_set, rows=len(people))
    return change_set


def person_of(card: Card, *, country_code: str | None) -> Person:
    """A person as a card tells, not yet stored. The parts of the name are proposed where the card has none."""
    parts = propose_parts(card.full_name, country_code)
    if card.family or card.given:
        parts = replace(parts, family=card.family, middle=card.middle, given=card.given)
    return Person(
        full_name=card.full_name[:200], latin_name=card.latin_name[:200], native_name=card.native_name[:200],
        family_name=parts.family[:100], middle_name=parts.middle[:100], given_name=parts.given[:100], name_order=parts.order,
        email=(card.emails or ("",))[0][:254], phone=(card.phones or ("",))[0][:40], languages=", ".join(card.languages)[:120],
    )  # fmt: skip
