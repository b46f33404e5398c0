"""Words that are kept with figures, so that an issued report reads the same for ever: in both languages."""

from django.utils.functional import Promise
from django.utils.translation import override


def in_both_languages(words: str | Promise) -> tuple[str, str]:
    """Return the words in Vietnamese and in English."""
    with override("vi"):
        vietnamese = str(words)
    with override("en"):
        return vietnamese, str(words)
