"""What becomes of exchanges, people present, follow-ups and agreements when partners or people are merged."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from activities.models import AgreementParty, Attendance, Participation
from partners.actions.moves import pass_over, rule_for, unite_by


def _in_both_exchanges(survivor: Any, merged: Any) -> list[str]:
    shared = Participation.objects.filter(partner=merged, exchange__in=Participation.objects.filter(partner=survivor).values("exchange"))
    return _said(
        shared.count(),
        ngettext("%(count)d exchange names both: it is kept once.", "%(count)d exchanges name both: each is kept once.", shared.count()),
    )


def _both_present(survivor: Any, merged: Any) -> list[str]:
    shared = Attendance.objects.filter(person=merged, exchange__in=Attendance.objects.filter(person=survivor).values("exchange"))
    return _said(
        shared.count(),
        ngettext(
            "Both are named as present at %(count)d exchange: once is kept.",
            "Both are named as present at %(count)d exchanges: once is kept.",
            shared.count(),
        ),
    )


def _in_both_agreements(survivor: Any, merged: Any) -> list[str]:
    signed = AgreementParty.objects.filter(partner=survivor).values("agreement")
    shared = AgreementParty.objects.filter(partner=merged, agreement__in=signed)
    return _said(
        shared.count(),
        ngettext("Both signed %(count)d agreement: it names one.", "Both signed %(count)d agreements: each names one.", shared.count()),
    )


def _said(count: int, words: str) -> list[str]:
    return [words % {"count": count}] if count else []


rule_for("activities.participation.partner", label=_("Exchanges"), move=unite_by("exchange_id"), conflicts=_in_both_exchanges)
rule_for("activities.attendance.partner", label=_("People present for the partner"), move=pass_over)
rule_for("activities.attendance.person", label=_("Present at exchanges"), move=unite_by("exchange_id"), conflicts=_both_present)
rule_for("activities.followup.partner", label=_("Follow-ups"), move=pass_over)
rule_for("activities.commitment.partner", label=_("Commitments"), move=pass_over)
rule_for("activities.commitment.person", label=_("Promised by this person"), move=pass_over)
rule_for("activities.agreementparty.partner", label=_("Agreements"), move=unite_by("agreement_id"), conflicts=_in_both_agreements)
