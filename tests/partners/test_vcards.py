"""vCards: written as RFC 6350 says, and read back; read from telephones and mail programs of other times."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.text import one_line
from partners.vcards.cards import Card, CardPost, language_of
from partners.vcards.read import read_cards
from partners.vcards.write import folded, write_cards

MARIA = Card(
    full_name="ບຸນມີ ວົງສາ", latin_name="Bounmy Vongsa", native_name="ບຸນມີ ວົງສາ", family="Vongsa", given="Bounmy",
    native_parts=("ວົງສາ", "", "ບຸນມີ"),
    posts=(CardPost("Hội Hữu nghị Lào - Việt, Viêng Chăn", {"vi": "Chủ tịch; Uỷ viên", "en": "President"}),),
    emails=("bounmy@example.la",), phones=("+856 20 5555",), languages=("lo", "vi"),
    uid="019a9b6f-0d11-7a52-8c40-6b1f0e2d9a77", revised_at=datetime(2026, 1, 15, 2, 30, tzinfo=UTC),
)  # fmt: skip


def text_of(*cards: Card) -> str:
    return "".join(write_cards(cards))


def read_one(text: str | bytes) -> Card:
    reading = read_cards(text.encode() if isinstance(text, str) else text)
    assert len(reading.cards) == 1, reading
    return reading.cards[0].card


def test_a_card_is_written_as_rfc_6350_says() -> None:
    written = text_of(MARIA)

    assert written.startswith("BEGIN:VCARD\r\nVERSION:4.0\r\n")
    assert written.endswith("END:VCARD\r\n")
    unfolded = written.replace("\r\n ", "").split("\r\n")
    assert "UID:urn:uuid:019a9b6f-0d11-7a52-8c40-6b1f0e2d9a77" in unfolded
    assert "REV:20260115T023000Z" in unfolded
    assert "FN;ALTID=1;LANGUAGE=lo:ບຸນມີ ວົງສາ" in unfolded
    assert "N;ALTID=1:Vongsa;Bounmy;;;" in unfolded
    assert "N;ALTID=1;LANGUAGE=lo:ວົງສາ;ບຸນມີ;;;" in unfolded
    assert "post1.ORG:Hội Hữu nghị Lào - Việt\\, Viêng Chăn" in unfolded
    assert "post1.TITLE;ALTID=1;LANGUAGE=vi:Chủ tịch\\; Uỷ viên" in unfolded
    assert "post1.TITLE;ALTID=1;LANGUAGE=en:President" in unfolded
    assert "NOTE" not in written


def test_what_is_written_is_read_again_equal() -> None:
    assert read_one(text_of(MARIA)) == MARIA


@given(st.text(alphabet=st.characters(exclude_characters="\r\n", categories=("L", "M", "N", "P", "S", "Z", "Cc", "Cf")), max_size=400))
def test_a_folded_line_has_75_octets_at_most_and_parts_no_character(line: str) -> None:
    pieces = folded(line).encode().split(b"\r\n")

    assert all(len(piece) <= 75 for piece in pieces)
    assert all(piece.decode() for piece in pieces) or line == ""
    assert folded(line).replace("\r\n ", "") == line


LINES = st.text(max_size=60).map(lambda text: one_line(text).strip()).filter(
    lambda text: not any(character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" for character in text)
    and not any(ord(character) < 32 or 127 <= ord(character) < 160 or 0xD800 <= ord(character) < 0xE000 for character in text)
    and one_line(text).strip() == text
)  # fmt: skip
NAMES = LINES.filter(bool)
POSTS = st.builds(CardPost, NAMES, st.dictionaries(st.sampled_from(["vi", "en", "lo", ""]), NAMES, max_size=3))
CARDS = st.builds(
    Card, full_name=NAMES, latin_name=LINES.filter(lambda text: True), family=LINES, middle=LINES, given=LINES,
    posts=st.lists(POSTS, max_size=2).map(tuple),
    emails=st.lists(NAMES, max_size=2, unique=True).map(tuple),
    phones=st.lists(NAMES.filter(lambda text: not text.startswith("tel:")), max_size=2, unique=True).map(tuple),
    languages=st.lists(st.sampled_from(["vi", "lo", "en"]), max_size=3, unique=True).map(tuple),
    uid=st.uuids().map(str),
)  # fmt: skip


@given(st.lists(CARDS, min_size=1, max_size=3))
def test_any_card_comes_back_as_it_was(cards: list[Card]) -> None:
    assert [read.card for read in read_cards(text_of(*cards).encode()).cards] == cards


@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: f"BEGIN:VCARD\r\nN:{text}\r\nFN;ENCODING=QUOTED-PRINTABLE:={text}".encode())
)
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    read_cards(data)
    read_cards(b"BEGIN:VCARD\n" + data + b"\nEND:VCARD")


def test_a_telephone_of_2005_is_read() -> None:
    old = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\n"
        "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Nguy=E1=BB=85n;Tu=E1=BA=A5n;Anh=\r\n;;\r\n"
        "FN;CHARSET=UTF-8;QUOTED-PRINTABLE:Nguy=E1=BB=85n Anh =\r\nTu=E1=BA=A5n\r\n"
        "TEL;CELL;PREF:+84 91 234 5678\r\nTEL;HOME:024 3825\r\nEMAIL;INTERNET:tuan@example.vn\r\n"
        "PHOTO;JPEG;ENCODING=BASE64:\r\n /9j/4AAQ\r\n SkZJRg==\r\n\r\n"
        "END:VCARD\r\n"
    )
    card = read_one(old)

    assert (card.full_name, card.family, card.middle, card.given) == ("Nguyễn Anh Tuấn", "Nguyễn", "Anh", "Tuấn")
    assert card.phones == ("+84 91 234 5678", "024 3825")
    assert card.emails == ("tuan@example.vn",)


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("windows-1258", "Nguyễn Thị Hương"),
        ("windows-1251", "Иван Сидоров"),
        ("GB2312", "王伟"),
        ("Shift_JIS", "田中太郎"),
        ("ISO-8859-1", "José"),
    ],
)
def test_a_legacy_charset_is_decoded(charset: str, name: str) -> None:
    written = name
    if charset == "windows-1258":  # It has the vowels composed and the tones apart.
        written = "Nguyê\u0303n Thi\u0323 Hương"
    quoted = "".join(f"={byte:02X}" for byte in written.encode(charset))
    plain = f"BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET={charset}:".encode() + written.encode(charset) + b"\nEND:VCARD\n"

    assert read_one(f"BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:{quoted}\nEND:VCARD\n").full_name == name
    assert read_one(plain).full_name == name


def test_version_3_with_groups_and_folding() -> None:
    card = read_one(
        "BEGIN:VCARD\nVERSION:3.0\nN:Smith;John;;Mr.;\nFN:John Sm\n ith\nitem1.ORG:Friends of Viet Nam;Hanoi Office\n"
        "item1.TITLE:Director\nitem2.EMAIL;type=INTERNET;type=pref:john@example.org\nitem2.X-ABLabel:_$!<Work>!$_\nEND:VCARD\n"
    )

    assert card.full_name == "John Smith"
    assert card.posts == (CardPost("Friends of Viet Nam, Hanoi Office", {"": "Director"}),)
    assert card.emails == ("john@example.org",)


def test_a_card_half_written_is_offered_and_what_is_lost_is_told() -> None:
    halves = ["FN:Một\nthis line is broken", "N:Hai;Trần\nEND:VCARD", "TEL:1\nEND:VCARD", "FN:Bốn"]
    reading = read_cards("\n".join(f"BEGIN:VCARD\n{half}" for half in halves).encode())

    assert [read.card.full_name for read in reading.cards] == ["Một", "Trần Hai", "Bốn"]
    assert [len(read.faults) for read in reading.cards] == [2, 1, 1]
    assert len(reading.faults) == 1, "the third card names nobody"


def test_a_card_inside_a_card_is_left_out() -> None:
    card = read_one("BEGIN:VCARD\nFN:Ngoài\nAGENT:\nBEGIN:VCARD\nFN:Trong\nEND:VCARD\nTEL:1\nEND:VCARD\n")

    assert (card.full_name, card.phones) == ("Ngoài", ("1",))


def test_a_picture_of_five_megabytes_is_skipped_and_one_of_twenty_refused() -> None:
    picture = base64.b64encode(b"\xff" * 5_000_000).decode()
    folded_picture = "\r\n ".join(picture[place : place + 74] for place in range(0, len(picture), 74))

    assert read_one(f"BEGIN:VCARD\r\nFN:An\r\nPHOTO;ENCODING=b;TYPE=JPEG:{folded_picture}\r\nTEL:1\r\nEND:VCARD\r\n").phones == ("1",)
    reading = read_cards(b"x" * 20_000_000)
    assert not reading.cards
    assert len(reading.faults) == 1


def test_marks_that_deceive_are_left_out_and_told() -> None:
    reading = read_cards("BEGIN:VCARD\nFN:An\u202egnp\x00\u200b\nEND:VCARD\n".encode())

    assert reading.cards[0].card.full_name == "Angnp"
    assert len(reading.cards[0].faults) == 1


def test_what_is_no_card_is_said_to_be_none() -> None:
    for nothing in (b"", b"name,phone\nAn,1\n", b"\x00\x01\x02", b"\xff\xfe"):
        reading = read_cards(nothing)
        assert not reading.cards
        assert len(reading.faults) == 1


def test_ten_thousand_cards_are_cut_off() -> None:
    reading = read_cards(b"BEGIN:VCARD\nFN:An\nEND:VCARD\n" * 10_000)

    assert len(reading.cards) == 200
    assert len(reading.faults) == 1


@pytest.mark.parametrize(
    ("text", "language"), [("ບຸນມີ", "lo"), ("王伟", "zh"), ("田中さん", "ja"), ("Иван", "ru"), ("សុខ", "km"), ("Nguyễn", ""), ("", "")]
)
def test_a_script_tells_its_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_file_of_empty_cards_is_cut_off_and_says_so_briefly() -> None:
    """Half a million cards without a name must not cost as many messages."""
    reading = read_cards(b"BEGIN:VCARD\nEND:VCARD\n" * 5_000)
    assert not reading.cards
    assert len(reading.faults) <= 51


def test_a_card_of_very_many_properties_is_read_up_to_a_limit() -> None:
    lines = b"".join(b"EMAIL:a%d@example.org\n" % number for number in range(5_000))
    (read,) = read_cards(b"BEGIN:VCARD\nFN:An\n" + lines + b"END:VCARD\n").cards
    assert len(read.card.emails) < 1_000


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "raw-unicode-escape", "utf-7", "no-such", "a\x00b"])
def test_a_charset_that_is_no_alphabet_is_not_used(charset: str) -> None:
    name = f"FN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:Tr=E1=BA=A7n +AGE-ab"
    (read,) = read_cards(f"BEGIN:VCARD\n{name}\nEND:VCARD\n".encode()).cards
    assert read.card.full_name == "Trần +AGE-ab"


def test_a_preference_of_five_thousand_digits_is_no_preference() -> None:
    mails = b"EMAIL;PREF=" + b"9" * 5_000 + b":a@example.org\nEMAIL;PREF=1:b@example.org\n"
    (read,) = read_cards(b"BEGIN:VCARD\nFN:An\n" + mails + b"END:VCARD\n").cards
    assert read.card.emails == ("b@example.org", "a@example.org")
