"""The people of a partner in protocol order: read, dragged, moved by buttons."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.generic import DetailView, SignedInRequest, is_partial
from crm.models import User
from crm.permissions import Permission, requires
from partners.actions.protocol import order_posts
from partners.models import Partner, Post

MOST_POSTS = 500


class PartnerPeople(DetailView):
    """A tab of the partner page: today's posts in protocol order, then the former ones."""

    permission = Permission.PERSON_VIEW
    model = Partner
    template_name = "partners/partner_people.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        partner = self.get_object()
        return self.show(part="people", object=partner, **people_of(partner, self.request.user))


def people_of(partner: Partner, user: User) -> dict[str, Any]:
    """Posts at the partner as the account may see them: those held, in protocol order; those to come; the former, latest first."""
    today = timezone.localdate()
    rows = Post.objects.live().visible_to(user).filter(partner=partner, person__archived_at=None)
    posts = list(rows.select_related("person", "predecessor__person").order_by("rank", "id"))
    former = [post for post in posts if post.valid_to and post.valid_to <= today]
    return {
        "held": [post for post in posts if post not in former],
        "former": sorted(former, key=lambda post: (post.valid_to, post.pk), reverse=True),
        "seen_people": {post.person_id for post in posts},
        "may_order": user.may(Permission.PERSON_EDIT) and Partner.objects.editable_by(user).filter(pk=partner.pk).exists(),
        "today": today,
    }


@require_POST
@requires(Permission.PERSON_EDIT)
def protocol_order(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Save the order of the posts: ``post`` once for each, in order; ``up`` or ``down`` moves one of them by a place."""
    partner = get_object_or_404(Partner.objects.editable_by(request.user), public_id=public_id)
    wanted = [post for post in map(_uuid, request.POST.getlist("post")[:MOST_POSTS]) if post]
    for name, step in (("up", -1), ("down", 1)):
        if (moved := _uuid(request.POST.get(name, ""))) in wanted:
            place = wanted.index(moved)
            wanted.insert(max(place + step, 0), wanted.pop(place))
    order_posts(partner, wanted=wanted, by=request.user)
    if is_partial(request):
        moves = {"moved": _uuid(request.POST.get("up") or request.POST.get("down") or ""), "moved_up": "up" in request.POST}
        context = {"object": partner, "saved": True} | moves | people_of(partner, request.user)
        return render(request, "partners/partner_people.html#people", context)
    messages.success(request, _("The protocol order is saved."))
    return HttpResponseRedirect(f"{partner.get_absolute_url()}?tab=people")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
