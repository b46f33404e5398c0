"""Words that are kept with figures, so that an issued report reads the same for ever: in both languages."""

from typing import Any

from django.utils.translation import override


def in_both_languages(words: Any) -> tuple[str, str]:
    """Return the words in Vietnamese and in English; ``words`` is whatever reads by the language that is active."""
    with override("vi"):
        vietnamese = str(words)
    with override("en"):
        return vietnamese, str(words)
