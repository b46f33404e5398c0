"""The sentences of Django REST framework that our catalogue carries are those that it says."""

import gettext
from pathlib import Path

import rest_framework

from crm.api.library_words import SENTENCES


def test_each_sentence_is_one_of_the_frameworks_own_that_its_vietnamese_lacks() -> None:
    locale = Path(rest_framework.__file__).parent / "locale"

    def known(language: str) -> set[str]:
        catalogue = gettext.translation("django", locale, [language])
        return {text for text in SENTENCES if catalogue.gettext(text) != text}

    assert known("fr") == set(SENTENCES)
    assert known("vi") == set()
