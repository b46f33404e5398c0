"""The test bed: closed sockets, reference data that survives a flush, a real worker, a real browser, the cast."""

from tests.bed.sockets import close_sockets

close_sockets()

pytest_plugins = [
    "tests.bed.data",
    "tests.bed.worker",
    "tests.bed.browser",
    "tests.bed.site",
    "tests.bed.served",
    "tests.bed.own_site",
    "tests.bed.receiver",
    "tests.cast",
]
