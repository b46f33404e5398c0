"""What the change feed tells of partners, people and posts."""

from crm.choices import FeedNoun
from crm.feed import Part, register_feed_noun
from crm.permissions import Permission
from partners.models import Partner, PartnerName, Person, Post, Stewardship

register_feed_noun(
    FeedNoun.PARTNER,
    Partner,
    permission=Permission.PARTNER_VIEW,
    parts=(Part(PartnerName, "partner"), Part(Partner.fields.through, "partner"), Part(Stewardship, "partner")),
)
# The representation of a person has the posts in it.
register_feed_noun(
    FeedNoun.PERSON, Person, permission=Permission.PERSON_VIEW, level="confidentiality", unit="unit", parts=(Part(Post, "person"),)
)
register_feed_noun(FeedNoun.POST, Post, permission=Permission.PERSON_VIEW, level="confidentiality", unit="unit", seen_with="person")
