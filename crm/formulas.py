"""Text that a spreadsheet would run, or turn into a number, in a CSV file: marked on the way out, unmarked on the way in.

The mark is the apostrophe that spreadsheets themselves use for "this is text". A text that begins with apostrophes
before something dangerous gets one more, so that ``unprotected(protected(text)) == text`` for every text.
"""

import re

# A formula (= + - @, also after a tab or a line break), a number with leading zeros, and more digits than a spreadsheet keeps.
_RETYPED = r"(?:[=+\-@\t\r\n＝＋－＠]|0\d[\d.,/:\-\s()eE]*$|\d{12,}$)"
_TO_PROTECT = re.compile(rf"'*{_RETYPED}")
_PROTECTED = re.compile(rf"'+{_RETYPED}")


def protected(text: str) -> str:
    """Return the text as it stands in a CSV file that a spreadsheet may open."""
    return f"'{text}" if _TO_PROTECT.match(text) else text


def unprotected(text: str) -> str:
    """Return what was protected; any other text as it is."""
    return text[1:] if text.startswith("'") and _PROTECTED.match(text) else text
