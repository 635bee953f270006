"""Call scripts whole, from the job file to the receipt: spoken by the real programs, fetched, stepped through, told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.asterisk.options import AsteriskOptions
from tests.peers.asterisk import SECRET, USER, Asterisk
from tests.peers.asterisk_bench import running
from tests.peers.asterisk_callees import BUSY, LATER, LISTENS, MACHINE, PRESSES, TYPES, tone
from tests.peers.asterisk_speech import CONVERT, SPEAK
from tests.rig import Gateway
from tests.rig.calling import TARIFF
from tests.rig.ports import free_port
from tests.rig.processes import gatewayd
from tests.rig.trial import one

FETCHES = ("res_curl", "func_curl", "res_http_media_cache")

LINE = """
[[line]]
name = "{name}"
driver = "asterisk"
rate = "100/s"
number_format = "digits"
port = {port}
user = "{user}"
secret = "{secret}"
dial = "Local/{prefix}{{number}}@callees/n"
channels = 4
prompts = "{prompts}"
speech = {speech}
convert = {convert}
{more}
"""

STEPS = [
    {"say": "Hola %nombre%."},
    {"ask": "clave", "prompt": [{"say": "Marque las tres primeras cifras de su documento " * 3}], "digits": 3},
    {"if": "clave", "equals": "%clave%", "then": "menu", "else": "otro"},
    {"label": "otro", "say": "Gracias.", "goto": "end"},
    {
        "label": "menu",
        "ask": "opcion",
        "prompt": [{"say": "Debe"}, {"amount": "%deuda%"}, {"say": "Para no recibir llamadas marque nueve " * 3}],
        "keys": {"1": "promesa", "9": "baja"},
    },
    {"label": "promesa", "do": "promise", "goto": "end"},
    {"label": "baja", "do": "opt_out"},
]


def line(pbx: Asterisk, name: str, prefix: str, more: str = "", **keys: object) -> str:
    given = {"speech": json.dumps(list(SPEAK)), "convert": json.dumps(list(CONVERT)), **keys}
    return LINE.format(
        name=name,
        prefix=prefix,
        port=pbx.port,
        user=USER,
        secret=SECRET,
        prompts=pbx.base / "prompts",
        more=more,
        **given,
    )


def job(name: str, numbers: range, script: Any, *, text: str | None = None, **call: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "job": name,
        "channel": "call",
        "recipients": [one(n, nombre=f"Ana {n}", clave="12-3", deuda="1.500,50") for n in numbers],
        "lines": [name],
        "call": {"ring_s": 5, **call} | ({"script": script} if script else {}),
    }
    return raw | ({"text": text} if text else {})


def finished(gateway: Gateway, name: str) -> dict[str, Any]:
    """The job's summary once it is done and its last receipt has been written."""

    def told(summary: dict[str, Any]) -> bool:
        receipts = gateway.receipts(name)
        return summary["state"] == "done" and bool(receipts) and receipts[-1]["seq"] == summary["last_seq"]

    return gateway.wait_job(name, told)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with running(tmp_path_factory.mktemp("pbx") / "asterisk") as started:
        (started.base / "prompts").mkdir()
        yield started


@pytest.mark.peer
def test_scripts_go_from_the_file_to_the_receipt(pbx: Asterisk, tmp_path: Path) -> None:
    prefixes = {
        "baja": f"{TYPES}12395",
        "ajeno": f"{TYPES}45611",
        "solo": LISTENS,
        "maquina": MACHINE,
        "mixto": LISTENS,
    }
    extra = TARIFF + "".join(line(pbx, name, prefix) for name, prefix in prefixes.items())
    tone(pbx.base / "prompts/intro.wav", 0.3, rate=22_050)
    mixed = [{"play": "intro.wav"}, {"say": "Hola %nombre%"}, {"amount": "%deuda%"}]
    with Gateway(tmp_path, [], extra=extra, tariff="").start() as gateway:
        gateway.account(credit="100")
        gateway.drop(job("baja", range(2), {"steps": STEPS, "goodbye": "Chau."}))
        gateway.drop(job("ajeno", range(2, 3), {"steps": STEPS}))
        # A text alone, with a plan beside it.
        gateway.drop(job("solo", range(3, 4), None, text="Hola %nombre%", amd="off"))
        gateway.drop(
            job("maquina", range(4, 5), {"message": "uno dos"}, amd="detect", retries={"machine": {"pause": "1s"}})
        )
        gateway.drop(job("mixto", range(5, 7), {"message": mixed, "confirm": {"promise": "Gracias %nombre%"},
                                                "menu": {"2": "promise"}, "menu_prompt": "Marque dos"}))  # fmt: skip
        for name, delivered in (("baja", 2), ("ajeno", 1), ("solo", 1), ("maquina", 0), ("mixto", 2)):
            assert finished(gateway, name)["counts"]["delivered"] == delivered, name
        told = {name: gateway.receipts(name)[-1] for name in prefixes}
        assert told["baja"]["detail"]["tries"] == 1, gateway.log.read_text()
        assert told["baja"]["detail"].items() >= {"key": "9", "action": "opt_out", "tries": 1}.items()
        assert told["baja"]["detail"]["answers"] == {"clave": "123", "opcion": "9"}
        assert told["ajeno"]["detail"].items() >= {"key": None, "action": None, "answers": {"clave": "456"}}.items()
        # A machine is charged each time it answers: nobody else can be.
        machine = told["maquina"]
        assert (machine["state"], machine["reason"], machine["cost"]) == ("undelivered", "machine", "1.80")
        assert machine["detail"].items() >= {"disposition": "machine", "heard_s": 0, "tries": 2}.items()
        # Who asked not to be called is not, by whatever way they are reached.
        gateway.drop(
            {"job": "otra", "channel": "call", "text": "hola", "recipients": [one(0), one(3)], "lines": ["solo"]}
        )
        counts = finished(gateway, "otra")["counts"]
        assert (counts["invalid"], counts["delivered"]) == (1, 1)
        assert gateway.stop() == 0


