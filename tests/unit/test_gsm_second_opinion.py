"""Our PDU codec beside two published ones, on the ground where those are right.

python-gsmmodem-new: the limits of 7-bit and UCS-2 texts and the decoding of status reports are sound; kept away from
are its known faults (no emoji, no section sign, references above 255, 16-bit headers, a last `@` of eight septets, most
data coding schemes). smspdudecoder reads delivered and submitted texts, but no national tables, three data coding
schemes only, and it counts characters where it should count septets: an escape, even one that the header's bits happen
to make, shifts its end or beginning.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from typing import Any

import pytest
from gsmmodem.pdu import decodeSmsPdu, encodeSmsSubmitPdu
from hypothesis import assume, given
from hypothesis import strategies as st
from smspdudecoder.easy import read_incoming_sms, read_outgoing_sms
from smspdudecoder.fields import SMSSubmit

from drivers.gsm.alphabet import segments, split, unpack
from drivers.gsm.pdu import Concat, Deliver, StatusReport, Submit, decode
from drivers.gsm.tables import DEFAULT_CHARACTERS, ESC, EXTENSION
from drivers.gsm.validity import DAY, RELATIVE_S

SHARED = sorted(DEFAULT_CHARACTERS - {"§", "\f"})
numbers = st.from_regex(r"\A\+[1-9][0-9]{5,14}\Z")
gsm7_texts = st.text(st.sampled_from(SHARED), min_size=1, max_size=500)
main_texts = st.text(st.sampled_from(sorted({*SHARED} - {*EXTENSION.values()})), max_size=152)
ucs2_texts = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFFFD, exclude_categories=["Cs"]), min_size=1, max_size=250
)
zones = st.integers(-48, 56).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
times = st.datetimes(datetime(2001, 1, 2), datetime(2060, 1, 1), timezones=zones).map(
    lambda at: at.replace(microsecond=0)
)
concats = st.none() | st.builds(
    lambda reference, total, number: Concat(reference, max(total, number), min(total, number)),
    st.integers(0, 255),
    st.integers(2, 255),
    st.integers(1, 255),
)


def at_is_lost(text: str) -> bool:
    """The library drops an `@` that ends a multiple of eight septets."""
    septets = len(text) + sum(char in EXTENSION.values() for char in text)
    return text.endswith("@") and septets % 8 == 0


def header_has_escape(concat: Concat) -> bool:
    header = bytes((len(concat.element()),)) + concat.element()
    return ESC in unpack(header + b"\0", (len(header) * 8 + 6) // 7)


def submitted(pdu: Any) -> Submit:
    result = decode(str(pdu), direction="from_mobile")
    assert isinstance(result, Submit)
    return result


# --------------------------------------------------------------------------------------------- python-gsmmodem-new


@given(numbers, st.one_of(gsm7_texts, ucs2_texts), st.integers(0, 255))
def test_we_read_every_part_that_the_library_submits(to: str, text: str, reference: int) -> None:
    assume("§" not in text)
    assume("`" not in text)
    assume("\xff" not in text)
    theirs = [submitted(pdu) for pdu in encodeSmsSubmitPdu(to, text, reference=reference)]
    assert "".join(part.text for part in theirs) == text
    assert {part.destination for part in theirs} == {to}
    assert len(theirs) == segments(text)
    if len(theirs) == 1:
        assert theirs[0].concat is None
    else:
        expected = [Concat(reference, len(theirs), number) for number in range(1, len(theirs) + 1)]
        assert [part.concat for part in theirs] == expected


@given(numbers, st.one_of(gsm7_texts, ucs2_texts), st.integers(0, 255))
def test_the_library_cuts_where_we_cut(to: str, text: str, reference: int) -> None:
    assume("§" not in text)
    assume("`" not in text)
    assume("\xff" not in text)
    ours = split(text)
    theirs = [submitted(pdu) for pdu in encodeSmsSubmitPdu(to, text, reference=reference)]
    assert tuple(part.text for part in theirs) == ours.parts
    assert {part.encoding for part in theirs} == {ours.encoding}


@given(numbers, gsm7_texts.map(lambda text: text[:70]), st.integers(0, 255), st.booleans(), st.booleans())
def test_octet_for_octet_the_same_submit(to: str, text: str, reference: int, report: bool, flash: bool) -> None:
    (theirs,) = encodeSmsSubmitPdu(to, text, reference=reference, requestStatusReport=report, sendFlash=flash)
    ours = Submit(to, text, "gsm7", reference=reference, report=report, flash=flash).encode()
    assert ours == (str(theirs), theirs.tpduLength)


@given(numbers, gsm7_texts.map(lambda text: text[:70]), concats)
def test_the_library_reads_our_submit(to: str, text: str, concat: Concat | None) -> None:
    assume(concat is not None or not at_is_lost(text))
    theirs = decodeSmsPdu(Submit(to, text, "gsm7", reference=5, concat=concat, validity_s=DAY).encode()[0])
    assert (theirs["type"], theirs["number"], theirs["text"], theirs["reference"]) == ("SMS-SUBMIT", to, text, 5)
    assert theirs["validity"] == timedelta(days=1)
    if concat is not None:
        (element,) = theirs["udh"]
        assert (element.reference, element.parts, element.number) == (concat.reference, concat.total, concat.number)


@given(numbers, ucs2_texts.map(lambda text: text[:67]), times)
def test_the_library_reads_our_ucs2_deliver(sender: str, text: str, at: datetime) -> None:
    theirs = decodeSmsPdu(Deliver(sender, text, at, smsc="+5491100000", encoding="ucs2").encode()[0])
    assert (theirs["number"], theirs["text"], theirs["time"], theirs["smsc"]) == (sender, text, at, "+5491100000")


@given(st.integers(0, 255), numbers, st.integers(0, 255), times, times)
def test_the_library_reads_our_status_report(
    reference: int, to: str, status: int, submitted_at: datetime, discharged_at: datetime
) -> None:
    report = StatusReport(reference, to, status, submitted_at, discharged_at, smsc="+5491100000")
    theirs = decodeSmsPdu(report.encode()[0])
    assert theirs["type"] == "SMS-STATUS-REPORT"
    assert (theirs["reference"], theirs["number"], theirs["status"]) == (reference, to, status)
    assert (theirs["time"], theirs["discharge"]) == (submitted_at, discharged_at)
    assert theirs["tpdu_length"] == report.encode()[1]


@pytest.mark.parametrize("octet", range(256))
def test_relative_validity_is_read_alike(octet: int) -> None:
    theirs = decodeSmsPdu(Submit("+5491159876543", "a", "gsm7", validity_s=RELATIVE_S[octet]).encode()[0])
    assert theirs["validity"] == timedelta(seconds=RELATIVE_S[octet])


# --------------------------------------------------------------------------------------------------- smspdudecoder


@given(numbers, main_texts, times, concats)
def test_the_decoder_reads_our_7_bit_deliver(sender: str, text: str, at: datetime, concat: Concat | None) -> None:
    assume(concat is None or not header_has_escape(concat))
    theirs = read_incoming_sms(Deliver(sender, text, at, concat).encode()[0])
    assert (theirs["sender"], theirs["content"], theirs["date"]) == (sender, text, at.astimezone(UTC))
    if concat is None:
        assert theirs["partial"] is False
    else:
        assert theirs["partial"]["parts_count"] == concat.total
        assert theirs["partial"]["part_number"] == concat.number


@given(numbers, ucs2_texts.map(lambda text: text[:66]), times, concats, st.booleans())
def test_the_decoder_reads_our_ucs2_deliver(
    sender: str, text: str, at: datetime, concat: Concat | None, wide: bool
) -> None:
    if concat is not None and wide:
        concat = Concat(concat.reference + 1000, concat.total, concat.number)
    theirs = read_incoming_sms(Deliver(sender, text, at, concat, encoding="ucs2").encode()[0])
    assert (theirs["sender"], theirs["content"], theirs["date"]) == (sender, text, at.astimezone(UTC))
    if concat is not None:
        assert theirs["partial"]["reference"] == f"{concat.reference}-{concat.total}"


@given(numbers, main_texts, st.integers(256, 65535))
def test_the_decoder_reads_our_16_bit_header_with_7_bit_text(to: str, text: str, reference: int) -> None:
    concat = Concat(reference, 2, 1)
    assume(not header_has_escape(concat))
    pdu = Submit(to, text, "gsm7", concat=concat).encode()[0]
    assert read_outgoing_sms(pdu) == {"recipient": to, "content": text}
    (element,) = SMSSubmit.decode(StringIO(pdu))["user_data"]["header"]["elements"]
    assert element["data"] == {"reference": reference, "parts_count": 2, "part_number": 1}


@pytest.mark.parametrize("name", ["Movistar", "MMoney", "Claro", "Personal", "Design@Home", "N1"])
def test_the_decoder_reads_our_names(name: str) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert read_incoming_sms(Deliver(name, "hola", at).encode()[0])["sender"] == name
