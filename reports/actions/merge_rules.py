"""Figures do not move with a merged partner: they are computed anew from its exchanges. What is planned for it passes over."""

from django.utils.translation import gettext_lazy as _

from partners.actions.moves import leave, pass_over, rule_for

rule_for("reports.engagementsnapshot.partner", move=leave)
rule_for("reports.risksnapshot.partner", move=leave)
rule_for("reports.actionitem.partner", label=_("Items of action plans"), move=pass_over)
