"""The change feed for programs: what changed since they last asked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import refuse_unknown_parameters
from crm.api.office_view import OfficeView
from crm.api.problems import InvalidParameter, Problem
from crm.api.schema import ProblemAwareSchema
from crm.api.serializers import local
from crm.choices import FeedNoun
from crm.feed import MOST_CHANGES, Change, InvalidCursorError, ResyncRequiredError, cursor_now, read_changes
from crm.permissions import Permission

if TYPE_CHECKING:
    from crm.models import User

CHANGES_UNASKED = 200
NOW = "now"
PARAMETERS = ("since", "limit", "noun")
REASONS = (("archived", _("Archived")), ("merged", _("Merged")), ("not-visible", _("No longer visible")))

_PARTNER = "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55"
_EXAMPLE = {
    "items": [
        {
            "noun": "exchange",
            "id": "019a9b70-1c52-7d0e-8a44-0d5f6c1e2b90",
            "revision": 4,
            "at": "2026-11-21T09:30:00+07:00",
            "deleted": None,
            "merged_into": None,
        },
        {
            "noun": "partner",
            "id": "019a9b71-77aa-7b3c-b1f0-5e2d9c4a8f13",
            "revision": 7,
            "at": "2026-11-21T09:31:12+07:00",
            "deleted": "merged",
            "merged_into": _PARTNER,
        },
        {
            "noun": "person",
            "id": "019a9b72-03de-7e55-94c8-a1b7d3f09e64",
            "revision": None,
            "at": "2026-11-21T09:31:40+07:00",
            "deleted": "not-visible",
            "merged_into": None,
        },
    ],
    "cursor": "MTc4NTY0MTIwMy45MTQwMi41NTAxNy43YzFhM2YwZTlkMmI0ODY1LmFncmVlbWVudCxwYXJ0bmVyLjNmOWExYzA3",
    "has_more": False,
}


class ChangeOut(serializers.Serializer):
    """A record changed. Read the record itself for what it says now, also where the revision is the one that you have."""

    noun = serializers.ChoiceField(FeedNoun.choices)
    id = serializers.UUIDField(help_text="As in the address of the record. Posts stand in the representation of their person.")
    revision = serializers.IntegerField(allow_null=True, help_text="The revision it has by now; null where it is not visible.")
    at = serializers.DateTimeField(help_text="When it was changed, for people: order and completeness come from the cursor alone.")
    deleted = serializers.ChoiceField(REASONS, allow_null=True, help_text="Why it is to be taken out of use; null: it is in use.")
    merged_into = serializers.UUIDField(allow_null=True, help_text="The record that it is now part of.")

    def to_representation(self, change: Change) -> dict[str, Any]:
        return {
            "noun": change.noun.value,
            "id": str(change.id),
            "revision": change.revision,
            "at": local(change.at),
            "deleted": change.deleted,
            "merged_into": str(change.merged_into) if change.merged_into else None,
        }


@extend_schema_serializer(component_name="Changes", examples=[OpenApiExample("A change, a merge, and one out of sight", value=_EXAMPLE)])
class ChangesOut(serializers.Serializer):
    """Changes in order, each record once, as it stands by now."""

    items = ChangeOut(many=True)
    cursor = serializers.CharField(help_text="Keep it, and send it as `since` the next time, as it is.")
    has_more = serializers.BooleanField(help_text="Ask again at once. A page may be short, or empty, and yet not the last.")


class ChangesSchema(ProblemAwareSchema):
    def _problem_codes(self) -> tuple[str, ...]:
        return (*super()._problem_codes(), "resync-required")


class ChangesView(OfficeView):
    """What changed among the records that the account may see: partners, people, posts, exchanges, follow-ups, agreements, commitments.

    A first sync: ask with `since=now` and keep the cursor; read all lists page by page; then ask with that cursor, again and
    again. What changed while you read the lists comes once more, and nothing is left out. Store what a page tells before you
    store its cursor: whatever breaks in between, the same page comes again.

    Without `since` it begins with the oldest change that is kept (90 days), which is no first sync. Answered with
    `resync-required`, read everything anew: the cursor is too old, the database was restored, or the account sees other
    records than it did.
    """

    name = "changes"
    permission = Permission.SIGNED_IN
    serializer_class = ChangesOut
    schema = ChangesSchema()
    http_method_names = ["get", "head", "options"]

    @extend_schema(
        summary="Changes since a cursor",
        parameters=[
            OpenApiParameter("since", {"type": "string", "maxLength": 400}, description="The cursor of the page before, or `now`."),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST_CHANGES, "default": CHANGES_UNASKED},
                description="Changes on a page.",
            ),
            OpenApiParameter(
                "noun",
                {"type": "array", "items": {"type": "string", "enum": list(FeedNoun.values)}},
                explode=True,
                description="Only of these; may be given several times. A cursor goes on with the nouns that it was asked with, or fewer.",
            ),
        ],
    )
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, PARAMETERS, repeatable=["noun"])
        since, limit, nouns = request.query_params.get("since"), _limit(request), _nouns(request)
        reader = cast("User", request.user)
        if since == NOW:
            return Response({"items": [], "cursor": cursor_now(reader, nouns), "has_more": False})
        try:
            page = read_changes(reader, since, limit, nouns)
        except InvalidCursorError as error:
            detail = _("This is no cursor of the change feed, or it was altered. Send the last one as it came.")
            raise InvalidParameter({"since": ("invalid-cursor", detail)}) from error
        except ResyncRequiredError as error:
            raise Problem("resync-required") from error
        return Response(ChangesOut(page).data)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(CHANGES_UNASKED))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST_CHANGES):
        raise InvalidParameter({"limit": ("invalid", _("Write a whole number from 1 to %(most)d.") % {"most": MOST_CHANGES})})
    return int(text)


def _nouns(request: Request) -> Sequence[str] | None:
    if "noun" not in request.query_params:
        return None
    nouns = request.query_params.getlist("noun")
    if not set(nouns) <= set(FeedNoun.values):
        raise InvalidParameter({"noun": ("invalid_choice", _("Write one of: %(known)s.") % {"known": ", ".join(FeedNoun.values)})})
    return nouns
