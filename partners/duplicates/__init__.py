"""Is this a partner or a person we already know? Exactly, or likely, with reasons."""

from partners.duplicates.partners import KnownPartner, KnownPartners, Likeness, compare, host_of
from partners.duplicates.people import KnownPerson, compare_people
from partners.duplicates.reasons import in_words

__all__ = ["KnownPartner", "KnownPartners", "KnownPerson", "Likeness", "compare", "compare_people", "host_of", "in_words"]
