"""Which column of a list is which field, and how its words are read."""

from partners.resources.base import ListResource, guess_mapping
from partners.resources.partners import PartnerResource
from partners.resources.people import PersonResource

__all__ = ["ListResource", "PartnerResource", "PersonResource", "guess_mapping"]
