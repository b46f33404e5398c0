from partners.models.external_ids import ExternalId
from partners.models.kinds import PartnerKind
from partners.models.partners import Partner, PartnerName
from partners.models.people import Person, Post
from partners.models.relations import Relation
from partners.models.stewardships import Stewardship

__all__ = ["ExternalId", "Partner", "PartnerKind", "PartnerName", "Person", "Post", "Relation", "Stewardship"]
