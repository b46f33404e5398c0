"""Knowledge that travels upwards from the core: rows were changed together, past the actions of their own nouns."""

from django.dispatch import Signal

# Sent inside the transaction when a change set was applied or taken back, with ``rows: dict[str, set[int]]``: the numbers
# of the rows by model label in lower case ("partners.partner"). Whoever keeps copies of them makes those true again.
rows_changed = Signal()

# Sent inside the transaction before a change set is taken back, with ``change_set``. Who knows a reason against it raises
# ValidationError.
undo_asked = Signal()

# Sent inside the transaction when jobs were asked for or given back to the queue, with ``pks: list[int]``.
jobs_queued = Signal()

# Sent inside the transaction when messages to webhooks are to go out at once, rather than when the timetable comes to them.
deliveries_waiting = Signal()
