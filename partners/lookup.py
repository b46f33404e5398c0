"""Finding the kind of a partner by whatever a list calls it."""

import re

from rapidfuzz import fuzz, process

from crm.lookup import LEAST_LIKENESS, SUGGESTIONS, NotFound
from crm.text import fold
from partners.models import PartnerKind


class PartnerKindIndex:
    """All kinds by code, label and alias, in both languages, read in one query."""

    def __init__(self) -> None:
        self._kinds: dict[str, PartnerKind] = {}
        for kind in PartnerKind.objects.order_by("order", "pk"):
            for word in (kind.code, kind.label_vi, kind.label_en, *kind.aliases.splitlines()):
                self._kinds.setdefault(fold(word), kind)

    def find(self, text: str) -> PartnerKind:
        """Return the kind that the text names; of a list such as "education; funder", the first that is recognised.

        Raises NotFound with the kinds whose words come nearest.
        """
        for part in (text, *re.split(r"[;,/|]", text)):
            if kind := self._kinds.get(fold(part)):
                return kind
        near = process.extract(fold(text), self._kinds.keys(), scorer=fuzz.token_sort_ratio, limit=10, score_cutoff=LEAST_LIKENESS)
        kinds = list({self._kinds[word].pk: self._kinds[word] for word, _score, _index in near}.values())
        raise NotFound(text, kinds[:SUGGESTIONS])
