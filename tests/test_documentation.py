"""What the documents say is so: links lead somewhere, the table of variables is complete, commands exist."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config.demo.accounts import CLIENT_ID, CLIENT_SECRET, PASSWORD
from config.demo.tables import document

ROOT = Path(__file__).resolve().parent.parent
READMES = ["README.md", "README.en.md"]
DOCUMENTS = sorted([*(ROOT / name for name in READMES), *ROOT.glob("docs/**/*.md"), *ROOT.glob("clients/**/*.md")])
SETTINGS_VARIABLE = re.compile(r'(?:env\.\w+|_own)\(\s*"([A-Z_]+)"')
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
TABLE_VARIABLE = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
# What is named by ./dev or python, besides the commands of manage.py.
COMMAND = re.compile(r"(?:manage\.py|\./dev manage) ([a-z_]+)")
DEV_COMMAND = re.compile(r"\./dev ([a-z]+)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_relative_link_leads_to_a_file(path: Path) -> None:
    targets = [target.split("#")[0] for target in LINK.findall(path.read_text(encoding="utf-8"))]
    broken = [target for target in targets if target and "://" not in target and not (path.parent / target).exists()]
    assert not broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(COMMAND.findall(text)) <= set(get_commands())
    known = set(re.findall(r"^    ([a-z]+)\)", (ROOT / "dev").read_text(encoding="utf-8"), re.MULTILINE)) | {"help"}
    assert set(DEV_COMMAND.findall(text)) <= known


@pytest.mark.parametrize("readme", READMES)
def test_the_table_of_variables_is_what_the_settings_read(readme: str) -> None:
    read = SETTINGS_VARIABLE.findall((ROOT / "config" / "settings.py").read_text(encoding="utf-8"))
    listed = TABLE_VARIABLE.findall((ROOT / readme).read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(set(read))


@pytest.mark.parametrize("readme", READMES)
def test_the_demo_accounts_are_those_that_are_loaded(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert all(word in text for word in (PASSWORD, CLIENT_ID, CLIENT_SECRET))
    loaded = [row["username"] for row in document("accounts.toml")["account"] if row.get("shown")]
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) == loaded


def test_every_folder_of_code_is_on_the_map() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    for readme in READMES:
        assert folders <= set(re.findall(r"\[(\w+)/\]", (ROOT / readme).read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_no_document_names_a_folder_of_somebody_s_machine(path: Path) -> None:
    assert not re.search(r"/(?:home|root|Users|work|tmp)/", path.read_text(encoding="utf-8"))


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = LINK.findall((folder / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.name for path in folder.glob("0*.md"))
