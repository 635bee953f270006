"""The GSM alphabets, septets and segments, held to 3GPP 23.038 and 23.040."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gsm.alphabet import (
    Split,
    decode7,
    encode7,
    fits_gsm7,
    pack,
    segments,
    septets,
    split,
    transliterate,
    unpack,
)
from drivers.gsm.tables import (
    DEFAULT,
    DEFAULT_CHARACTERS,
    ESC,
    EXTENSION,
    LOCKING,
    PORTUGUESE,
    SINGLE,
    SPANISH,
    SPANISH_SINGLE,
    TURKISH,
)
from drivers.gsm.transliteration import lost

SPANISH_CHARACTERS = DEFAULT_CHARACTERS | frozenset(SPANISH_SINGLE.values())

gsm7_texts = st.text(st.sampled_from(sorted(DEFAULT_CHARACTERS)), max_size=400)
spanish_texts = st.text(st.sampled_from(sorted(SPANISH_CHARACTERS)), max_size=400)
plain_and_strange = st.text(st.one_of(st.sampled_from("aé€[@ ñáíÁ'ç"), st.characters(codec="utf-8")), max_size=400)
encodings = st.sampled_from(["auto", "gsm7", "ucs2"])

# ------------------------------------------------------------------------------------------------------------ tables


@pytest.mark.parametrize("language", sorted(LOCKING))
def test_a_main_table_has_128_different_characters_and_the_escape_in_its_place(language: int) -> None:
    table = LOCKING[language]
    assert len(table) == len(set(table)) == 128
    assert table[ESC] == "\x1b"
    assert (table[0x0A], table[0x0D], table[0x20]) == ("\n", "\r", " ")


@pytest.mark.parametrize("language", sorted(SINGLE))
def test_every_single_shift_table_contains_the_default_extension(language: int) -> None:
    assert EXTENSION.items() <= SINGLE[language].items()
    assert len(set(SINGLE[language].values())) == len(SINGLE[language])


@pytest.mark.parametrize(
    ("char", "septet"),
    list(
        zip(
            "@$éÇ_ΔΞÉ¤¡Ñ§¿ñüà",
            (0x00, 0x02, 0x05, 0x09, 0x11, 0x10, 0x1A, 0x1F, 0x24, 0x40, 0x5D, 0x5F, 0x60, 0x7D, 0x7E, 0x7F),
            strict=True,
        )
    ),
)
def test_code_points_of_the_default_alphabet(char: str, septet: int) -> None:
    assert encode7(char) == bytes((septet,))
    assert decode7(bytes((septet,))) == char


def test_code_points_of_the_extension_and_the_spanish_table() -> None:
    assert encode7("^{}\\[~]|€\f") == bytes.fromhex("1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40 1b65 1b0a")
    assert encode7("áíóúÁÍÓÚç", shift=True) == bytes.fromhex("1b61 1b69 1b6f 1b75 1b41 1b49 1b4f 1b55 1b09")


@pytest.mark.parametrize("char", ["á", "í", "ó", "ú", "ç", "`", "\x00", "\x1b", "\t", "’", "😀", "\ud83d", "\xa0", "°"])
def test_what_the_default_alphabet_lacks_does_not_fit(char: str) -> None:
    assert not fits_gsm7(f"a{char}b")
    assert septets(f"a{char}b") is None
    with pytest.raises(ValueError, match="is not in the GSM 7-bit alphabet"):
        encode7(f"a{char}b")


# ----------------------------------------------------------------------------------------------------- encode, decode


@given(gsm7_texts)
def test_a_text_of_the_default_alphabet_comes_back(text: str) -> None:
    coded = encode7(text)
    assert decode7(coded) == text
    assert len(coded) == septets(text) == len(text) + sum(char in EXTENSION.values() for char in text)


@given(spanish_texts)
def test_a_spanish_text_comes_back_by_the_spanish_table(text: str) -> None:
    coded = encode7(text, shift=True)
    assert decode7(coded, single_shift=SPANISH) == text
    assert len(coded) == septets(text, shift=True)


def by_the_tables(coded: bytes, single: int, locking: int) -> str:
    """The plain reading of 23.038, one septet after the other."""
    text, stream = "", iter(coded)
    for septet in stream:
        if septet != ESC:
            text += LOCKING[locking][septet]
            continue
        following = next(stream, ESC)
        text += " " if following == ESC else SINGLE[single].get(following, LOCKING[locking][following])
    return text


@given(
    st.lists(st.one_of(st.integers(0, 127), st.just(ESC)), max_size=200).map(bytes),
    st.sampled_from(sorted(SINGLE)),
    st.sampled_from(sorted(LOCKING)),
)
def test_any_septets_are_read_by_the_tables(coded: bytes, single: int, locking: int) -> None:
    assert decode7(coded, single_shift=single, locking_shift=locking) == by_the_tables(coded, single, locking)


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255))
def test_decoding_never_raises(coded: bytes, single: int, locking: int) -> None:
    text = decode7(coded, single_shift=single, locking_shift=locking)
    assert text.count("\ufffd") <= sum(octet > 0x7F for octet in coded)


def test_odd_escapes_are_shown_as_a_phone_shows_them() -> None:
    assert decode7(b"a\x1bb") == "ab"  # not in the extension: the main table's character
    assert decode7(b"a\x1b\x1bb") == "a b"
    assert decode7(b"a\x1b") == "a "
    assert decode7(b"\x1b\x0a") == "\f"
    assert decode7(b"\x1b\x1b\x1be") == " €"
    assert decode7(b"a\xff\x80\x1b\xe5") == "a\ufffd\ufffd\ufffd"
    assert decode7(b"\xff", single_shift=PORTUGUESE) == "\ufffd"


def test_turkish_and_portuguese_tables() -> None:
    assert decode7(b"\x1bS\x1bs\x1bG\x1bg\x1bI\x1bi\x1bc", single_shift=TURKISH) == "ŞşĞğİıç"
    assert decode7(bytes.fromhex("0407 0b0c 1c1d 4060"), locking_shift=TURKISH) == "€ıĞğŞşİç"
    assert decode7(b"\x1b\x7b\x1b\x7c\x1b\x05\x1b\x7f\x1b\x61\x1b\x0f", single_shift=PORTUGUESE) == "ãõêâÂá"
    assert decode7(bytes.fromhex("04 06070809 0f 7b7c 7d 5b"), locking_shift=PORTUGUESE) == "êúíóçáãõ`Ã"
    assert decode7(b"\x1ba", single_shift=13) == "a"  # Urdu: as if not named


# ------------------------------------------------------------------------------------------------------ pack, unpack


def packed_bit_by_bit(septets: bytes, fill_bits: int) -> bytes:
    bits = [0] * fill_bits + [septet >> bit & 1 for septet in septets for bit in range(7)]
    bits += [0] * (-len(bits) % 8)
    return bytes(sum(bit << i for i, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8))


@given(st.binary(max_size=400).map(lambda data: bytes(octet & 0x7F for octet in data)), st.integers(0, 7))
def test_packing_is_bit_by_bit_what_the_standard_draws(coded: bytes, fill_bits: int) -> None:
    packed = pack(coded, fill_bits)
    assert packed == packed_bit_by_bit(coded, fill_bits)
    assert unpack(packed, len(coded), fill_bits) == coded


def test_known_packing() -> None:
    assert pack(b"hellohello").hex() == "e8329bfd4697d9ec37"
    assert unpack(bytes.fromhex("e8329bfd4697d9ec37"), 10) == b"hellohello"
    assert pack(b"") == b""
    assert unpack(b"", 0) == b""
    # Eight septets fill seven octets, the last may be an @: it is told from padding by the count alone.
    assert unpack(pack(encode7("saldo: @")), 8) == encode7("saldo: @")
    assert unpack(pack(encode7("saldo: ")), 7) == encode7("saldo: ")


def test_packing_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="above 0x7F"):
        pack(b"\x80")
    with pytest.raises(ValueError, match="do not hold 9 septets"):
        unpack(bytes(7), 9)
    with pytest.raises(ValueError, match="do not hold 8 septets"):
        unpack(bytes(7), 8, fill_bits=1)


# ------------------------------------------------------------------------------------------------------------- split


@pytest.mark.parametrize(
    ("text", "shift", "wide", "encoding", "lengths"),
    [
        ("", False, False, "gsm7", [0]),
        ("a" * 160, False, False, "gsm7", [160]),
        ("a" * 161, False, False, "gsm7", [153, 8]),
        ("a" * 306, False, False, "gsm7", [153, 153]),
        ("a" * 307, False, False, "gsm7", [153, 153, 1]),
        ("a" * 306, False, True, "gsm7", [152, 152, 2]),
        ("a" * 158 + "€", False, False, "gsm7", [159]),
        ("a" * 159 + "€", False, False, "gsm7", [153, 7]),
        ("a" * 152 + "€" + "a" * 20, False, False, "gsm7", [152, 21]),  # the pair would straddle
        ("a" * 151 + "€" + "a" * 20, False, False, "gsm7", [152, 20]),
        ("`" * 70, False, False, "ucs2", [70]),
        ("`" * 71, False, False, "ucs2", [67, 4]),
        ("á" * 70, False, False, "ucs2", [70]),
        ("á" * 71, False, False, "ucs2", [67, 4]),
        ("á" * 134, False, True, "ucs2", [66, 66, 2]),
        ("😀" * 35, False, False, "ucs2", [35]),
        ("😀" * 36, False, False, "ucs2", [33, 3]),  # 67 units: a 34th would be cut
        ("á" + "😀" * 36, False, False, "ucs2", [34, 3]),
        ("á" * 77, True, False, "gsm7-es", [77]),
        ("a" * 153 + "á", True, False, "gsm7-es", [154]),
        ("a" * 154 + "á", True, False, "gsm7-es", [149, 6]),
        ("a" * 148 + "á" * 4, True, False, "gsm7-es", [148, 4]),  # the pair would straddle
        ("a" * 148 + "á" * 4, True, True, "gsm7-es", [148, 4]),
        ("á" * 78, True, False, "gsm7-es", [74, 4]),
        ("á" * 134, True, False, "gsm7-es", [74, 60]),  # as many parts as in UCS-2: the phones' own choice
        ("á" * 149, True, False, "gsm7-es", [74, 74, 1]),  # 298 septets, but no pair is cut
        ("a" * 160, True, False, "gsm7", [160]),  # the shift table is not for texts that fit without
    ],
)
def test_limits(text: str, shift: bool, wide: bool, encoding: str, lengths: list[int]) -> None:
    result = split(text, shift=shift, wide_reference=wide)
    assert (result.encoding, [len(part) for part in result.parts]) == (encoding, lengths)
    assert segments(text, shift=shift, wide_reference=wide) == len(lengths)


def test_what_was_asked_for_is_done() -> None:
    assert split("hola", "ucs2") == Split("ucs2", ("hola",), 4)
    assert split("día", "gsm7", shift=True) == Split("gsm7", ("dia",), 3)
    assert split("día", "auto") == Split("ucs2", ("día",), 3)
    assert split("día", "auto", shift=True) == Split("gsm7-es", ("día",), 4)
    assert split("día 😀", "auto", shift=True).encoding == "ucs2"
    assert split("€", "gsm7").units == 2


def test_at_most_255_parts() -> None:
    assert len(split("a" * 153 * 255).parts) == segments("a" * 153 * 255) == 255
    assert len(split("á" * 67 * 255).parts) == segments("á" * 67 * 255) == 255
    for text in ("a" * (153 * 255 + 1), "á" * (67 * 255 + 1)):
        with pytest.raises(ValueError, match="256 parts, 255 at most"):
            split(text)
        with pytest.raises(ValueError, match="256 parts, 255 at most"):
            segments(text)


ROOM = {("gsm7", False): 153, ("gsm7", True): 152, ("gsm7-es", False): 149, ("gsm7-es", True): 148}
ROOM |= {("ucs2", False): 67, ("ucs2", True): 66}
SINGLE_ROOM = {"gsm7": 160, "gsm7-es": 155, "ucs2": 70}


def units(text: str, encoding: str) -> int:
    if encoding == "ucs2":
        return len(text.encode("utf-16-be")) // 2
    return len(encode7(text, shift=encoding == "gsm7-es"))


@given(st.one_of(gsm7_texts, spanish_texts, plain_and_strange), encodings, st.booleans(), st.booleans())
def test_parts_make_the_text_fit_and_waste_nothing(
    text: str, encoding: Literal["auto", "gsm7", "ucs2"], shift: bool, wide: bool
) -> None:
    result = split(text, encoding, shift=shift, wide_reference=wide)
    assert "".join(result.parts) == (transliterate(text) if encoding == "gsm7" else text)
    assert result.units == units("".join(result.parts), result.encoding)
    sizes = [units(part, result.encoding) for part in result.parts]
    if len(sizes) == 1:
        assert sizes[0] <= SINGLE_ROOM[result.encoding]
        return
    room = ROOM[result.encoding, wide]
    assert max(sizes) <= room
    assert result.units > SINGLE_ROOM[result.encoding]
    # Every part but the last is full, or one short because a pair begins there.
    for size, following in zip(sizes, result.parts[1:], strict=False):
        assert size == room or (size == room - 1 and units(following[0], result.encoding) == 2)


@given(st.one_of(gsm7_texts, spanish_texts, plain_and_strange), encodings, st.booleans(), st.booleans())
def test_segments_are_the_parts_of_the_split(
    text: str, encoding: Literal["auto", "gsm7", "ucs2"], shift: bool, wide: bool
) -> None:
    parts = split(text, encoding, shift=shift, wide_reference=wide).parts
    assert segments(text, encoding, shift=shift, wide_reference=wide) == len(parts)


@given(st.one_of(spanish_texts, plain_and_strange))
def test_the_shift_table_never_costs_more(text: str) -> None:
    assert segments(text, shift=True) <= segments(text)


@pytest.mark.parametrize("wide", [False, True])
def test_not_even_where_every_letter_takes_two_septets(wide: bool) -> None:
    for count in range(1, 1000):
        text = "á" * count
        by_table = segments(text, shift=True, wide_reference=wide)
        assert by_table <= segments(text, "ucs2", wide_reference=wide)


def test_half_characters_do_not_break_it() -> None:
    assert split("\ud83d" * 71).encoding == "ucs2"
    assert segments("\ud83d" * 71) == 2
    assert segments("\ud83d\ude00", "gsm7") == 1


# ---------------------------------------------------------------------------------------------------- transliteration


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("día, ñandú, pingüino, café, ÁÍÓÚ", "dia, ñandu, pingüino, café, AIOU"),
        ("n\u0303 N\u0303 i\u0301", "ñ Ñ i"),
        ("ñ\u0301", "ñ"),
        ("“Norte” – ‘Wifi’…", "\"Norte\" - 'Wifi'..."),
        ("«oferta»", '"oferta"'),
        ("1.500\u00a0€ \u2013 50\u202f%", "1.500 € - 50 %"),
        ("N° 5, 2º, 1ª, ½ kg, m²", "No 5, 2o, 1a, 1/2 kg, m2"),
        ("ção çÇ âêô ãõ", "cao cÇ aeo ao"),
        ("Œuvre ﬁn œ ł đ ı", "OEuvre fin oe l d i"),
        ("hola 😀", "hola ?"),
        ("👨‍👩‍👧‍👦👍🏽🇦🇷❤️", "????"),
        ("1️⃣ zero\u200bwidth\ufeff", "1 zerowidth"),
        ("• uno\u2028dos\ttres", "* uno\ndos tres"),
        ("中文 привет", "?? ??????"),
        ("ΑΒΓ αβγ", "ABΓ ABΓ"),
        ("™®©", "TM(R)(c)"),
        ("→ ≤ × ÷", "-> <= x /"),
        ("`´", "''"),
        ("\x00\x1b\x07", ""),
        ("\ud83d", "?"),
    ],
)
def test_nearest_text(text: str, nearest: str) -> None:
    assert transliterate(text) == nearest


@given(st.text(max_size=50))
def test_a_transliterated_text_fits_and_stays(text: str) -> None:
    nearest = transliterate(text)
    assert fits_gsm7(nearest)
    assert transliterate(nearest) == nearest


@given(gsm7_texts)
def test_a_text_that_fits_is_left_alone(text: str) -> None:
    assert transliterate(text) is text


@given(st.text(st.sampled_from("nNñÑ\u0303\u0301aá😀 "), max_size=30))
def test_no_ene_is_lost(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    for ene in "ñÑ":
        assert transliterate(text).count(ene) == composed.count(ene)


def test_every_character_of_unicode_has_a_nearest() -> None:
    every = "".join(chr(code) for code in range(0x20000))
    assert fits_gsm7(transliterate(every))
    assert len(DEFAULT) == 128


def test_what_becomes_a_question_mark_is_named_once_and_in_order() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert lost(f"Día 好 \U0001f600? {family} 好 «x»…") == ("好", "\U0001f600", family)
    assert lost("Mañana? ¿No?") == ()


@given(st.text())
def test_a_text_loses_something_exactly_where_question_marks_appear(text: str) -> None:
    marks = transliterate(text).count("?") - unicodedata.normalize("NFC", text).count("?")
    assert bool(lost(text)) == (marks > 0)
