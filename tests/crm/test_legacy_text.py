"""Text of former fonts is recognised by its words, converted without a loss, and left alone where it is something else."""

import unicodedata

import pytest

from crm.legacy_text import Coding, convert, encode, font_coding, font_shows_capitals, is_better_converted, is_syllable, recognise

TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
LETTERS = [*(unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in TONES), "đ"]
SENTENCES = [
    "Hội Hữu nghị Lào – Việt Nam",
    "Cộng hoà Xã hội chủ nghĩa Việt Nam",
    "ông Nguyễn Văn Thuỷ, Chủ tịch Uỷ ban Hoà bình tỉnh Quảng Ngãi",
    "Đặng Thị Ngọc Diễm và Phạm Quỳnh, Trưởng phòng Đối ngoại",
    "Trung tâm Nghiên cứu Phát triển Bền vững Tây Nguyên",
    "Quỹ Hỗ trợ nạn nhân chất độc da cam",
]


@pytest.mark.parametrize("letter", LETTERS)
def test_every_vietnamese_letter_comes_back(letter: str) -> None:
    assert convert(encode(letter, Coding.TCVN3), Coding.TCVN3) == letter
    for written in (letter, letter.upper()):
        assert convert(encode(written, Coding.VNI), Coding.VNI) == written
        assert convert(encode(written, Coding.MISREAD_UTF8), Coding.MISREAD_UTF8) == written


@pytest.mark.parametrize("letter", "ĂÂĐÊÔƠƯ")
def test_capitals_that_tcvn3_has_come_back(letter: str) -> None:
    assert convert(encode(letter, Coding.TCVN3), Coding.TCVN3) == letter


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_real_sentences_are_recognised_and_come_back(sentence: str, coding: Coding) -> None:
    stored = encode(sentence, coding)
    found = recognise([stored])
    assert found is not None
    assert found.coding is coding
    assert convert(stored, coding) == sentence
    assert is_better_converted(stored, coding)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_text_in_unicode_is_left_alone(sentence: str) -> None:
    assert recognise([sentence]) is None
    assert not any(is_better_converted(sentence, coding) for coding in Coding)


@pytest.mark.parametrize(
    "name",
    [
        "Société Générale de Paris", "Universität München, Köln", "Asociación de Amistad", "São Paulo, Brasília", "Ñandú de Peñablanca",
        "Göteborgs stad, Malmö", "Universidade de Évora", "Łódź i Kraków", "Общество дружбы", "ມິດຕະພາບ",
    ],
)  # fmt: skip
def test_names_of_other_languages_are_left_alone(name: str) -> None:
    assert recognise([name]) is None


@pytest.mark.parametrize(
    ("stored", "read"), [("Hµ NéI", "HÀ NỘI"), ("HéI H÷U NGHÞ", "HỘI HỮU NGHỊ"), ("Héi H÷u nghÞ LµO", "Hội Hữu nghị LÀO")]
)
def test_capitals_typed_in_a_plain_tcvn3_font_follow_the_letters_around(stored: str, read: str) -> None:
    assert convert(stored, Coding.TCVN3) == read


def test_fonts_say_the_coding_and_that_small_letters_show_as_capitals() -> None:
    assert font_coding(".VnTime") is Coding.TCVN3
    assert font_coding("VNI-Times") is Coding.VNI
    assert font_coding("Times New Roman") is font_coding(None) is None
    assert font_shows_capitals(".VnTimeH")
    assert not font_shows_capitals(".VnTime")
    assert convert("héi h÷u nghÞ", Coding.TCVN3, capitals=True) == "HỘI HỮU NGHỊ"


@pytest.mark.parametrize("word", ["nghiêng", "thuở", "khuya", "giếng", "quyết", "Đặng", "ươm", "uỷ", "oải"])
def test_vietnamese_syllables_are_known(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["Générale", "München", "ńi", "tàt", "strợ", "hộì", ""])
def test_what_is_no_syllable_is_known(word: str) -> None:
    assert not is_syllable(word)
