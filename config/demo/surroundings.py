"""The reference rows that exchanges are made with, read once."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from activities.models import ExchangeKind
from config.demo.accounts import Colleagues
from crm.models import Country, PolicyDocument, Province, Unit

CAPITAL = "Hà Nội"


@dataclass(frozen=True)
class Surroundings:
    today: date
    colleagues: Colleagues

    @cached_property
    def kinds(self) -> dict[str, ExchangeKind]:
        return {kind.code: kind for kind in ExchangeKind.objects.all()}

    @cached_property
    def units(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in Unit.objects.select_related("province")}

    @cached_property
    def countries(self) -> dict[str, Country]:
        return {country.alpha2: country for country in Country.objects.all()}

    @cached_property
    def directive(self) -> PolicyDocument:
        """Directive 12-CT/TW on people's diplomacy, which most plans refer to."""
        return PolicyDocument.objects.get(code="CT12")

    @cached_property
    def _provinces(self) -> list[Province]:
        return list(Province.objects.all())

    def province_of(self, unit: Unit, day: date) -> Province:
        """The unit's province as it was on the day, Hà Nội for the centre: provinces were merged on 1 July 2025."""
        name = unit.province.name_vi if unit.province else CAPITAL
        return next(
            province
            for province in self._provinces
            if province.name_vi == name
            and (province.valid_from is None or province.valid_from <= day)
            and (province.valid_to is None or day < province.valid_to)
        )
