"""The change feed: every change of the records that offices keep in step with, and no gap, whoever writes and when."""

from crm.feed.nouns import Part, register_feed_noun
from crm.feed.positions import InvalidCursorError, ResyncRequiredError
from crm.feed.reading import MOST_CHANGES, ChangePage, cursor_now, read_changes
from crm.feed.sight import Change

__all__ = [
    "MOST_CHANGES",
    "Change",
    "ChangePage",
    "InvalidCursorError",
    "Part",
    "ResyncRequiredError",
    "cursor_now",
    "read_changes",
    "register_feed_noun",
]
