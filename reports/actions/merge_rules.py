"""Figures do not move with a merged partner: they are computed anew from its exchanges."""

from partners.actions.moves import leave, rule_for

rule_for("reports.engagementsnapshot.partner", move=leave)