@pytest.mark.peer
def test_what_cannot_be_meant_is_refused_at_the_door(tmp_path: Path) -> None:
    with Gateway(tmp_path, [], extra=TARIFF, tariff="").start() as gateway:
        gateway.account(credit="100")
        steps = [{"say": "Hola"}, {"ask": "x", "prompt": "¿?", "keys": {"1": "nowhere"}}]
        folder = gateway.spool.folder("incoming", "norte")
        raw = job("mal", range(1), {"steps": steps})
        (folder / ".mal.json").write_text(json.dumps(raw))
        (folder / ".mal.json").rename(folder / "mal.json")
        rejected = gateway.spool.folder("rejected", "norte")
        gateway.wait_files(rejected, 2)
        error = json.loads((rejected / "mal.json.error.json").read_text())
        assert (error["code"], error["field"]) == ("value_invalid", "call.script.steps[1].keys.1")
        assert "nowhere" in error["message"]
        assert gateway.stop() == 0


HOSTILE = (
    "Ana\r\nAction: Logoff\r\n",
    "Ana,s,1(${SHELL(touch {mark})})",
    "$(touch {mark}) `touch {mark}` ; touch {mark} &",
    '"Ana" <x>, \\"',
    "-w {mark}",
    "%deuda% ${GW_ID} {text} {output}",
    "x" * 10_000,
)


@pytest.mark.peer
def test_hostile_names_are_only_ever_said(pbx: Asterisk, tmp_path: Path) -> None:
    """By steps, which know them too; what is too long to be said, or no amount, is refused."""
    mark = tmp_path / "mark"
    people = [
        one(number, nombre=text.replace("{mark}", str(mark)), clave=text, deuda="10")
        for number, text in enumerate(HOSTILE)
    ]
    people += [one(number, nombre="Ana", clave="1", deuda=text) for number, text in enumerate(HOSTILE, len(HOSTILE))]
    steps = [{"ask": "x", "prompt": "%nombre%", "digits": 1, "wait_s": 1, "tries": 1},
             {"if": "x", "equals": "%clave%", "then": "end"}, {"amount": "%deuda%"}]  # fmt: skip
    # A word of the command as well as its input.
    speech = json.dumps([*SPEAK[:-1], "{output}", "{text}"])
    extra = TARIFF + line(pbx, "pasos", f"{PRESSES}1", speech=speech)
    with Gateway(tmp_path, [], extra=extra, tariff="").start() as gateway:
        gateway.account(credit="100")
        gateway.drop({**job("pasos", range(0), {"steps": steps, "goodbye": "%nombre%"}), "recipients": people})
        counts = finished(gateway, "pasos")["counts"]
        assert (counts["delivered"], counts["invalid"]) == (len(HOSTILE) - 1, len(HOSTILE) + 1), counts
        refused = {each["row"]: each["reason"] for each in gateway.receipts("pasos") if each["state"] == "invalid"}
        owing = dict.fromkeys(range(len(HOSTILE) + 1, 2 * len(HOSTILE)), "value_invalid")
        assert refused == {len(HOSTILE): "too_long", **owing, 2 * len(HOSTILE): "too_long"}
        assert gateway.stop() == 0
    assert not mark.exists()
    assert pbx.cli("core show uptime").startswith("System uptime")


