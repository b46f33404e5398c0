"""Which units are one house: what a chapter does its union knows, and what a department does the centre."""

from crm.choices import CENTRAL_UNIT_KINDS
from crm.models import Unit
from reports.metrics.completeness import is_due


def houses() -> dict[int, Unit]:
    """Return unit → the unit that stands for its house: the union or association it reports through, the centre for its departments.

    Any other unit stands for itself. One query.
    """
    units = list(Unit.objects.select_related("parent").order_by("path"))
    by_code = {unit.code: unit for unit in units}
    return {unit.pk: _house(unit, by_code) for unit in units}


def _house(unit: Unit, by_code: dict[str, Unit]) -> Unit:
    above = [by_code[code] for code in unit.path.strip("/").split("/")]
    reporting = next((other for other in above if is_due(other)), None)
    if reporting is not None:
        return reporting
    return above[0] if unit.kind in CENTRAL_UNIT_KINDS else unit
