"""What can be wrong with a file, and with a cell before anyone asks what it means."""

from dataclasses import dataclass

from django.utils.functional import Promise


class TabularError(Exception):
    """The file as a whole cannot be read. ``code`` is stable; ``str(error)`` is for the user."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(str(message))
        self.code = code


@dataclass(frozen=True)
class CellProblem:
    code: str
    column: str
    value: str
    message: str


def shown(value: str, *, length: int = 80) -> str:
    """Return a cell's text for a message: short, on one line, NUL bytes made visible."""
    line = " ".join(value.replace("\0", "␀").split())
    return line if len(line) <= length else f"{line[:length]}…"
