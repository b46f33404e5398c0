"""A kind of partner is found by the words of other lists, in both languages."""

import unicodedata

import pytest

from crm.lookup import NotFound
from partners.choices import PartnerFamily
from partners.lookup import PartnerKindIndex
from partners.models import PartnerKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def index() -> PartnerKindIndex:
    return PartnerKindIndex()


def test_every_family_has_a_kind() -> None:
    assert set(PartnerKind.objects.values_list("family", flat=True)) == set(PartnerFamily.values)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UNIVERSITY", "UNIVERSITY"),
        ("education", "UNIVERSITY"),
        ("education; funder", "UNIVERSITY"),
        ("funder; healthcare", "FOUNDATION"),
        ("nothing known; company", "COMPANY"),
        ("facility", "RESEARCH_INSTITUTE"),
        ("institute", "RESEARCH_INSTITUTE"),
        ("healthcare", "HEALTH_INSTITUTION"),
        ("nonprofit", "SOCIAL_ORGANISATION"),
        ("NGO", "FOREIGN_NGO"),
        ("government", "STATE_BODY"),
        ("archive", "ARCHIVE"),
        ("other", "OTHER"),
        ("Hội hữu nghị", "FRIENDSHIP_ASSOCIATION"),
        ("hoi huu nghi", "FRIENDSHIP_ASSOCIATION"),
        ("Doanh nghiệp", "COMPANY"),
        ("công ty", "COMPANY"),
        ("Đại sứ quán", "EMBASSY"),
        ("tổ chức phi chính phủ nước ngoài", "FOREIGN_NGO"),
        ("kiều bào", "OVERSEAS_VIETNAMESE"),
    ],
)
def test_found_by_code_label_or_alias(text: str, code: str, index: PartnerKindIndex) -> None:
    assert index.find(unicodedata.normalize("NFD", text)).code == code


@pytest.mark.parametrize("text", ["", "qwertz", ";;"])
def test_an_unknown_word_is_refused(text: str, index: PartnerKindIndex) -> None:
    with pytest.raises(NotFound):
        index.find(text)


def test_a_misspelt_word_brings_suggestions(index: PartnerKindIndex) -> None:
    with pytest.raises(NotFound) as raised:
        index.find("universty")
    assert raised.value.suggestions[0].code == "UNIVERSITY"
