"""What apps add to the reading of versions: rows that change with others, and columns that no version keeps."""

from collections.abc import Callable
from typing import Any

# Called with the KnownTables in order. The first list names further rows to be kept apart, before anything can be read;
# the second fills columns that are made from others, when every table can be read as it was.
ALSO_CHANGED: list[Callable[[Any], None]] = []
WORKED_OUT: list[Callable[[Any], None]] = []
