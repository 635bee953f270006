"""The pure parts of the GSM driver: causes, outcomes, pauses, keys, options, USSD texts, profiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import structlog
from pydantic import ValidationError
from structlog.testing import capture_logs

from drivers.base import Blame, Fate, MisconfiguredError, NotSent, Partial, PartOutcome, Refused, Uncertain
from drivers.gsm import driver, pdu, ussd
from drivers.gsm.at import ERROR, Final
from drivers.gsm.causes import Kind, after_commit, before_commit
from drivers.gsm.journal import Journal
from drivers.gsm.line import GsmLine
from drivers.gsm.options import GsmOptions, check
from drivers.gsm.profile import GENERIC, profile_for
from drivers.gsm.receiving import inbound
from drivers.gsm.recovery import Backoff
from drivers.gsm.sending import End, conclude, same_number
from drivers.gsm.timing import Timing

# ------------------------------------------------------------------------------------------------------------ causes


@pytest.mark.parametrize("family", ["CMS", "CME", "ERROR"])
@pytest.mark.parametrize("code", [*range(0, 1000, 7), 332, 500, 512, 515, None])
def test_before_the_pdu_nothing_is_in_doubt(family: str, code: int | None) -> None:
    assert before_commit(Final(family, code)).kind is not Kind.DOUBT  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [300, 332, 399, 500, 511, 512, 515, 9999, 127, 255, 197])
def test_after_the_pdu_what_proves_nothing_is_doubt(code: int) -> None:
    assert after_commit(Final("CMS", code)).kind is Kind.DOUBT


def test_bare_errors_after_the_pdu_are_doubt() -> None:
    assert after_commit(ERROR).kind is Kind.DOUBT
    assert after_commit(Final("CME")).kind is Kind.DOUBT
    assert after_commit(Final("CME", 100)).kind is Kind.DOUBT


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, Kind.PERMANENT),
        (10, Kind.TRANSIENT),
        (21, Kind.QUOTA),
        (38, Kind.TRANSIENT),
        (50, Kind.QUOTA),
        (69, Kind.TRANSIENT),
        (311, Kind.BLOCKED),
        (314, Kind.BUSY),
        (331, Kind.NO_NETWORK),
    ],
)
def test_causes_by_number(code: int, kind: Kind) -> None:
    assert after_commit(Final("CMS", code)).kind is kind


def test_what_a_network_answers_to_everybody_is_no_ones_fault_yet() -> None:
    # A SIM without balance, a barred one, and a number that nobody has are answered alike.
    alike = (1, 17, 21, 22, 27, 28, 29, 30, 38, 41, 42, 47, 69, 81, 95, 96, 97, 98, 99, 111, 42, 100, 160, 224)
    assert {after_commit(Final("CMS", code)).blame for code in alike} == {Blame.EITHER}


@pytest.mark.parametrize("code", [8, 50, 193, 301, 303, 310, 311, 313, 315, 316, 322, 330, 331])
def test_what_only_the_sim_can_be_blamed_for(code: int) -> None:
    assert after_commit(Final("CMS", code)).blame is Blame.LINE


def test_what_only_the_recipient_can_be_blamed_for() -> None:
    assert after_commit(Final("CMS", 195)).blame is Blame.PERSON


@pytest.mark.parametrize("code", [144, 145, 159, 198, 304, 305])
def test_what_another_line_may_carry(code: int) -> None:
    assert after_commit(Final("CMS", code)).elsewhere


@pytest.mark.parametrize("code", [1, 28, 144, 195, 304, 500, None])
def test_before_the_pdu_the_modem_speaks_of_itself(code: int | None) -> None:
    cause = before_commit(Final("CMS", code))
    assert (cause.kind, cause.blame) == (Kind.TRANSIENT, Blame.LINE)


def test_a_brand_may_prove_a_number() -> None:
    assert after_commit(Final("CMS", 515), frozenset({515})).kind is Kind.BUSY
    assert after_commit(Final("CMS", 516), frozenset({515})).kind is Kind.DOUBT


# ---------------------------------------------------------------------------------------------------------- outcomes

DOUBT = Uncertain("silence")
REFUSED = Refused("alphabet_not_supported", elsewhere=True)
NOT_SENT = NotSent("congestion")


@pytest.mark.parametrize(
    ("taken", "end", "outcome"),
    [
        ({}, NOT_SENT, NOT_SENT),
        ({}, REFUSED, REFUSED),
        ({}, DOUBT, DOUBT),
        (
            {2: "5"},
            NOT_SENT,
            Partial(
                {
                    2: PartOutcome(Fate.TAKEN, "5"),
                    3: PartOutcome(Fate.UNSENT, reason="congestion"),
                    4: PartOutcome(Fate.UNSENT, reason="congestion"),
                }
            ),
        ),
        (
            {2: "5"},
            DOUBT,
            Partial(
                {
                    2: PartOutcome(Fate.TAKEN, "5"),
                    3: PartOutcome(Fate.DOUBT, reason="silence"),
                    4: PartOutcome(Fate.UNSENT, reason="silence"),
                },
            ),
        ),
        (
            {2: "5"},
            Refused("invalid_address", Blame.PERSON),
            Partial(
                {
                    2: PartOutcome(Fate.TAKEN, "5"),
                    3: PartOutcome(Fate.REFUSED, reason="invalid_address", blame=Blame.PERSON),
                    4: PartOutcome(Fate.UNSENT, reason="invalid_address"),
                },
            ),
        ),
    ],
)
def test_one_outcome_of_all_parts(taken: dict[int, str], end: End, outcome: object) -> None:
    stopped = 3 if taken else 2
    assert conclude((2, 3, 4), taken, stopped, end) == outcome


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("+5491155550001", "5491155550001", True),
        ("+5491155550001", "1555550001", True),
        ("+5491155550001", "+5491155550002", False),
        ("123", "123", True),
        ("123", "+5491155550123", False),
    ],
)
def test_forms_of_a_number(one: str, other: str, expected: bool) -> None:
    assert same_number(one, other) is expected


# ---------------------------------------------------------------------------------------------------------- recovery


def test_pauses_equal_the_time_already_waited_and_end_in_quarantine() -> None:
    timing = Timing(backoff_s=2, backoff_max_s=8, quarantine_after=4, quarantine_s=100, quarantine_max_s=350)
    backoff = Backoff(timing)
    assert [backoff.failed() for _ in range(3)] == [2, 2, 4]
    told = [backoff.quarantined]
    assert [backoff.failed() for _ in range(5)] == [100, 100, 200, 350, 350]
    told.append(backoff.quarantined)
    backoff.succeeded()
    told.append(backoff.quarantined)
    assert told == [False, True, False]
    assert backoff.unavailable() == backoff.failed() == 2


def test_what_only_a_person_can_mend_is_quarantined_at_once() -> None:
    backoff = Backoff(Timing())
    assert backoff.blocked() == Timing().quarantine_s
    assert backoff.quarantined


def test_the_journal_says_the_same_once() -> None:
    structlog.reset_defaults()
    with capture_logs() as said:
        journal = Journal("claro-1")
        for _ in range(100):
            journal.warning("recovering", reason="port_lost")
        journal.info("modem up")
    assert [one["event"] for one in said] == ["recovering", "modem up"]


# --------------------------------------------------------------------------------------------------------- receiving


def test_the_key_of_a_message_survives_being_handed_over_again() -> None:
    message = pdu.Deliver("+5491144440000", "Hola", None, pdu.Concat(7, 2, 1), smsc="+541151740056")
    digits, _ = message.encode()
    other_centre, _ = pdu.Deliver("+5491144440000", "Hola", None, pdu.Concat(7, 2, 1)).encode()
    more_to_send = bytearray.fromhex(other_centre)
    more_to_send[1] ^= 0x04
    event = inbound(digits, message)
    assert event.concat is not None
    assert (event.concat.reference, event.concat.total, event.concat.number) == (7, 2, 1)
    assert event.key == inbound(other_centre, message).key == inbound(more_to_send.hex(), message).key
    assert event.key != inbound(pdu.Deliver("+5491144440000", "Hola!", None).encode()[0], message).key
    assert "Hola" not in event.key


# ----------------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    "keys",
    [
        {"port": "/dev/ttyUSB0", "unknown": 1},
        {"imei": "12"},
        {"imsi": "letters"},
        {"port": "x", "smsc": '+54"\r\nAT'},
        {"port": "x", "shift_table": "tr"},
        {"port": "x", "baud": 1},
    ],
)
def test_keys_that_cannot_be(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        GsmOptions.model_validate(keys)


@pytest.mark.parametrize(
    ("keys", "culprit"),
    [
        ({}, "port"),
        ({"port": "/dev/null", "imei": "352099001761481"}, "imei"),
        ({"imei": "352099001761481", "imsi": "722340000000001"}, "imsi"),
        ({"port": "/dev/null", "pin": "12a4"}, "pin"),
    ],
)
def test_keys_that_contradict_each_other(keys: dict[str, object], culprit: str) -> None:
    options = GsmOptions.model_validate(keys)
    assert culprit in [finding.key for finding in check(options, ["/dev/ttyUSB0"])]
    with pytest.raises(MisconfiguredError) as wrong:
        GsmLine("claro-1", options)
    assert wrong.value.key == culprit
    assert "12a4" not in str(wrong.value)


def test_findings_about_the_device(tmp_path: Path) -> None:
    def found(**keys: str) -> list[str]:
        return [finding.message for finding in check(GsmOptions.model_validate(keys), [])]

    plain = tmp_path / "file"
    plain.touch()
    assert "does not exist" in found(port=str(tmp_path / "none"))[0]
    assert "not a serial device" in found(port=str(plain))[0]
    assert "no serial port" in found(imei="352099001761481")[0]
    master, slave = os.openpty()
    try:
        assert found(port=os.ttyname(slave)) == []
    finally:
        os.close(master)
        os.close(slave)


def test_no_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert [finding.key for finding in check(GsmOptions(port="/dev/null"), [])] == ["port"]


@pytest.mark.parametrize(("value", "variant"), [("", ""), ("es", "es"), (True, "es"), (False, "")])
def test_the_shift_table(value: object, variant: str) -> None:
    assert driver.encoding_variant(GsmOptions.model_validate({"port": "x", "shift_table": value})) == variant


def test_the_pin_is_not_shown() -> None:
    assert "1234" not in repr(GsmOptions.model_validate({"port": "x", "pin": "1234"}))


# -------------------------------------------------------------------------------------------------- profiles and USSD


@pytest.mark.parametrize(
    ("maker", "name"),
    [
        ("huawei", "huawei"),
        ("WAVECOM MODEM", "wavecom"),
        ("Cinterion", "siemens"),
        ("Acme", "generic"),
        ("", "generic"),
    ],
)
def test_profiles(maker: str, name: str) -> None:
    assert profile_for(maker).name == name
    assert GENERIC.certain == frozenset()


@pytest.mark.parametrize(
    ("text", "coding", "packed", "expected"),
    [
        ("Su saldo es $ 10", 15, False, "Su saldo es $ 10"),
        ("A\xf1o", 15, False, "Año"),
        ("A\x7do \x02 5", 15, False, "Año $ 5"),
        ("00530061006C0064006F", 72, False, "Saldo"),
        ("AA180C3602", 15, True, "*100#"),
        # Seven letters and the CR that fills the octets (23.038 §6.1.2.3.1).
        ("D3309BFC06C11B", 15, True, "Saldo p"),
        ("1234", 15, False, "1234"),
        ("", 15, True, ""),
    ],
)
def test_ussd_texts(text: str, coding: int, packed: bool, expected: str) -> None:
    assert ussd.decode(text, coding, packed=packed) == expected


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "/etc/passwd", "/tmp"])
async def test_what_is_no_terminal_is_not_opened(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import serial

    from drivers.gsm.errors import UnavailableError
    from drivers.gsm.port import SerialPort

    monkeypatch.setattr(serial, "Serial", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(UnavailableError) as error:
        await SerialPort.open(path, 115_200)
    assert error.value.reason == "broken"
