"""Marks that nobody sees: dropped from names where they mean nothing, kept where a script needs them, else refused."""

import pytest
from django.core.exceptions import ValidationError

from crm.models.fields import NameField, NoteField
from crm.text import one_line

NAME, NOTE = NameField(max_length=200), NoteField()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("\ufeffNguyễn Văn An", "Nguyễn Văn An"),
        ("Nguyễn\u200b Văn\u00ad An\u2060", "Nguyễn Văn An"),
        ("Ivan\u200dov", "Ivanov"),
        ("Hội\nHữu nghị\tLào", "Hội Hữu nghị Lào"),
        ("\u200e王伟\u200f", "王伟"),
        ("မြန်\u200bမာ", "မြန်\u200bမာ"),
        ("នី\u200cគ", "នី\u200cគ"),
        ("A\u0308lmaa", "Älmaa"),
        ("Trần\u00a0Hà", "Trần\u00a0Hà"),
    ],
)
def test_a_name_is_stored_without_what_nobody_sees(typed: str, stored: str) -> None:
    assert one_line(typed) == stored
    assert NAME.clean(typed, None) == stored
    assert NAME.get_prep_value(typed) == stored
    assert one_line(stored) == stored


@pytest.mark.parametrize("nothing", ["\u200b", "\u2060 \u200d", "\u0301", " \u00a0 ", "\ufeff"])
def test_a_name_of_which_nothing_shows_is_blank(nothing: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NAME.clean(nothing, None)
    assert refused.value.code == "blank"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Hội\x07", "control-characters-not-allowed"),
        ("Hội\x9b", "control-characters-not-allowed"),
        ("abc\u202ecba", "direction-marks-not-allowed"),
        ("\u2067abc\u2069", "direction-marks-not-allowed"),
        ("a\ud800b", "control-characters-not-allowed"),
    ],
)
def test_a_mark_that_deceives_is_refused_by_name(name: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NAME.clean(name, None)
    assert code in {error.code for error in refused.value.error_list}


def test_notes_keep_their_lines_and_quotations() -> None:
    assert NOTE.clean("một\n\thai \u2067مرحبا\u2069", None) == "một\n\thai \u2067مرحبا\u2069"
    with pytest.raises(ValidationError):
        NOTE.clean("a\x1bb", None)
