"""What a partner or a person was merged from."""

from typing import Any

from django import template

from crm.actions.undoing import may_undo
from crm.choices import ChangeState

register = template.Library()


@register.simple_tag(takes_context=True)
def merged_records(context: Any, record: Any) -> list[Any]:
    """Return the records that passed into this one; ``may_be_taken_apart`` says whether the reader may take it back. One query."""
    rows = list(record.merged_from.select_related("merged_in", "archived_by").order_by("-archived_at", "-pk"))
    for row in rows:
        change_set = row.merged_in
        applied = change_set is not None and change_set.state == ChangeState.APPLIED
        row.may_be_taken_apart = applied and may_undo(change_set, context["request"].user)
    return rows
