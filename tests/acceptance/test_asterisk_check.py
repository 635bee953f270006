"""What `gatewayd check` says of a real Asterisk that lacks something: what, its key, what to do; and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dialplan.context import VERSION
from drivers.asterisk.diagnosis import check
from drivers.asterisk.timing import Timing
from drivers.base import Finding
from tests.peers.asterisk import Asterisk
from tests.peers.asterisk_bench import options, running
from tests.rig.ports import free_port

QUICK = Timing(connect_s=3.0, answer_s=3.0, booted_s=1.5)


PROVIDER = """
[cuenta]
type = registration
transport = transport-udp
server_uri = sip:127.0.0.1:9
client_uri = sip:nosotros@127.0.0.1:9
endpoint = lejos
line = yes
[lejos]
type = endpoint
transport = transport-udp
context = from-trunk
disallow = all
allow = ulaw
aors = lejos
[lejos]
type = aor
contact = sip:127.0.0.1:9
qualify_frequency = 1
qualify_timeout = 0.2
"""
"""Nobody is there."""
NOBODY = """
[nadie]
exten => recepcion,1,NoOp()
include => mas
[mas]
exten => h,1,NoOp()
[alguien]
include => callees
"""


def more(pbx: Asterisk, name: str, text: str) -> None:
    with (pbx.base / f"etc/{name}.conf").open("a") as conf:
        conf.write(text)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with running(tmp_path_factory.mktemp("pbx") / "asterisk") as started:
        (started.base / "prompts").mkdir()
        more(started, "pjsip", PROVIDER)
        more(started, "extensions", NOBODY)
        for module in ("res_pjsip_outbound_registration", "res_pjsip_outbound_authenticator_digest"):
            started.cli(f"module load {module}.so")
        started.cli("module reload res_pjsip.so")
        started.cli("dialplan reload")
        yield started


def findings(pbx: Asterisk, **keys: Any) -> list[tuple[str, str]]:
    """Key and message of each."""
    given = {"dial": "PJSIP/{number}@trunk", **keys}
    return [(one.key, said(one)) for one in check("troncal", options(pbx, **given), QUICK, tried_s=4.0)]


def said(one: Finding) -> str:
    assert one.remedy.format(**one.values)
    return one.message.format(**one.values)


def test_nothing_is_wrong_with_what_works(pbx: Asterisk) -> None:
    assert findings(pbx) == []


@pytest.mark.parametrize(
    ("keys", "key", "message"),
    [
        ({"secret": "wrong"}, "secret", "refuses the login of gatewayd"),
        ({"user": "nobody"}, "secret", "refuses the login of nobody"),
        ({"user": "deaf"}, "user", "deaf lacks: read = system"),
        ({"user": "mute"}, "user", "mute lacks: write = originate"),
        ({"user": "halfdeaf"}, "user", "halfdeaf lacks: read = call; read = user"),
        ({"user": "nouser"}, "user", "nouser lacks: read = user"),
        ({"user": "nocall"}, "user", "nocall lacks: read = call"),
        ({"context": "nowhere"}, "context", "no context [nowhere]"),
        ({"context": "callees"}, "context", "is not gatewayd's"),
        ({"dial": "PJSIP/{number}@otra"}, "dial", "no endpoint otra"),
        ({"dial": "Local/{number}@fuera/n"}, "dial", "no context [fuera]"),
        ({"prompts_remote": "/nowhere"}, "prompts_remote", "cannot play what is in /nowhere"),
        ({"prompts": Path("/nowhere")}, "prompts", "/nowhere does not exist"),
        ({"prompts": Path("/proc")}, "prompts", "/proc"),
        ({"prompts_url": "http://127.0.0.1:9"}, "prompts_url", "res_http_media_cache"),
        ({"speech": ("no-such-program",)}, "speech", "no-such-program is not installed"),
        ({"speech": ("false",)}, "speech", "the speech command fails: false ended with 1"),
        ({"dial": "Local/{number}@nadie/n"}, "dial", "no extension of the context [nadie] is a telephone number"),
        ({"dial": "PJSIP/{number}@lejos"}, "dial", "nothing answers at the address of the endpoint lejos"),
    ],
)
def test_what_is_configured_wrongly_is_named(pbx: Asterisk, keys: dict[str, Any], key: str, message: str) -> None:
    found = findings(pbx, **keys)
    assert [one[0] for one in found] == [key] * len(found), found
    assert message in found[0][1]


def test_a_trunk_that_is_not_registered_is_told(pbx: Asterisk) -> None:
    found = findings(pbx, dial="PJSIP/{number}@lejos")
    assert ("dial", "the trunk lejos is not registered: Unregistered") in found
    assert findings(pbx, dial="Local/{number}@alguien/n") == []


def test_transfers_that_lead_nowhere_are_told(pbx: Asterisk) -> None:
    with changed(pbx.base / "etc/extensions.conf", "[gatewayd-transfer]", "[otro-lugar]"):
        pbx.cli("dialplan reload")
        [(key, message)] = findings(pbx)
    pbx.cli("dialplan reload")
    assert (key, message) == ("context", "Asterisk knows no context [gatewayd-transfer]; transfers lead there")
    assert findings(pbx) == []


def test_nobody_listens(pbx: Asterisk) -> None:
    [(key, message)] = findings(pbx, port=free_port())
    assert key == "host"
    assert "nothing listens at 127.0.0.1:" in message


def test_a_frozen_asterisk_is_told(pbx: Asterisk) -> None:
    pbx.freeze()
    try:
        [(key, message)] = findings(pbx)
    finally:
        pbx.thaw()
    assert key == "host"
    assert "does not answer" in message


@contextmanager
def unloaded(pbx: Asterisk, *modules: str) -> Iterator[None]:
    for name in modules:
        pbx.cli(f"module unload {name}.so")
    try:
        yield
    finally:
        for name in modules:
            pbx.cli(f"module load {name}.so")


@pytest.mark.parametrize(
    "module", ["app_amd", "app_read", "app_playback", "format_wav", "app_userevent", "func_strings"]
)
def test_a_module_that_is_missing_is_named(pbx: Asterisk, module: str) -> None:
    with unloaded(pbx, module):
        found = findings(pbx)
    assert found[0] == ("host", f"Asterisk has not loaded: {module}"), found
    assert findings(pbx) == []


def test_prompts_that_cannot_be_fetched_are_told(pbx: Asterisk) -> None:
    for module in ("res_curl", "func_curl", "res_http_media_cache"):
        pbx.cli(f"module load {module}.so")
    if "res_http_media_cache" not in pbx.cli("module show like res_http_media_cache"):
        pytest.skip("this Asterisk's res_http_media_cache cannot be loaded: is libcurl4 installed?")
    [(key, message)] = findings(pbx, prompts_url=f"http://127.0.0.1:{free_port()}")
    assert key == "prompts_url"
    assert "cannot fetch http://127.0.0.1:" in message


def test_a_trunk_without_a_codec_is_told(pbx: Asterisk) -> None:
    with unloaded(pbx, "codec_ulaw", "codec_alaw"):
        found = findings(pbx)
    assert found == [
        ("dial", "the endpoint trunk allows ulaw|alaw, and Asterisk has loaded none of: codec_ulaw, codec_alaw")
    ]
    with unloaded(pbx, "codec_ulaw"):
        assert findings(pbx) == []


@contextmanager
def changed(path: Path, old: str, new: str) -> Iterator[None]:
    whole = path.read_text()
    assert old in whole
    path.write_text(whole.replace(old, new))
    try:
        yield
    finally:
        path.write_text(whole)


def test_silence_that_is_not_sent_is_told(pbx: Asterisk) -> None:
    with changed(pbx.base / "etc/asterisk.conf", "transmit_silence = yes", "transmit_silence = no"):
        [(key, message)] = findings(pbx)
    assert key == "host"
    assert "answering machine detection hears nothing" in message


def test_a_context_of_an_older_gatewayd_is_told(pbx: Asterisk) -> None:
    with changed(pbx.base / "etc/extensions.conf", f"NoOp(gatewayd {VERSION})", "NoOp(gatewayd)"):
        pbx.cli("dialplan reload")
        [(key, message)] = findings(pbx)
        assert key == "context"
        assert "is not gatewayd's" in message or "older" in message
    pbx.cli("dialplan reload")
    assert findings(pbx) == []


def test_a_script_that_cannot_run_is_told(pbx: Asterisk) -> None:
    with changed(pbx.base / "agi/gatewayd_agi.py", "from asterisk.agi", "from nowhere.agi"):
        [(_key, message)] = findings(pbx)
    assert "gatewayd_agi.py" in message
