"""The clean run that every run with faults must end like."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.bed.own_site import OwnSite
from tests.faults.province import Item, exchange_items, exchanges_of, figures_of, partner_items, partners_of, push_all

PARTNERS, EXCHANGES = 40, 5_000


@dataclass(frozen=True)
class Ended:
    """What a run ended with: records, and the figures computed from them."""

    partners: list[tuple[Any, ...]]
    exchanges: list[tuple[Any, ...]]
    figures: dict[str, str]

    @classmethod
    def of(cls, site: OwnSite) -> "Ended":
        return cls(partners_of(site), exchanges_of(site), figures_of(site))


@dataclass(frozen=True)
class Rows:
    """What the province has to say."""

    partners: list[Item]
    exchanges: list[Item]


@pytest.fixture(scope="session")
def rows() -> Rows:
    return Rows(partner_items(PARTNERS), exchange_items(EXCHANGES, partners=PARTNERS))


@pytest.fixture(scope="session")
def clean(own_site: OwnSite, rows: Rows) -> Ended:
    """Everything pushed once, in order, with no fault."""
    own_site.fresh("clean")
    results = push_all(own_site, rows.partners, rows.exchanges, size=500)
    assert [result for result in results if result["result"] != "created"] == []
    ended = Ended.of(own_site)
    assert (len(ended.partners), len(ended.exchanges), len(ended.figures)) == (PARTNERS, EXCHANGES, PARTNERS)
    return ended
