from partners.models.duplicates import DuplicateScan, PartnerPair, PersonPair
from partners.models.external_ids import ExternalId
from partners.models.kinds import PartnerKind
from partners.models.partners import Partner, PartnerName
from partners.models.people import Person, PersonNote, Post
from partners.models.proposals import ChangeProposal
from partners.models.registrations import Registration
from partners.models.relations import Relation
from partners.models.stewardships import Stewardship

__all__ = [
    "ChangeProposal",
    "DuplicateScan",
    "ExternalId",
    "Partner",
    "PartnerKind",
    "PartnerName",
    "PartnerPair",
    "Person",
    "PersonNote",
    "PersonPair",
    "Post",
    "Registration",
    "Relation",
    "Stewardship",
]
