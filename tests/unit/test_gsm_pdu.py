"""The PDU codec: vectors worked out from 3GPP 23.038 and 23.040, round trips, and broken input."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.gsm.alphabet import encode7, pack, split
from drivers.gsm.cbs import decode_string, encode_string
from drivers.gsm.dcs import CODINGS
from drivers.gsm.pdu import Concat, Deliver, Direction, Pdu, PduError, StatusReport, Submit, decode
from drivers.gsm.tables import DEFAULT_CHARACTERS, SPANISH_SINGLE
from drivers.gsm.validity import DAY, HOUR, MINUTE, RELATIVE_S, WEEK, is_close, relative_octet

BUENOS_AIRES = timezone(timedelta(hours=-3))
AT = datetime(2026, 11, 22, 3, 15, 9, tzinfo=BUENOS_AIRES)
TO = "+5491159876543"


def deliver(user_data: str, *, dcs: int = 0, header: bool = False) -> str:
    """Hexadecimal SMS-DELIVER from a fixed sender with these octets of TP-UDL and TP-UD."""
    return f"00{0x44 if header else 0x04:02X}0A91947101234500{dcs:02X}62112230519080" + user_data.replace(" ", "")


def received(pdu: str) -> Deliver:
    result = decode(pdu)
    assert isinstance(result, Deliver)
    return result


def sent(pdu: str) -> Submit:
    result = decode(pdu, direction="from_mobile")
    assert isinstance(result, Submit)
    return result


# ----------------------------------------------------------------------------------------------------- known vectors


def test_a_delivered_text() -> None:
    pdu = received("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07")
    assert pdu.smsc == "+31624000000"
    assert pdu.sender == "+31641600986"
    assert pdu.text == "How are you?"
    assert pdu.at == datetime(2002, 8, 26, 19, 37, 41, tzinfo=UTC)
    assert (pdu.encoding, pdu.dcs, pdu.pid, pdu.concat) == ("gsm7", 0, 0, None)


def test_a_submitted_text() -> None:
    submit = Submit("+46708251358", "hellohello", "gsm7", report=False, validity_s=4 * DAY)
    pdu = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37"
    assert submit.encode() == (pdu, len(pdu) // 2 - 1)
    assert sent(pdu) == submit


def test_the_service_centre_is_not_counted() -> None:
    with_own = Submit(TO, "hola", "gsm7", smsc="+54911000000").encode()
    without = Submit(TO, "hola", "gsm7").encode()
    assert with_own == ("07914519010000F0" + without[0][2:], without[1])
    assert sent(with_own[0]).smsc == "+54911000000"


def test_first_octet_of_a_submit() -> None:
    def first(**fields: object) -> int:
        return int(replace(Submit(TO, "a", "gsm7", report=False), **fields).encode()[0][2:4], 16)  # type: ignore[arg-type]

    assert first() == 0x01
    assert first(report=True) == 0x21
    assert first(reject_duplicates=True) == 0x05
    assert first(validity_s=300) == 0x11
    assert first(valid_until=AT) == 0x19
    assert first(concat=Concat(1, 2, 1)) == 0x41
    assert first(encoding="gsm7-es") == 0x41


def test_the_message_reference_wraps() -> None:
    assert sent(Submit(TO, "a", "gsm7", reference=0x1FF).encode()[0]).reference == 0xFF


def test_a_status_report() -> None:
    pdu = "0006D60B911326880736F4111011719551401110117195714000"
    report = decode(pdu)
    assert report == StatusReport(
        reference=0xD6,
        recipient="+31628870634",
        status=0,
        submitted_at=datetime(2011, 1, 11, 17, 59, 15, tzinfo=timezone(timedelta(hours=1))),
        discharged_at=datetime(2011, 1, 11, 17, 59, 17, tzinfo=timezone(timedelta(hours=1))),
    )
    assert report.encode() == (pdu, 25)
    # Optional fields (TP-PI, TP-PID, TP-DCS, TP-UDL, TP-UD) after the status are left alone.
    assert decode(pdu + "07000004C8F7190D") == report


@pytest.mark.parametrize(
    ("concat", "encoding", "text", "user_data"),
    [
        # 48 bits of header, one fill bit: A is 0x41 << 1.
        (Concat(0x2A, 2, 1), "gsm7", "A", "08 0500032A0201 82"),
        # 56 bits of header, none: the first character begins on an octet.
        (Concat(0x2A, 2, 1, wide=True), "gsm7", "A", "09 060804002A0201 41"),
        (Concat(0x12A, 2, 1), "gsm7", "AB", "0A 060804012A0201 4121"),
        # 32 bits of header, three fill bits: 0x1B and 0x61 << 3.
        (None, "gsm7-es", "á", "07 03240102 D88401"),
        # 72 bits of header, five fill bits: 0x41 << 5.
        (Concat(0x2A, 2, 1), "gsm7-es", "A", "0C 0800032A0201240102 2008"),
        (Concat(0x2A, 2, 1), "ucs2", "é😀", "0C 0500032A0201 00E9D83DDE00"),
        (None, "gsm7", "", "00"),
        (None, "ucs2", "", "00"),
    ],
)
def test_user_data(concat: Concat | None, encoding: str, text: str, user_data: str) -> None:
    submit = Submit("1234", text, encoding, concat=concat)  # type: ignore[arg-type]
    assert submit.encode()[0].endswith(user_data.replace(" ", ""))
    assert sent(submit.encode()[0]) == submit


# ---------------------------------------------------------------------------- what published codecs are known to lose


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("text", ["Xhola", "@", "@@@@@@@@", "saldo §5", "a" * 152, "€" * 70])
def test_nothing_of_a_part_is_lost(wide: bool, text: str) -> None:
    message = Deliver(TO, text, AT, concat=Concat(7, 3, 2, wide=wide))
    assert received(message.encode()[0]) == message


@pytest.mark.parametrize("count", range(1, 25))
def test_a_last_at_sign_is_kept_and_padding_is_not_read_as_one(count: int) -> None:
    for text in ("a" * (count - 1) + "@", "@" * count, "a" * count):
        assert received(Deliver(TO, text, AT).encode()[0]).text == text


def test_emoji_and_section_sign() -> None:
    assert received(Deliver(TO, "👍🏽 ok", AT, encoding="ucs2").encode()[0]).text == "👍🏽 ok"
    assert received(deliver("01 5F")).text == "§"


def test_references_above_255_take_the_16_bit_header() -> None:
    assert Concat(256, 2, 1).wide
    submit = Submit(TO, "a", "gsm7", reference=40_000, concat=Concat(40_000, 255, 255))
    assert sent(submit.encode()[0]).concat == Concat(40_000, 255, 255, wide=True)
    assert sent(submit.encode()[0]).reference == 40_000 % 256


@pytest.mark.parametrize(
    ("dcs", "user_data", "text", "data", "encoding"),
    [
        (0xF4, "02 FF41", "", b"\xffA", "8bit"),
        (0xF0, "01 41", "A", b"", "gsm7"),
        (0xE0, "02 00E1", "á", b"", "ucs2"),
        (0x48, "02 00E1", "á", b"", "ucs2"),
        (0x40, "01 41", "A", b"", "gsm7"),
        (0xD8, "01 41", "A", b"", "gsm7"),
        (0xC8, "01 41", "A", b"", "gsm7"),
        (0x18, "02 00E1", "á", b"", "ucs2"),
        (0x04, "02 FF41", "", b"\xffA", "8bit"),
        (0x0C, "01 41", "A", b"", "gsm7"),  # reserved alphabet
        (0x85, "01 41", "A", b"", "gsm7"),  # reserved group
        (0x20, "02 FF41", "", b"\xffA", "compressed"),
        (0x28, "02 FF41", "", b"\xffA", "compressed"),
    ],
)
def test_data_coding_schemes(dcs: int, user_data: str, text: str, data: bytes, encoding: str) -> None:
    pdu = received(deliver(user_data, dcs=dcs))
    assert (pdu.text, pdu.data, pdu.encoding, pdu.dcs) == (text, data, encoding, dcs)
    assert received(pdu.encode()[0]) == pdu


def test_classes_and_waiting_indications() -> None:
    assert [CODINGS[dcs].message_class for dcs in (0x00, 0x10, 0x1A, 0x53, 0xF1, 0xF6, 0xC8)] == [
        None,
        0,
        2,
        3,
        1,
        2,
        None,
    ]
    assert [dcs for dcs in range(256) if CODINGS[dcs].auto_delete] == list(range(0x40, 0x80))
    assert [dcs for dcs in range(256) if CODINGS[dcs].discard] == list(range(0xC0, 0xD0))
    assert [dcs for dcs in range(256) if CODINGS[dcs].waiting] == list(range(0xC0, 0xF0))
    assert (CODINGS[0xE9].waiting, CODINGS[0xE9].waiting_active, CODINGS[0xE9].alphabet) == ("fax", True, "ucs2")
    assert CODINGS[0xD2].waiting == "email"
    assert not CODINGS[0xD2].waiting_active
    assert Submit(TO, "a", "gsm7", flash=True).dcs == 0x10
    assert Submit(TO, "a", "ucs2", flash=True).dcs == 0x18
    assert received(deliver("00", dcs=0x10)).coding.message_class == 0


# ---------------------------------------------------------------------------------------------------------- validity


@pytest.mark.parametrize(
    ("asked", "octet", "given_s"),
    [
        (1, 0, 5 * MINUTE),
        (5 * MINUTE, 0, 5 * MINUTE),
        (599, 0, 5 * MINUTE),
        (10 * MINUTE, 1, 10 * MINUTE),
        (12 * HOUR, 143, 12 * HOUR),
        (12 * HOUR + 29 * MINUTE, 143, 12 * HOUR),
        (12 * HOUR + 30 * MINUTE, 144, 12 * HOUR + 30 * MINUTE),
        (24 * HOUR, 167, 24 * HOUR),
        (25 * HOUR, 167, 24 * HOUR),
        (2 * DAY - 1, 167, 24 * HOUR),
        (2 * DAY, 168, 2 * DAY),
        (30 * DAY, 196, 30 * DAY),
        (5 * WEEK - 1, 196, 30 * DAY),
        (5 * WEEK, 197, 5 * WEEK),
        (63 * WEEK, 255, 63 * WEEK),
        (10**9, 255, 63 * WEEK),
    ],
)
def test_relative_validity(asked: int, octet: int, given_s: int) -> None:
    assert (relative_octet(asked), RELATIVE_S[octet]) == (octet, given_s)
    assert sent(Submit(TO, "a", "gsm7", validity_s=asked).encode()[0]).validity_s == given_s


def test_25_hours_stay_25_hours_where_the_absolute_time_is_known() -> None:
    until = AT + timedelta(hours=25)
    exact = sent(Submit(TO, "a", "gsm7", validity_s=25 * HOUR, valid_until=until).encode()[0])
    assert (exact.validity_s, exact.valid_until) == (None, until)
    plain = sent(Submit(TO, "a", "gsm7", validity_s=6 * HOUR + 60, valid_until=until).encode()[0])
    assert (plain.validity_s, plain.valid_until) == (6 * HOUR, None)
    inexact = [hours for hours in range(1, 24 * 4 + 1) if not is_close(hours * HOUR)]
    assert inexact == [*range(25, 48), *range(49, 72), *range(73, 96)]
    assert not is_close(60)


@pytest.mark.parametrize(
    ("octets", "seconds"),
    [
        ("01A70000000000", 24 * HOUR),
        ("022D0000000000", 45),
        ("03520030000000", 25 * HOUR + 3),
        ("00000000000000", None),
        ("07000000000000", None),
    ],
)
def test_the_enhanced_format_is_read(octets: str, seconds: int | None) -> None:
    assert sent(f"00 09 00 0491214300 00 {octets} 01 41".replace(" ", "")).validity_s == seconds


# --------------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("address", "octets"),
    [
        ("+5491159876543", "0D914519518967 45F3"),
        ("+54911598765", "0B91 4519518967F5"),
        ("611", "0381 16F1"),
        ("2020", "0481 0202"),
        ("*123#", "0581 1A32FB"),
        ("Movistar", "0ED0 CDB73D3DA787E5"),
        ("Telecom", "0DD0 D432BB3C7EB701"),  # seven septets: the spare bits are no @
        ("MMoney", "0BD0 CDE6DB5DCE03"),
        ("Design@Home", "14D0 C4F23C7D760390EF7619"),
        ("€", "04D0 9B32"),
        ("cab", "06D0 E3B018"),  # letters that are also semi-octets: a name all the same
        ("", "0081"),
    ],
)
def test_addresses(address: str, octets: str) -> None:
    message = Deliver(address, "x", AT)
    assert message.encode()[0].startswith("0004" + octets.replace(" ", ""))
    assert received(message.encode()[0]) == message


def test_other_types_of_number_are_kept() -> None:
    national = received("0004" + "0AA11195785634" + "00 00 62112230519080 00".replace(" ", ""))
    assert (national.sender, national.sender_type) == ("1159876543", 0xA1)
    assert received(national.encode()[0]) == national
    lettered = received("0004" + "0581" + "21BAFC" + "00 00 62112230519080 00".replace(" ", ""))
    assert lettered.sender == "12*#a"
    assert received(lettered.encode()[0]) == lettered


@pytest.mark.parametrize(
    "submit",
    [
        Submit("", "a", "gsm7"),
        Submit("+", "a", "gsm7"),
        Submit("+549 11", "a", "gsm7", destination_type=0x91),
        Submit("1" * 21, "a", "gsm7", destination_type=0x81),
        Submit("twelve chars", "a", "gsm7"),
        Submit("á", "a", "gsm7"),
        Submit(TO, "día", "gsm7"),
        Submit(TO, "😀", "gsm7-es"),
        Submit(TO, "a" * 161, "gsm7"),
        Submit(TO, "a" * 156, "gsm7-es"),
        Submit(TO, "á" * 71, "ucs2"),
        Submit(TO, "a" * 154, "gsm7", concat=Concat(1, 2, 1)),
        Submit(TO, "a" * 153, "gsm7", concat=Concat(1, 2, 1, wide=True)),
        Submit(TO, "", "8bit", data=bytes(141)),
        Submit(TO, "a", "gsm7-national"),
        Submit(TO, "a", "gsm7", dcs=0x08),
        Submit(TO, "a", "ucs2", dcs=0x00),
        Submit(TO, "a", "gsm7", dcs=0x20),
        Submit(TO, "a", "gsm7", dcs=300),
        Submit(TO, "a", "gsm7", pid=300),
        Submit(TO, "a", "gsm7", smsc="nobody"),
        Submit(TO, "a", "gsm7", valid_until=datetime(2026, 1, 1)),
        Submit(TO, "a", "gsm7", valid_until=datetime(2090, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_no_pdu_can_bear_is_refused(submit: Submit) -> None:
    with pytest.raises(PduError):
        submit.encode()


@pytest.mark.parametrize(
    ("reference", "total", "number"), [(-1, 2, 1), (65536, 2, 1), (1, 256, 1), (1, 2, 3), (1, 2, 0)]
)
def test_impossible_concatenations_are_refused(reference: int, total: int, number: int) -> None:
    with pytest.raises(PduError):
        Concat(reference, total, number)


# -------------------------------------------------------------------------------------------------------- timestamps


@pytest.mark.parametrize(
    ("octets", "at"),
    [
        ("62112230519021", datetime(2026, 11, 22, 3, 15, 9, tzinfo=timezone(timedelta(hours=3)))),
        ("6211223051902A", datetime(2026, 11, 22, 3, 15, 9, tzinfo=timezone(-timedelta(minutes=15 * 22)))),
        ("62112230519029", datetime(2026, 11, 22, 3, 15, 9, tzinfo=BUENOS_AIRES)),
        ("6211223051906B", datetime(2026, 11, 22, 3, 15, 9, tzinfo=timezone(-timedelta(hours=9)))),
        ("99309251619580", datetime(1999, 3, 29, 15, 16, 59, tzinfo=timezone(timedelta(hours=2)))),
        ("00000000000000", None),
        ("62312230519000", None),
        ("F2112230519000", datetime(2020, 11, 22, 3, 15, 9, tzinfo=UTC)),  # no digit is zero
    ],
)
def test_timestamps(octets: str, at: datetime | None) -> None:
    pdu = received(f"00040A9194710123450000{octets}00")
    assert pdu.at == at
    if at is not None and pdu.at is not None:
        assert pdu.at.utcoffset() == at.utcoffset()


def test_a_zone_between_quarters_keeps_the_instant() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(minutes=-64)))
    assert received(Deliver(TO, "", at).encode()[0]).at == at


# ------------------------------------------------------------------------------------------- headers of other senders


def headed(header: str, septets: bytes) -> str:
    """SMS-DELIVER whose septets begin at the first boundary after this header (its length octet included)."""
    octets = bytes.fromhex(header)
    room = (len(octets) * 8 + 6) // 7
    body = octets + pack(bytes(room) + septets)[len(octets) :]
    return deliver(f"{room + len(septets):02X}{body.hex()}", header=True)


@pytest.mark.parametrize(
    ("header", "concat"),
    [
        ("00", None),
        ("05 0003010201", Concat(1, 2, 1)),
        ("06 080401FF0201", Concat(0x1FF, 2, 1, wide=True)),
        ("0B 0003010201 05040B8423F0", Concat(1, 2, 1)),  # ports, skipped
        ("0A 7003010201 0003010201", Concat(1, 2, 1)),  # unknown, skipped
        ("0A 0003010201 0003020202", Concat(2, 2, 2)),  # the last one counts
        ("05 0003010203", None),  # part 3 of 2
        ("05 0003010200", None),  # part 0
        ("05 0003010001", None),  # of none
        ("06 080401FF0200", None),
        ("06 080401FF0203", None),
        ("04 00020102", None),  # an element of the wrong length
        ("07 0003010201 0004", None),  # an element longer than the header: none is read
        ("06 0003010201 24", None),  # half an element
        ("03 24010D", None),  # Urdu: as if not named
    ],
)
def test_headers(header: str, concat: Concat | None) -> None:
    pdu = received(headed(header, b"hola\x1ba"))
    assert (pdu.text, pdu.concat, pdu.encoding) == ("holaa", concat, "gsm7")


@pytest.mark.parametrize(
    ("header", "septets", "text", "encoding"),
    [
        ("06 240101 250101", b"\x1bs\x07\x60", "şıç", "gsm7-national"),
        ("03 240103", b"\x1b\x7b\x7b", "ãä", "gsm7-national"),
        ("03 250103", b"\x7b\x1b\x7b", "ãã", "gsm7-national"),
        ("08 240102 0003090201", b"\x1ba", "á", "gsm7-es"),
        ("06 240102 250103", b"\x1ba\x0f", "áá", "gsm7-national"),
        ("03 250102", b"\x1ba", "a", "gsm7"),  # there is no Spanish locking table
    ],
)
def test_national_language_tables(header: str, septets: bytes, text: str, encoding: str) -> None:
    pdu = received(headed(header, septets))
    assert (pdu.text, pdu.encoding) == (text, encoding)


def test_ucs2_that_is_broken_is_shown_as_far_as_it_goes() -> None:
    assert received(deliver("02 D83D", dcs=8)).text == "\ufffd"
    assert received(deliver("03 0041 D8", dcs=8)).text == "A\ufffd"
    assert received(deliver("04 0000 0041", dcs=8)).text == "\ufffdA"


# ---------------------------------------------------------------------------------------------------- status reports


def test_outcomes_and_reasons() -> None:
    def report(status: int) -> StatusReport:
        return StatusReport(1, TO, status, AT, AT)

    outcomes = [report(status).outcome for status in range(256)]
    assert outcomes == ["delivered"] * 0x20 + ["pending"] * 0x20 + ["undelivered"] * 0xC0
    assert report(0x00).reason is None
    told = {status: report(status).reason for status in (0x22, 0x41, 0x43, 0x46, 0x48, 0x60, 0x62, 0x63, 0x70, 0x80)}
    assert told == {
        0x22: "absent",
        0x41: "incompatible",
        0x43: "unknown_subscriber",
        0x46: "expired_in_network",
        0x48: "deleted_by_network",
        0x60: "congestion",
        0x62: "absent",
        0x63: "rejected",
        0x70: "network_0x70",
        0x80: "rejected",
    }
    assert all(report(status).reason for status in range(1, 256))


# -------------------------------------------------------------------------------------------------------- round trips

numbers = st.from_regex(r"\A\+?[0-9]{1,20}\Z")
names = st.text(st.sampled_from(sorted(DEFAULT_CHARACTERS)), max_size=11).filter(lambda name: len(encode7(name)) <= 11)
zones = st.integers(-79, 79).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
times = st.datetimes(datetime(1990, 1, 1), datetime(2089, 12, 31), timezones=zones).map(
    lambda at: at.replace(microsecond=0)
)
concats = st.none() | st.builds(
    lambda reference, total, number, wide: Concat(reference, max(total, number), min(total, number), wide),
    st.integers(0, 0xFFFF),
    st.integers(1, 255),
    st.integers(1, 255),
    st.booleans(),
)
contents = st.one_of(
    st.tuples(st.just("gsm7"), st.text(st.sampled_from(sorted(DEFAULT_CHARACTERS)), max_size=76)),
    st.tuples(
        st.just("gsm7-es"),
        st.text(st.sampled_from(sorted({*DEFAULT_CHARACTERS, *SPANISH_SINGLE.values()})), max_size=74),
    ),
    st.tuples(st.just("ucs2"), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=33)),
)


@given(numbers | names, contents, times, concats, st.none() | numbers, st.integers(0, 255))
def test_a_deliver_comes_back(
    sender: str, content: tuple[str, str], at: datetime, concat: Concat | None, smsc: str | None, pid: int
) -> None:
    encoding, text = content
    message = Deliver(sender, text, at, concat, smsc, encoding, pid=pid)  # type: ignore[arg-type]
    pdu, length = message.encode()
    assert received(pdu) == message
    assert length == len(pdu) // 2 - 1 - int(pdu[:2], 16)


@given(numbers, contents, concats, st.none() | numbers, st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_a_submit_comes_back(
    to: str, content: tuple[str, str], concat: Concat | None, smsc: str | None, flags: tuple[bool, bool, bool]
) -> None:
    encoding, text = content
    report, flash, reject = flags
    for validity_s, valid_until in ((None, None), (7 * DAY, None), (None, AT)):
        submit = Submit(
            to,
            text,
            encoding,  # type: ignore[arg-type]
            concat=concat,
            report=report,
            flash=flash,
            reject_duplicates=reject,
            smsc=smsc,
            validity_s=validity_s,
            valid_until=valid_until,
        )
        pdu, length = submit.encode()
        assert sent(pdu) == submit
        assert length == len(pdu) // 2 - 1 - int(pdu[:2], 16)


@given(st.integers(0, 255), numbers | names, st.integers(0, 255), st.none() | times, st.none() | times)
def test_a_status_report_comes_back(
    reference: int, recipient: str, status: int, submitted: datetime | None, discharged: datetime | None
) -> None:
    report = StatusReport(reference, recipient, status, submitted, discharged)
    assert decode(report.encode()[0]) == report


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=600), st.booleans(), st.booleans())
def test_every_part_of_every_split_goes_through(text: str, shift: bool, wide: bool) -> None:
    result = split(text, shift=shift, wide_reference=wide)
    total = len(result.parts)
    back = ""
    for number, part in enumerate(result.parts, 1):
        concat = Concat(300 if wide else 30, total, number) if total > 1 else None
        submit = Submit(TO, part, result.encoding, concat=concat)
        pdu, length = submit.encode()
        assert length <= 155
        back += sent(pdu).text
    assert back == text


# ------------------------------------------------------------------------------------------------------- broken input


@pytest.mark.parametrize(
    ("pdu", "message"),
    [
        ("", "empty"),
        ("0", "not an even number of hexadecimal digits"),
        ("zz", "not an even number of hexadecimal digits"),
        ("00", "truncated before the first octet"),
        ("0791", "truncated before the first octet"),
        ("0D" + "00" * 30, "service centre address of 13 octets"),
        ("0001", "SMS-SUBMIT-REPORT"),
        ("0004", "truncated before the originating address"),
        ("000415910000", "originating address of 21 semi-octets"),
        ("00040A9194", "truncated inside the originating address"),
        ("00040A919471012345", "truncated before the data coding scheme"),
        ("00040A9194710123450000621122", "truncated inside the service centre's timestamp"),
        ("00040A919471012345000062112230519080", "truncated before the user data length"),
        (deliver("05 41"), "truncated inside the user data"),
        (deliver("FF" + "00" * 224), "user data of 224 octets"),
        (deliver("8D" + "00" * 141, dcs=4), "user data of 141 octets"),
        (deliver("02 0541", header=True), "header is longer"),
        (deliver("00", header=True), "header is longer"),
        ("0006", "truncated before the message reference"),
        ("000601", "truncated before the recipient address"),
        ("0006010391214362112230519080621122305190", "truncated inside the discharge time"),
        ("0006010391214362112230519080" + "62112230519080", "truncated before the status"),
        ("A" * 1026, "1026 characters are no PDU"),
    ],
)
def test_what_is_wrong_is_told(pdu: str, message: str) -> None:
    with pytest.raises(PduError, match=message):
        decode(pdu)


@pytest.mark.parametrize(
    ("pdu", "message"),
    [
        ("0004", "message type 0 from a mobile is not SMS-SUBMIT"),
        ("0001", "truncated before the message reference"),
        ("00110003912143", "truncated before the data coding scheme"),
        ("001100039121430000", "truncated before the validity period"),
        ("001900039121430000AA", "truncated inside the validity period"),
        ("000900039121430000AA", "truncated inside the validity period"),
    ],
)
def test_what_is_wrong_with_a_submit_is_told(pdu: str, message: str) -> None:
    with pytest.raises(PduError, match=message):
        decode(pdu, direction="from_mobile")


def test_padding_after_the_user_data_is_left_alone() -> None:
    message = Deliver(TO, "hola", AT)
    assert received(message.encode()[0] + "FF" * 100) == message


def survives(pdu: str) -> None:
    """It decodes or is refused by name; and what decodes can be encoded and read again, or is refused by name."""
    for direction in ("to_mobile", "from_mobile"):
        try:
            first: Pdu = decode(pdu, direction=direction)
            again = decode(first.encode()[0], direction=direction)
        except PduError:
            continue
        assert type(again) is type(first)
        if isinstance(first, Deliver | Submit) and isinstance(again, Deliver | Submit):
            assert (again.text, again.concat, again.dcs, again.data) == (
                first.text,
                first.concat,
                first.dcs,
                first.data,
            )
        if isinstance(first, StatusReport):
            assert again == first or first.smsc is not None


VALID: tuple[str, ...] = tuple(
    message.encode()[0]
    for message in (
        Deliver(TO, "Su saldo es $ 1.500,50 [ok]", AT, smsc="+5491100000"),
        Deliver("Movistar", "día a día €", AT, Concat(7, 3, 2), encoding="gsm7-es"),
        Deliver("611", "hola 😀 ñandú", AT, Concat(700, 3, 2), encoding="ucs2", dcs=0xE0),
        Deliver(TO, "", AT, Concat(7, 3, 2), encoding="8bit", data=bytes(range(100))),
        Submit(TO, "a" * 152, "gsm7", concat=Concat(700, 3, 2), validity_s=DAY, smsc="+5491100000"),
        Submit(TO, "ñandú", "ucs2", valid_until=AT, flash=True),
        StatusReport(77, TO, 0x46, AT, AT, "+5491100000"),
    )
)


@given(st.binary(max_size=200))
def test_random_octets_never_break_it(octets: bytes) -> None:
    survives(octets.hex())


@given(st.text(max_size=100))
def test_random_text_never_breaks_it(text: str) -> None:
    survives(text)


@given(st.sampled_from(VALID), st.data())
def test_truncated_pdus_are_refused(pdu: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(pdu) - 1))
    direction: Direction = "from_mobile" if pdu in VALID[4:6] else "to_mobile"
    with pytest.raises(PduError):
        decode(pdu[:cut], direction=direction)


@settings(max_examples=1000)
@given(
    st.sampled_from(VALID).map(bytes.fromhex),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_mutated_pdus_never_break_it(pdu: bytes, changes: list[tuple[int, int]]) -> None:
    octets = bytearray(pdu)
    for position, value in changes:
        octets[position % len(octets)] = value
    survives(octets.hex())


def test_thousands_of_mutations_never_break_it() -> None:
    dice = random.Random(23040)
    for _ in range(5_000):
        octets = bytearray.fromhex(dice.choice(VALID))
        for _ in range(dice.randint(1, 5)):
            position = dice.randrange(len(octets) or 1)
            match dice.randrange(4):
                case 0:
                    octets[position : position + 1] = dice.randbytes(1)
                case 1:
                    del octets[position : position + dice.randint(1, 4)]
                case 2:
                    octets[position:position] = dice.randbytes(dice.randint(1, 8))
                case _:
                    octets[position : position + 1] = (
                        bytes((octets[position] ^ 1 << dice.randrange(8),)) if octets else b""
                    )
        survives(octets.hex())


# -------------------------------------------------------------------------------------------------------------- USSD


@pytest.mark.parametrize("text", ["", "*100#", "saldo 7", "saldo 78", "saldo 7\r", "a" * 15, "a" * 182, "@" * 8])
def test_ussd_strings_come_back(text: str) -> None:
    back = decode_string(encode_string(text))
    assert back == text or (back == text + "\r" and text.endswith("\r"))


def test_seven_spare_bits_are_filled_with_cr() -> None:
    assert encode_string("saldo 7") == pack(encode7("saldo 7\r"))
    assert encode_string("saldo 7\r") == pack(encode7("saldo 7\r\r"))
    assert decode_string(bytes.fromhex("aa180c3602")) == "*100#"


def test_ussd_codings() -> None:
    assert decode_string(bytes.fromhex("00410042"), 0x48) == "AB"
    assert decode_string(bytes.fromhex("654c00410042"), 0x11) == "AB"
    assert decode_string(b"A\xf1", 0x44) == "Añ"
    assert decode_string(pack(encode7("es\rhola\r")), 0x10) == "hola"
    assert decode_string(pack(encode7("hola")), 0x00) == "hola"


@given(st.binary(max_size=160), st.integers(-1, 300))
def test_ussd_decoding_never_raises(octets: bytes, dcs: int) -> None:
    assert isinstance(decode_string(octets, dcs), str)
