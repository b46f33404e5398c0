"""Whatever two sides do to the cells of a workbook, what comes of it is what the pure three-way merge says."""

from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crm.models import Field, Unit, User
from crm.three_way import merge
from partners.actions.partners import save_partner
from partners.models import Partner, PartnerKind
from tests.bed.workbooks import bring_and_apply, edited, taken

pytestmark = pytest.mark.django_db

CITIES = ("", "Vinh", "Huế", "+84", "=1+1", "00123")
YEARS = (None, 1979, 1990, 2001)
SIDE = st.fixed_dictionaries(
    {},
    optional={
        "city": st.sampled_from(CITIES),
        "founded_year": st.sampled_from(YEARS),
        "friend_since": st.sampled_from(YEARS),
        "fields": st.lists(st.sampled_from(("PEACE", "ENV", "SOC")), unique=True).map(sorted),
    },
)


def values_of(partner: Partner) -> dict[str, Any]:
    plain = {name: getattr(partner, name) for name in ("city", "founded_year", "friend_since")}
    return {**plain, "fields": sorted(partner.fields.values_list("code", flat=True))}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(here=st.lists(SIDE, min_size=2, max_size=2), there=st.lists(SIDE, min_size=2, max_size=2))
@example(here=[{}, {"city": "Huế"}], there=[{"city": "=1+1", "founded_year": 2001}, {"city": "=1+1"}])
def test_random_edits_on_both_sides_come_out_as_the_pure_merge_says(
    here: list[dict[str, Any]], there: list[dict[str, Any]], an: User, nghe_an: Unit
) -> None:
    translation.activate("en")
    kind, fields = PartnerKind.objects.get(code="FRIENDSHIP_ASSOCIATION"), {field.code: field for field in Field.objects.all()}
    number = Partner.objects.count()
    partners = [
        save_partner(Partner(name=f"Hội {number + one}", kind=kind, city="Vinh"), by=an, fields=[fields["PEACE"]]) for one in range(2)
    ]
    content, bases = taken(nghe_an, by=an), [values_of(partner) for partner in partners]
    for partner, changed in zip(partners, here, strict=True):
        for name, value in changed.items():
            if name != "fields":
                setattr(partner, name, value)
        save_partner(partner, by=an, fields=[fields[code] for code in changed["fields"]] if "fields" in changed else None)
    currents = [values_of(partner) for partner in partners]

    def cells(values: dict[str, Any]) -> dict[str, Any]:
        return {name: "; ".join(value) if name == "fields" else value for name, value in values.items()}

    def work(book: Any) -> None:
        for partner, values in zip(partners, there, strict=True):
            book.set("partners", book.row("partners", partner.name), **cells(values))

    upload = bring_and_apply(edited(content, work), by=an) if any(there) else None

    asked = {(entry["key"], entry["column"]) for entry in upload.conflicts} if upload else set()
    for partner, base, values, current in zip(partners, bases, there, currents, strict=True):
        merged = merge(base, values, current, as_sets={"fields"})
        stored = values_of(Partner.objects.get(pk=partner.pk))
        expected = {**current, **merged.apply}
        assert {**stored, "fields": sorted(stored["fields"])} == {**expected, "fields": sorted(expected["fields"])}
        assert {column for key, column in asked if key == str(partner.public_id)} == set(merged.conflicts)
