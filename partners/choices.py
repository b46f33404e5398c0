from django.db import models
from django.utils.translation import gettext_lazy as _


class PartnerFamily(models.TextChoices):
    """What code may ask about a kind of partner; the kinds themselves are reference rows."""

    PEOPLES_ORGANISATION = "peoples_organisation", _("People's organisation or friendship association")
    NGO = "ngo", _("NGO or social organisation")
    RESEARCH = "research", _("Institute, university or scholars")
    PARTY = "party", _("Party or politicians")
    BUSINESS = "business", _("Business")
    MEDIA = "media", _("Media")
    LOCAL_GOVERNMENT = "local_government", _("Local government")
    STATE = "state", _("Embassy or state body")
    MULTILATERAL = "multilateral", _("International body or forum")
    OVERSEAS_VIETNAMESE = "overseas_vietnamese", _("Overseas Vietnamese group")
    INDIVIDUAL = "individual", _("Individual")
    OTHER = "other", _("Other")


class PartnerStatus(models.TextChoices):
    ACTIVE = "active", _("In contact")
    PROSPECT = "prospect", _("Wanted")
    DORMANT = "dormant", _("Dormant")
    CLOSED = "closed", _("No longer exists")


class RelationKind(models.TextChoices):
    PART_OF = "part_of", _("is part of")
    SISTER = "sister", _("is the sister organisation of")
    MEMBER_OF = "member_of", _("is a member of")
    FUNDS = "funds", _("funds")
    SUCCEEDS = "succeeds", _("succeeds")
    COOPERATES = "cooperates", _("cooperates with")


# The same relation said from the target's side.
RELATIONS_TURNED = {
    RelationKind.PART_OF: _("has as a part"),
    RelationKind.MEMBER_OF: _("has as a member"),
    RelationKind.FUNDS: _("is funded by"),
    RelationKind.SUCCEEDS: _("is succeeded by"),
}
# Said from either side these mean the same.
MUTUAL_RELATIONS = frozenset({RelationKind.SISTER, RelationKind.COOPERATES})


class StewardRole(models.TextChoices):
    LEAD = "lead", _("Lead")
    SUPPORT = "support", _("Support")


class NameOrder(models.TextChoices):
    FAMILY_FIRST = "family_first", _("Family name first")
    GIVEN_FIRST = "given_first", _("Given name first")
    PATRONYMIC = "patronymic", _("Given name, patronymic, family name")
    ONE_NAME = "one_name", _("One name only")


class Consent(models.TextChoices):
    """On what ground a person's data are kept (Law 91/2025 on personal data protection)."""

    PUBLIC_ROLE = "public", _("Published office or role")
    GIVEN = "given", _("Agreed by the person")
    NOT_ASKED = "not_asked", _("Not asked yet")
    WITHDRAWN = "withdrawn", _("Withdrawn: keep the least")


class NoteKind(models.TextChoices):
    SENSITIVITY = "sensitivity", _("Sensitivity")
    PROTOCOL = "protocol", _("Protocol")
    GIFT_GIVEN = "gift_given", _("Gift given")
    GIFT_TAKEN = "gift_taken", _("Gift received")
    INTEREST = "interest", _("Interest")


class RegistrationKind(models.TextChoices):
    """Certificates of foreign NGOs (Decree 58/2022)."""

    REGISTRATION = "registration", _("Registration certificate")
    OFFICE = "office", _("Representative office")
    PROJECT_OFFICE = "project", _("Project office")
    OTHER = "other", _("Other permit")


class ProposalState(models.TextChoices):
    OPEN = "open", _("To be decided")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
