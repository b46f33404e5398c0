"""Lists that people bring: files as sources of rows, the layout of the table in them, the table itself."""

from crm.tabular.errors import CellProblem, TabularError, shown
from crm.tabular.examining import Examined, FormerColumn, examine
from crm.tabular.layouts import Groups, Layout, Reason, find_layout
from crm.tabular.tables import LeftOut, Table, TableRow, open_source, open_table

__all__ = [
    "CellProblem", "Examined", "FormerColumn", "Groups", "Layout", "LeftOut", "Reason", "Table", "TableRow", "TabularError",
    "examine", "find_layout", "open_source", "open_table", "shown",
]  # fmt: skip
