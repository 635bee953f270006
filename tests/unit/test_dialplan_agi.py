"""The AGI script as it is laid down, run by a plain python3 against an Asterisk's side of the conversation."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.install import install_script
from dialplan.steps import AskStep, DoStep, GoStep, IfStep, PlayStep, SpellStep, Step, packed

COMMAND = re.compile(
    r'(?:(?:SET|GET) VARIABLE "(?:\w+|DB\(gatewayd/[\w.-]+/\w+\))"(?: "[^"\n]*")?'
    r'|EXEC (?:Playback|Read) "[A-Za-z0-9_./@:+*# ,-]*"|STREAM FILE "[A-Za-z0-9_./-]*" "[0-9]*")\n'
)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("agi")
    install_script(folder)
    return folder / "gatewayd_agi.py"


class Told:
    """What a run of the script set, said, and asked; `left` is how it ended."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.played: list[str] = []
        self.status = 0


def run(
    script: Path, variables: Mapping[str, str], pressed: Iterator[str], *, missing: str = "", hangs: int = 99
) -> Told:
    """Plays Asterisk: `missing` is a prompt it does not have; after `hangs` commands the person is gone."""
    told = Told()
    told.variables = dict(variables)
    # -I: nothing of this environment, and nothing beside the current folder, is in reach of it.
    with subprocess.Popen(
        ["/usr/bin/env", "python3", "-I", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("agi_channel: Local/1@x\nagi_callerid: 5491159876543\n\n")
        process.stdin.flush()
        for count, command in enumerate(process.stdout):
            assert COMMAND.fullmatch(command), command
            if count == hangs:
                break
            process.stdin.write(answer(told, command, pressed, missing) + "\n")
            process.stdin.flush()
        process.stdin.close()
        complaint = process.stderr.read()
        told.status = process.wait(20)
    # Numbers and commands stay off Asterisk's console.
    assert "5491159876543" not in complaint
    return told


def answer(told: Told, command: str, pressed: Iterator[str], missing: str) -> str:
    words = re.findall(r'"([^"]*)"', command)
    if command.startswith("SET"):
        told.variables[words[0]] = words[1]
        return "200 result=1"
    if command.startswith("GET"):
        value = told.variables.get(words[0])
        return "200 result=0" if value is None else f"200 result=1 ({value})"
    if command.startswith("STREAM"):
        told.played.append(words[0])
        digit = told.variables.pop(f"press {words[0]}", "")
        if digit and digit in words[1]:
            return f"200 result={ord(digit)} endpos=800"
        return f"200 result=0 endpos={0 if words[0] == missing else 8000}"
    prompt = words[0].split(",")[1] if "Read" in command else words[0]
    told.played.append(prompt)
    fails = prompt == missing
    if "Read" in command:
        told.variables["GW_PRESSED"] = "" if fails else next(pressed, "")
        told.variables["READSTATUS"] = "ERROR" if fails else "OK"
    else:
        told.variables["PLAYBACKSTATUS"] = "FAILED" if fails else "SUCCESS"
    return "200 result=0"


def carried(steps: list[Step], digits: Mapping[str, str] | None = None) -> dict[str, str]:
    pieces = packed(steps, digits or {})
    return {"GW_STEPS": str(len(pieces)), **{f"GW_S{index}": piece for index, piece in enumerate(pieces)}}


STEPS = [
    Step(PlayStep("/p/hola"), 1),
    Step(AskStep("clave", "/p/clave", 900, (2, 3), {}, 5, 2, otherwise=6), 2),
    Step(IfStep("clave", "123", otherwise=5), 3),
    Step(AskStep("tecla", "/p/menu", 900, (1, 1), {"1": 4, "2": 5}, 5, 1, otherwise=6), 4),
    Step(DoStep("promise"), 5),
    Step(SpellStep("clave"), 6),
]
DIGITS = {digit: f"/p/{digit}" for digit in "0123456789*#"}


@pytest.mark.parametrize(
    ("pressed", "played", "expected"),
    [
        (["123", "1"], ["1", "2", "3"], {"GW_ANSWERS": "clave:123 tecla:1", "GW_KEY": "1", "GW_ACTION": "promise"}),
        (["123", "2"], ["1", "2", "3"], {"GW_KEY": "2"}),
        (["9", "45"], ["4", "5"], {"GW_ANSWERS": "clave:45"}),
        (["", ""], [], {}),
        (["12*#"], ["1", "2"], {}),
    ],
)
def test_steps_are_walked(script: Path, pressed: list[str], played: list[str], expected: dict[str, str]) -> None:
    told = run(script, carried(STEPS, DIGITS), iter([*pressed, "12"]))
    assert told.status == 0
    assert told.variables["GW_SCRIPT"] == "done"
    assert told.variables.items() >= expected.items()
    assert [path.removeprefix("/p/") for path in told.played if path.removeprefix("/p/") in DIGITS] == played


@pytest.mark.parametrize("where", ["/p/hola", "/p/2", "/p/menu"])
def test_the_digit_that_opts_out_does_so_anywhere_and_is_kept_at_once(script: Path, where: str) -> None:
    """While something is said, spelled or asked; and what is done afterwards does not undo it."""
    steps = [
        Step(PlayStep("/p/hola"), 1),
        Step(AskStep("clave", "/p/clave", 0, (3, 3), {}, 5, 1, otherwise=2), 2),
        Step(SpellStep("clave"), 3),
        Step(AskStep("tecla", "/p/menu", 0, (1, 1), {"1": 5}, 5, 1, otherwise=5), 5),
        Step(DoStep("opt_out"), 5),
        Step(DoStep("promise"), 6),
    ]
    pieces = packed(steps, DIGITS, {"9": 4})
    given = {"GW_STEPS": str(len(pieces)), **{f"GW_S{index}": piece for index, piece in enumerate(pieces)}}
    given |= {"GW_LINE": "gatewayd-t", "GW_ID": "01JD", "GW_NUMBER": "+549115", f"press {where}": "9"}
    pressed = ["9"] if where == "/p/hola" else ["123", "9"]
    told = run(script, given, iter(pressed[where == "/p/hola" :]))
    assert told.variables["GW_SCRIPT"] == "done"
    assert (told.variables["GW_KEY"], told.variables["GW_ACTION"]) == ("9", "opt_out")
    kept = told.variables["DB(gatewayd/gatewayd-t/01JD)"]
    assert " to=+549115 " in kept
    assert " key=9 action=opt_out played=SUCCESS " in kept


def test_a_missing_prompt_is_its_own_end(script: Path) -> None:
    for missing in ("/p/hola", "/p/clave"):
        told = run(script, carried(STEPS, DIGITS), iter(["123", "1"]), missing=missing)
        assert told.variables["GW_SCRIPT"] == "prompt"
        assert told.played[-1] == missing


def test_who_hangs_up_leaves_it_running(script: Path) -> None:
    for hangs in (1, 4, 8):
        assert run(script, carried(STEPS, DIGITS), iter(["123", "1"]), hangs=hangs).variables["GW_SCRIPT"] == "running"


@pytest.mark.parametrize(
    "variables",
    [{}, {"GW_STEPS": "1"}, {"GW_STEPS": "1", "GW_S0": "AAAA"}, {"GW_STEPS": "x"}, {"GW_STEPS": "1", "GW_S0": "é"}],
)
def test_a_program_that_is_none_is_no_good_end(script: Path, variables: dict[str, str]) -> None:
    told = run(script, variables, iter([]))
    assert told.status != 0
    assert told.variables["GW_SCRIPT"] == "running"


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(['\nSET VARIABLE "GW_SCRIPT" "done"', '"', "\r", ",", "\0", "é", "&", "$", "\n"]), st.integers(0, 4)
)
def test_no_value_becomes_a_command(script: Path, hostile: str, where: int) -> None:
    """Steps that no gateway packs: every command on the wire is still one that the script means."""
    value = f"/p/x{hostile}"
    step: Step = [
        Step(PlayStep(value), 1),
        Step(AskStep("a", value, 0, (1, 1), {}, 5, 1, 1), 1),
        Step(AskStep(value, "/p/a", 0, (1, 1), {}, 5, 1, 1), 1),
        Step(DoStep(value), 1),  # type: ignore[arg-type]
        Step(DoStep("transfer", value), 1),
    ][where]
    told = run(script, carried([step]), iter(["1"]))
    assert told.variables["GW_SCRIPT"] == "running"
    assert told.status != 0


def test_an_older_python_reads_the_script(script: Path) -> None:
    for file in (script, *sorted(script.parent.glob("gatewayd_agi/**/*.py"))):
        ast.parse(file.read_text(), feature_version=(3, 7))


def test_steps_that_are_too_many_do_not_travel() -> None:
    import random

    dice = random.Random(1)
    steps = [Step(PlayStep(f"/p/{dice.randbytes(200).hex()}"), index + 1) for index in range(300)]
    with pytest.raises(ValueError, match="too many"):
        packed(steps, {})
    assert len(packed([Step(GoStep(), 0)], {})) == 1
