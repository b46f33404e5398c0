"""docs/api/errors.md names every code that a program may be answered, with its status."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.api.problems import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api" / "errors.md").read_text(encoding="utf-8")
# What requests of programs pass through: bodies, actions and models of the records that the API writes.
PASSED = (
    "crm/api/*.py", "crm/actions/records.py", "crm/actions/sources.py", "crm/models/fields.py", "partners/api/*.py",
    "partners/actions/partners.py", "partners/actions/people.py", "partners/actions/source*.py", "partners/models/p*.py",
    "activities/api/*.py", "activities/actions/exchange*.py", "activities/actions/source*.py", "activities/actions/follow_ups.py",
    "activities/actions/commitments.py", "activities/actions/agreements.py", "activities/models/*.py",
    "reports/api/*.py", "reports/actions/closed_periods.py",
)  # fmt: skip
PLAIN = (
    "required", "null", "blank", "invalid", "invalid-choice", "max-length", "min-value", "max-value", "null-characters-not-allowed",
    "read-only",
)  # fmt: skip


def codes_in(path: Path) -> Iterator[str]:
    """The codes of rules that a module raises: ``code="…"`` and ``self.fail("…")``, as the API spells them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        said = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "fail":
            said += node.args[:1]
        yield from (one.value.replace("_", "-") for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str))


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_of_problem_is_explained(code: str) -> None:
    assert re.search(rf"^\| {KINDS[code].status} \| `{code}` \|", PAGE, re.MULTILINE)


def test_no_kind_is_explained_that_there_is_not() -> None:
    assert set(re.findall(r"^\| \d+ \| `([a-z-]+)`", PAGE, re.MULTILINE)) == set(KINDS)


def test_every_code_of_a_rule_is_explained() -> None:
    raised = {code for pattern in PASSED for path in ROOT.glob(pattern) for code in codes_in(path)}
    explained = set(re.findall(r"`([a-z-]+)`", PAGE))
    assert sorted(raised - explained) == []


@pytest.mark.parametrize("code", PLAIN)
def test_the_codes_of_plain_fields_are_explained(code: str) -> None:
    assert f"| `{code}` |" in PAGE
