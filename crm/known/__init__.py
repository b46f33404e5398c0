"""As known on a day: inside, every query reads the records as they stood in the system at the end of that day."""

from crm.known.context import as_known_on, known_on
from crm.known.rules import ALSO_CHANGED, WORKED_OUT
from crm.known.tables import KnownTable, KnownTables

__all__ = ["ALSO_CHANGED", "WORKED_OUT", "KnownTable", "KnownTables", "as_known_on", "known_on"]
