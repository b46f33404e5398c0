"""Who was present: people and colleagues with a record are picked, everybody else is written one a line."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from activities.choices import Side
from activities.models import Attendance, Exchange
from crm.forms import Combobox
from crm.models import User
from partners.models import Person, Post

MOST_LINES = 300
NAME_LENGTH = 200


class LinesField(forms.CharField):
    """One person a line, ``name, title``; the title is what stands after the first comma. Gives (name, title) pairs."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=20_000, help_text=_("One a line: name, title."), **kwargs)

    def clean(self, value: Any) -> list[tuple[str, str]]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(_("At most %(limit)d lines."), code="too-many", params={"limit": MOST_LINES})
        pairs = []
        for number, line in enumerate(lines, start=1):
            name, _comma, title = (part.strip() for part in line.partition(","))
            if not name or len(name) > NAME_LENGTH or len(title) > NAME_LENGTH:
                message = _("Line %(line)d: write a name, a comma and a title, each of at most %(limit)d characters.")
                raise ValidationError(message, code="line", params={"line": number, "limit": NAME_LENGTH})
            pairs.append((name, title))
        return pairs


class PeopleMixin(forms.BaseForm):
    """The four fields about people present, and the rows that they mean."""

    data: Any

    def add_people_fields(self, *, by: User) -> None:
        self.fields["their_people"] = forms.ModelMultipleChoiceField(
            label=_("Their side"), queryset=Person.objects.visible_to(by), to_field_name="public_id", required=False,
            widget=Combobox("partners:person-options", many=True, hint=_("Type a name")),
        )  # fmt: skip
        self.fields["their_others"] = LinesField(label=_("Others of their side"))
        self.fields["our_people"] = forms.ModelMultipleChoiceField(
            label=_("Our side"), queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id", required=False,
            widget=Combobox("activities:colleague-options", many=True, hint=_("Type a colleague's name")),
        )  # fmt: skip
        self.fields["our_others"] = LinesField(label=_("Others of our side"))

    def attendances(self, exchange: Exchange, *, by: User) -> list[Attendance]:
        """The people present as rows, in the order entered, each with the title held on that day.

        People already there keep their title; those whom the editor may not see stay.
        """
        before = {row.person_id: row for row in exchange.attendances.select_related("person") if row.person_id} if exchange.pk else {}
        hidden = set(before) - set(Person.objects.visible_to(by).filter(pk__in=before).values_list("pk", flat=True))
        return [*(before[pk] for pk in before if pk in hidden), *self._theirs(exchange, before), *self._ours()]

    def _theirs(self, exchange: Exchange, before: dict[int, Attendance]) -> Iterator[Attendance]:
        people = in_order(self.cleaned_data["their_people"], self.data.getlist(self.add_prefix("their_people")))
        posts = Post.objects.live().on(exchange.starts_on).filter(person__in=people).order_by("-rank", "-id") if people else ()
        post_of = {post.person_id: post for post in posts}
        for person in people:
            post = post_of.get(person.pk)
            yield before.get(person.pk) or Attendance(
                side=Side.THEIRS, person=person, title=post.title if post else "", partner_id=post.partner_id if post else None
            )
        for name, title in self.cleaned_data["their_others"]:
            yield Attendance(side=Side.THEIRS, name=name, title=title)

    def _ours(self) -> Iterator[Attendance]:
        for user in in_order(self.cleaned_data["our_people"], self.data.getlist(self.add_prefix("our_people"))):
            yield Attendance(side=Side.OURS, user=user)
        for name, title in self.cleaned_data["our_others"]:
            yield Attendance(side=Side.OURS, name=name, title=title)


def initial_people(exchange: Exchange) -> dict[str, Any]:
    """What the four fields show for an exchange that is there."""
    rows = list(exchange.attendances.select_related("person", "user"))
    return {
        "their_people": [row.person.public_id for row in rows if row.person],
        "our_people": [row.user.public_id for row in rows if row.user],
        "their_others": "\n".join(_line(row) for row in rows if row.name and row.side == Side.THEIRS),
        "our_others": "\n".join(_line(row) for row in rows if row.name and row.side == Side.OURS),
    }


def in_order(rows: Iterable[Any], public_ids: Iterable[str]) -> list[Any]:
    """Rows in the order in which they were picked, which is protocol order."""
    places = {public_id: place for place, public_id in enumerate(public_ids)}
    return sorted(rows, key=lambda row: places.get(str(row.public_id), len(places)))


def _line(row: Attendance) -> str:
    return f"{row.name}, {row.title}" if row.title else row.name