@pytest.mark.peer
def test_the_real_voice_is_heard(pbx: Asterisk, tmp_path: Path) -> None:
    """espeak-ng and sox as they are configured by default."""
    missing = [name for name in ("espeak-ng", "sox") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    fields = AsteriskOptions.model_fields
    real = {name: json.dumps(list(fields[name].default)) for name in ("speech", "convert")}
    extra = TARIFF + line(pbx, "voz", LATER, 'prompts_keep_days = 1\nvoices = { pt = "pt-br" }\n', **real)
    with Gateway(tmp_path, [], extra=extra, tariff="").start() as gateway:
        gateway.account(credit="100")
        before = set((pbx.base / "prompts").glob("*.wav"))
        raw = job("voz", range(3), {"message": [{"say": "Su deuda es de"}, {"amount": "%deuda%"}]}, min_heard_s=0)
        gateway.drop(raw)
        assert finished(gateway, "voz")["counts"]["delivered"] == 3
        # Equal words are spoken once.
        assert len(set((pbx.base / "prompts").glob("*.wav")) - before) == 1
        assert 1 <= gateway.receipts("voz")[-1]["detail"]["heard_s"] <= 8
        gateway.drop({**job("portugues", range(1), {"message": "Bom dia", "language": "pt"}), "lines": ["voz"]})
        assert finished(gateway, "portugues")["counts"]["delivered"] == 1
        assert gateway.stop() == 0


@pytest.mark.peer
def test_a_remote_asterisk_fetches_prompts_from_us(pbx: Asterisk, tmp_path: Path) -> None:
    for module in FETCHES:
        pbx.cli(f"module load {module}.so")
    if "res_http_media_cache" not in pbx.cli("module show like res_http_media_cache"):
        pytest.skip("this Asterisk's res_http_media_cache cannot be loaded: is libcurl4 installed?")
    listen = f"127.0.0.1:{free_port()}"
    more = f'prompts_url = "http://{listen}"\n'
    extra = TARIFF + line(pbx, "lejos", LISTENS, more) + line(pbx, "pasos", f"{TYPES}12315", more)
    with Gateway(tmp_path, [], extra=extra, tariff="", listen=listen).start() as gateway:
        gateway.account(credit="100")
        script = {"message": "Hola %nombre%", "menu": {"1": "repeat"}, "menu_prompt": "marque uno"}
        gateway.drop(job("lejos", range(2), script))
        gateway.drop(job("pasos", range(2, 3), {"steps": STEPS}))
        assert finished(gateway, "lejos")["counts"]["delivered"] == 2
        assert finished(gateway, "pasos")["counts"]["delivered"] == 1
        assert gateway.receipts("pasos")[-1]["detail"]["action"] == "promise"
        cached = pbx.cli("media cache show all")
        assert f"http://{listen}/prompts/lejos/" in cached
        address = f"http://{listen}/prompts/lejos"
        names = re.findall(rf"{address}/([0-9a-f]{{40}})\.wav", cached)
        with urllib.request.urlopen(f"{address}/{names[0]}.wav", timeout=20) as fetched:
            assert (fetched.headers["content-type"], fetched.read(4)) == ("audio/wav", b"RIFF")
        tone(pbx.base / "prompts/intro.wav", 0.1)
        for other in ("intro", ".key", "..%2f..%2fgatewayd", names[0][:-1], f"{names[0]}%00", "f" * 40):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{address}/{other}.wav", timeout=20)
            with refused.value:
                assert refused.value.code == 404, other
        with_daemon = gatewayd(["--config", str(gateway.config), "check"], stdout=subprocess.PIPE)
        assert with_daemon.communicate(timeout=60)[0].splitlines()[-1] == b"no fault found"
        assert gateway.stop() == 0


@pytest.mark.peer
def test_a_line_that_cannot_call_says_what_is_missing(pbx: Asterisk, tmp_path: Path) -> None:
    bad_context = line(pbx, "malo", LISTENS, 'context = "nowhere"')
    bad_secret = line(pbx, "cerrado", LISTENS).replace(SECRET, "otro-secreto")
    extra = TARIFF + bad_context + bad_secret + line(pbx, "ocupado", BUSY)
    with Gateway(tmp_path, [], extra=extra, tariff="").start() as gateway:
        gateway.account(credit="100")
        gateway.wait_line("malo", "ready")
        told = gateway.call("line.test", line="malo", number="1150000001", text="hola")
        [finding] = told["findings"]
        assert finding["key"] == "line[malo].context"
        assert "[nowhere]" in finding["message"]
        gateway.wait_line("cerrado", "quarantined")
        tested = gatewayd(
            ["--config", str(gateway.config), "line", "test", "cerrado", "1150000001"], stderr=subprocess.PIPE
        )
        said = tested.communicate(timeout=60)[1].decode()
        assert tested.returncode == 1
        assert "login refused" in said
        assert "line[cerrado].secret: Asterisk at 127.0.0.1" in said
        assert len(said.splitlines()) == 1
        # Nothing is wrong with a line whose callee is busy.
        busy = gateway.call("line.test", line="ocupado", number="1150000001", text="hola")
        assert (busy["state"], busy["findings"]) == ("failed", [])
        assert gateway.stop() == 0
    for locale, word in (("en", "refuses the login"), ("es", "rechaza")):
        gateway.config.write_text(gateway.config.read_text().replace('locale = "en"', f'locale = "{locale}"'))
        checked = gatewayd(["--config", str(gateway.config), "check"], stderr=subprocess.PIPE)
        lines = checked.communicate(timeout=60)[1].decode().splitlines()
        assert checked.returncode == 1
        assert any("line[cerrado].secret" in each and word in each for each in lines), lines
        assert any("line[malo].context" in each for each in lines), lines
