"""Loading a policy version: readable file in, exact integers out, and never changed again."""

from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError

from activities.choices import Level, PointsClass, merit_code
from crm.models import Tier
from reports.actions.policies import load_policy
from reports.management.commands.load_policy import POLICIES
from reports.metrics.days import policy_on
from reports.metrics.weights import weight_of_age
from reports.models import PolicyVersion

TEXT = (POLICIES / "2025.toml").read_text(encoding="utf-8")


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


def test_points_are_base_times_level_times_sides_in_hundredths(policy: PolicyVersion) -> None:
    points = dict(policy.points.values_list("merit", "hundredths"))
    assert len(points) == 42
    assert points[merit_code(PointsClass.DELEGATION, Level.LEADER, one_sided=False)] == 1200
    assert points[merit_code(PointsClass.EVENT, Level.DEPUTY, one_sided=False)] == 960
    assert points[merit_code(PointsClass.MEETING, Level.LEADER, one_sided=True)] == 375
    assert points[merit_code(PointsClass.LETTER, Level.WORKING, one_sided=True)] == 50


def test_weights_halve_every_half_life_and_end_with_the_window(policy: PolicyVersion) -> None:
    weights = dict(policy.weights.values_list("age", "billionths"))
    assert len(weights) == 1095
    assert [weights[age] for age in (0, 28, 180, 360, 1094)] == [10**9, 897_786_585, 500_000_000, 250_000_000, weight_of_age(1094, 180)]
    assert all(abs(weight - 2 ** (-age / 180) * 10**9) <= 1 for age, weight in weights.items())


def test_every_tier_has_a_cadence(policy: PolicyVersion) -> None:
    assert set(policy.cadences.values_list("tier__code", flat=True)) == set(Tier.objects.values_list("code", flat=True))


@pytest.mark.django_db
def test_the_same_content_again_changes_nothing_even_with_other_comments() -> None:
    policy, is_new = load_policy("# Read twice.\n" + changed("working = 1.0", "working = 1.00"))
    assert not is_new
    assert policy.code == "2025"
    assert PolicyVersion.objects.count() == 1


@pytest.mark.django_db
def test_the_same_code_with_other_content_is_refused() -> None:
    with pytest.raises(ValidationError, match="2025") as refused:
        load_policy(changed("half_life_days = 180", "half_life_days = 200"))
    assert refused.value.code == "policy-immutable"


@pytest.mark.django_db
def test_a_new_version_serves_from_its_first_day_on() -> None:
    new = changed('code = "2025"', 'code = "2026"').replace("effective_from = 1945-09-02", "effective_from = 2026-01-01")
    load_policy(new.replace("half_life_days = 180", "half_life_days = 200"))
    assert policy_on(date(2025, 12, 31)).code == "2025"
    assert policy_on(date(2026, 1, 1)).code == "2026"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("half_life_days = 180", "half_life_days = 0", "half_life_days"),
        ("half_life_days = 180", 'half_life_days = "180"', "half_life_days"),
        ("window_days = 1095", "", "window_days"),
        ("letter = 1 ", "letter = 1.003 ", "letter × working × both"),
        ("letter = 1 ", "letter = -1 ", "base_points.letter"),
        ("letter = 1 ", "leter = 1 ", "base_points.leter"),
        ('least_level = "leader"', 'least_level = "president"', "cadences.SPECIAL.least_level"),
        ("effective_from = 1945-09-02", 'effective_from = "soon"', "effective_from"),
        ("[cadences.SPECIAL]", "[cadences.SPATIAL]", "SPATIAL"),
        ("[caps]", "[caps", "TOML"),
    ],
)
def test_a_mistake_in_a_file_is_named_and_nothing_is_loaded(old: str, new: str, named: str) -> None:
    text = changed(old, new).replace('code = "2025"', 'code = "other"')
    with pytest.raises(ValidationError) as refused:
        load_policy(text)
    assert any(named in message for message in refused.value.messages)
    assert not PolicyVersion.objects.filter(code="other").exists()


@pytest.mark.django_db
def test_the_command_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text("code = ", encoding="utf-8")
    with pytest.raises(CommandError, match=r"broken\.toml"):
        call_command("load_policy", str(file))
    with pytest.raises(CommandError, match=r"missing\.toml"):
        call_command("load_policy", str(tmp_path / "missing.toml"))


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "code"), [(date(2099, 1, 1), "future"), (date(1945, 9, 1), "no-policy")])
def test_there_are_no_figures_for_the_future_nor_before_the_first_policy(day: date, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        policy_on(day)
    assert refused.value.code == code
