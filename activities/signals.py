"""The one signal that carries knowledge upwards: something was logged, changed or archived."""

from django.dispatch import Signal

# Sent inside the transaction, with ``partner_ids: set[int]`` (whose figures may have moved, before and after the
# change) and ``since: date`` (the earliest day touched).
activity_recorded = Signal()
