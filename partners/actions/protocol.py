from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from crm.actions.versions import record_changes
from crm.models import User
from crm.permissions import Permission
from partners.models import Partner, Post


@transaction.atomic
def order_posts(partner: Partner, *, wanted: Sequence[UUID], by: User) -> int:
    """Put the posts at a partner into the protocol order given; return how many changed their place.

    Posts that the account may not see keep the places they have, so that nobody finds them by sorting. Posts that are
    not named, such as one added meanwhile, follow in the order they had. Raises PermissionDenied where the account may
    not write the partner.
    """
    if not by.may(Permission.PERSON_EDIT) or not Partner.objects.editable_by(by).filter(pk=partner.pk).exists():
        raise PermissionDenied
    posts = list(Post.objects.live().filter(partner=partner).select_for_update(of=("self",)).order_by("rank", "id"))
    seen = set(Post.objects.visible_to(by).filter(partner=partner).values_list("pk", flat=True))
    places = {public_id: place for place, public_id in enumerate(wanted)}
    moved = iter(sorted((post for post in posts if post.pk in seen), key=lambda post: places.get(post.public_id, len(places))))
    ordered = [next(moved) if post.pk in seen else post for post in posts]
    changed = [post for rank, post in enumerate(ordered, start=1) if _take_place(post, rank, by)]
    Post.objects.bulk_update(changed, ["rank", "revision", "updated_at", "updated_by"])
    record_changes(changed, by=by, reason="protocol order")
    return len(changed)


def _take_place(post: Post, rank: int, by: User) -> bool:
    if post.rank == rank:
        return False
    post.rank = rank
    post.revision += 1
    post.updated_at, post.updated_by = timezone.now(), by
    return True
