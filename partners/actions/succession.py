"""One hands over a post, the next takes it up: both in one step, on one day."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import User
from partners.actions.people import save_person, save_post
from partners.models import Person, Post


@dataclass(frozen=True)
class Titles:
    """The title of a post per language."""

    vi: str = ""
    en: str = ""
    native: str = ""

    @classmethod
    def of(cls, post: Post) -> "Titles":
        return cls(post.title_vi, post.title_en, post.title_native)


@transaction.atomic
def name_successor(post: Post, *, successor: Person, on: date, by: User, titles: Titles | None = None) -> Post:
    """End the post on the day and give it to the successor, known or new, from that day on. Return the successor's post.

    The title is carried over unless another one is given; partner and place in protocol order always are. What hangs on
    the partner, its follow-ups and who keeps it, stays. Raises PermissionDenied where one of the two people is not the
    account's to change, ValidationError for a day before the post began, or where a successor is named already.
    """
    if successor == post.person:
        raise ValidationError({"successor": ValidationError(_("Nobody succeeds himself or herself."), code="same-person")})
    if post.successors.live().exists():
        raise ValidationError(_("A successor is named already. Change that post instead."), code="succeeded")
    if post.valid_from is not None and on <= post.valid_from:
        raise ValidationError({"on": ValidationError(_("The day must come after the day the post began."), code="ends-before-start")})
    post.valid_to = on
    save_post(post, by=by)
    if successor.is_new:
        save_person(successor, by=by)
    given = titles or Titles.of(post)
    following = Post(
        person=successor, partner=post.partner, rank=post.rank, valid_from=on, predecessor=post,
        title_vi=given.vi, title_en=given.en, title_native=given.native,
    )  # fmt: skip
    return save_post(following, by=by)
