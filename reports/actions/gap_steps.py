"""A gap's proposed step becomes somebody's work."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.actions.follow_ups import save_follow_up
from activities.models import FollowUp
from crm.models import User
from reports.metrics.proposals import STEP_DAYS, ProposedGap


def follow_up_gap(proposed: ProposedGap, *, by: User) -> FollowUp:
    """Open a follow-up about the partner of the step, due by the step's day, in two months at the latest.

    It belongs to the unit best placed where the author may write for it, else to the author's own. Raises ValidationError
    where the step names no partner, or a follow-up of the same words is open already.
    """
    proposal = proposed.proposal
    if proposal.partner is None:
        message = _("A follow-up is about a partner, and there is none yet. Make it an item of the action plan, or register the partner.")
        raise ValidationError(message, code="no-partner")
    text = proposal.text.removesuffix(".")[:500]
    if FollowUp.objects.open().visible_to(by).filter(partner=proposal.partner, text=text).exists():
        raise ValidationError(_("This step is a follow-up already: “%(text)s”."), code="taken", params={"text": text})
    follow_up = FollowUp(text=text, partner=proposal.partner, due_on=min(proposal.until, timezone.localdate() + timedelta(days=STEP_DAYS)))
    if proposal.unit is not None and by.scope.may_write_for(proposal.unit.pk):
        follow_up.unit = proposal.unit
    return save_follow_up(follow_up, by=by)
