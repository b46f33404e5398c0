"""Months in addresses."""

import re
from datetime import date

_MONTH = re.compile(r"(\d{4})-(\d{2})")


def month_of(text: str | None) -> date | None:
    """The first day of the month written as ``2027-02``; None for anything else, or outside 1946 to 2199."""
    found = _MONTH.fullmatch(text or "")
    if found is None or not ("1946" <= found[1] <= "2199" and "01" <= found[2] <= "12"):
        return None
    return date(int(found[1]), int(found[2]), 1)
