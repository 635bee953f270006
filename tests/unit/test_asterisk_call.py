"""Call scripts, options and the Originate made of them; hostile values stay values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dialplan.context import Key
from dialplan.prompts import Play, Say
from drivers.asterisk import driver
from drivers.asterisk.ami import check_fields
from drivers.asterisk.errors import UnsafeValueError
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.originate import originate
from drivers.asterisk.script import plan
from drivers.base import CallContent, Driver, LineSetup, OutboundMessage
from tests.rig.ports import free_port

SECRET = "s3creto"


def options(**more: Any) -> AsteriskOptions:
    return AsteriskOptions(user="gatewayd", secret=SECRET, **more)


def message(address: str = "5491159876543", attempt: str = "01JD0000000000000000000000") -> OutboundMessage:
    return OutboundMessage(attempt=attempt, to="+5491159876543", address=address, text="Hola")


CONTRACT = CallContent(
    {
        "message": [{"say": "Hola Ana, su deuda es de"}, {"amount": "1.500,50"}, {"play": "cierre.wav"}],
        "menu": {"1": "repeat", "2": "promise", "0": "transfer:ventas", "9": "opt_out"},
        "language": "es",
        "voice": None,
    }
)


def test_a_whole_call_script() -> None:
    planned = plan("", CONTRACT)
    assert planned.script.sounds(Path("/grabaciones"))["message"] == [
        Say("Hola Ana, su deuda es de"),
        Say("1500 con 50"),
        Play(Path("/grabaciones/cierre.wav")),
    ]
    assert planned.script.keys() == {
        "1": Key("repeat"),
        "2": Key("promise"),
        "0": Key("transfer", "ventas"),
        "9": Key("opt_out"),
    }
    assert (planned.ring_s, planned.min_heard_s, planned.amd) == (30, 5, "off")


def test_a_text_alone_is_spoken() -> None:
    assert plan("Hola Ana", CallContent()).script.sounds(Path())["message"] == [Say("Hola Ana")]


@pytest.mark.parametrize(
    "script",
    [
        {"menu": {"1": "repeat"}},
        {"message": "x", "menu": {"12": "repeat"}},
        {"message": "x", "menu": {"*": "repeat"}},
        {"message": "x", "menu": {"1": "shout"}},
        {"message": "x", "menu": {"1": "transfer:"}},
        {"message": "x", "menu": {"1": "transfer:ventas,1\nSystem(reboot)"}},
        {"message": [{"play": "../../etc/passwd"}]},
        {"message": [{"play": "/etc/passwd"}]},
        {"message": "x", "voice": "es; reboot"},
        {"message": "x", "surprise": 1},
    ],
)
def test_scripts_that_cannot_be_meant_are_refused(script: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^call\."):
        plan("", CallContent(script))


def test_the_attempt_is_the_channel() -> None:
    fields = originate(
        message(),
        plan("Hola", CONTRACT),
        options(dial="PJSIP/{number}@trunk", caller_id="Norte <1140000000>"),
        account="gatewayd-t1",
        prompts={"message": "/prompts/abc", "bye": "/prompts/bye", "promise": "/prompts/ok"},
    )
    assert fields["ActionID"] == fields["ChannelId"] == "01JD0000000000000000000000"
    assert fields["Channel"] == "PJSIP/5491159876543@trunk"
    assert fields["Async"] == "true"
    assert fields["CallerID"] == "Norte <1140000000>"
    assert {
        "GW_ID=01JD0000000000000000000000",
        "GW_MESSAGE=/prompts/abc",
        "GW_KEY_2=promise",
        "GW_TO_0=ventas",
        "GW_SAID_promise=/prompts/ok",
        "GW_BYE=/prompts/bye",
    } <= set(fields["Variable"])
    check_fields(fields)


@given(st.text())
def test_an_address_is_a_number_or_nothing(address: str) -> None:
    try:
        channel = options(dial="Local/{number}@out/n").channel(address)
    except ValueError:
        return
    assert channel == f"Local/{address}@out/n"
    assert set(address) <= set("+0123456789*#")
    assert len(address) <= 33


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), st.sampled_from("\r\n\x00\x1b\x7f"), st.integers(0))
def test_no_control_character_reaches_a_header(text: str, control: str, place: int) -> None:
    place %= len(text) + 1
    with pytest.raises(UnsafeValueError):
        check_fields({"Variable": ["GW_ID=1", text[:place] + control + text[place:]]})
    with pytest.raises(UnsafeValueError):
        check_fields({text[:place] + control + text[place:]: "1"})


def test_headers_that_asterisk_would_cut_are_refused() -> None:
    check_fields({"CallerID": "ñ" * 400})
    with pytest.raises(UnsafeValueError):
        check_fields({"CallerID": "ñ" * 600})
    with pytest.raises(UnsafeValueError):
        check_fields({"CallerID": "x" * 10_000})


@pytest.mark.parametrize(
    "keys",
    [
        {"dial": "PJSIP/trunk"},
        {"dial": "PJSIP/{number}@trunk,30"},
        {"dial": "PJSIP/{number}@trunk\r\nAction: Logoff"},
        {"dial": "{number}"},
        {"context": "a,b"},
        {"caller_id": "Norte\r\nAction: Logoff"},
        {"channels": 0},
        {"port": 0},
        {"colour": "red"},
    ],
)
def test_keys_that_cannot_work_are_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(**keys)


def test_the_driver_offers_calls(tmp_path: Path) -> None:
    offered: Driver = driver
    assert offered.channels == {"call"}
    found = offered.check(
        LineSetup(
            "t", options(prompts=tmp_path / "none", speech=("no-such-program",), convert=("true",), port=free_port())
        )
    )
    # Nobody listens at that port.
    assert [finding.key for finding in found] == ["speech", "prompts", "host"]
    assert offered.make(LineSetup("t", options(channels=7))).capacity == 7
    assert SECRET not in repr(options())
