"""Days on which something ends: terms of office, certificates, agreements."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet

from activities.models import Agreement, AgreementParty
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner, Person, Post, Registration, Stewardship

DAY = timedelta(days=1)


def last_day(row: Post | Registration | Agreement) -> date:
    """The last day on which the row still holds: its ``valid_to`` is the first on which it no longer does."""
    if row.valid_to is None:
        raise ValueError("An open row has no last day.")
    return row.valid_to - DAY


def terms_ending(since: date, until: date) -> QuerySet[Post]:
    """Posts whose last day lies from ``since`` to ``until``, both included, at partners in use; restricted people left out."""
    people = Person.objects.live().exclude(confidentiality=Confidentiality.RESTRICTED)
    posts: QuerySet[Post] = Post.objects.live().filter(valid_to__gt=since, valid_to__lte=until + DAY, person__in=people.values("pk"))
    return posts.filter(partner__archived_at__isnull=True).select_related("person", "partner__country").order_by("valid_to", "rank", "id")


def registrations_ending(since: date, until: date) -> QuerySet[Registration]:
    """Certificates whose last day lies in the days given and that nobody has renewed yet."""
    rows: QuerySet[Registration] = Registration.objects.live().filter(valid_to__gt=since, valid_to__lte=until + DAY, renewal__isnull=True)
    return rows.filter(partner__archived_at__isnull=True).select_related("partner__country").order_by("valid_to", "id")


def agreements_ending(since: date, until: date) -> QuerySet[Agreement]:
    """Signed agreements whose last day lies in the days given and that no signed one renews."""
    parties = AgreementParty.objects.filter(partner__isnull=False).select_related("partner__country").order_by("rank", "id")
    rows = Agreement.objects.ending(since, until).select_related("unit").order_by("valid_to", "id")
    return rows.prefetch_related(Prefetch("parties", parties, to_attr="partners_named"))


def kept_by(*, officer: User | None = None, unit_ids: Iterable[int] = ()) -> Any:
    """Numbers of the partners that an officer keeps by name; without one, that the units keep."""
    kept = Stewardship.objects.current()
    return (kept.filter(officer=officer) if officer else kept.filter(unit__in=unit_ids)).values("partner")


def countries_of(partners: Any) -> Any:
    """Numbers of the countries of the partners whose numbers are given."""
    return Partner.objects.live().filter(pk__in=partners, country__isnull=False).values("country")
