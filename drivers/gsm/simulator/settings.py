"""What can be asked of a simulated modem: lasting settings, and faults that strike a number of times.

Both arrive as JSON over the control socket, so both check names and types and say what is wrong. Nothing here does
anything: `modem` and `network` read it.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Literal, get_args, get_origin, get_type_hints

from drivers.simulation.faults import struck
from drivers.simulation.settings import SettingError

ReportPlan = Literal["delivered", "failed", "temporary", "pending", "none"]
PowerState = Literal["on", "frozen", "booting"]


@dataclass(slots=True)
class Settings:
    """The lasting state of one modem, its SIM and its radio. Times are seconds."""

    # Submitting
    latency_s: float = 0.0
    """From Ctrl-Z to the network's answer; the network takes the message at its end."""
    reference_next: int | None = None
    """TP-MR of the next submit; it then counts on and wraps at 256."""
    reference_fixed: int | None = None
    """Firmware that answers every submit with the same TP-MR."""

    # Status reports (23.040 §9.2.3.15)
    report: ReportPlan = "delivered"
    """`temporary` sends 0x30 and then a delivered one; `pending` only the 0x30; `none` never sends any."""
    report_status: int | None = None
    """TP-ST of the final report, where it should be another than 0x00 or 0x46."""
    report_delay_s: float = 0.05
    report_copies: int = 1
    report_first: bool = False
    """The report overtakes its own `+CMGS`."""
    unrouted_reports: Literal["hold", "discard"] = "hold"
    """What becomes of a report while CNMI routes none."""

    # Radio
    registration: int = 1
    """`<stat>` of +CREG (27.007 §7.2): 0 not, 1 home, 2 searching, 3 denied, 5 roaming."""
    rssi: int = 20
    """0–31, 99 unknown (27.007 §8.5)."""
    operator: str = "Simunet"
    operator_code: str = "72299"
    radio: bool = True
    """Off: nothing is registered until CFUN=1 (COPS=0 after COPS=2) switches it on again."""
    radio_off: int = 0
    """What CFUN? says while the radio is off: 0, 4, or a maker's own 5 or 7."""
    searching_until: Literal["", "cfun", "cops"] = ""
    """Firmware that searches (stat 2) until the radio is restarted by CFUN, or the operator chosen anew by COPS=0."""

    # SIM and memory
    smsc: str = "+541151740056"
    """Empty: the SIM knows no service centre, sending answers 330 unless the PDU brings one."""
    csmp_wipes_smsc: bool = False
    sim_present: bool = True
    sim_wait_s: float = 0.0
    """From power-up until the SIM is ready; before, CPIN? says NOT READY and all that needs it is refused."""
    storage: str | None = None
    """Memory that receives, whatever CPMS says ("SM", "ME"); None: the third of CPMS."""
    capacity: int = 50
    """Places in each memory; lowering it below what is stored makes the memory full."""

    # Receiving
    cnmi_supported: bool = True
    cnma_timeout_s: float = 15.0
    """With CSMS=1, how long +CMT and +CDS wait for CNMA before routing is switched off (27.005 §3.4.4)."""
    missing_message: Literal["321", "ok"] = "321"
    """How CMGR answers for an empty place."""
    delete_flags: bool = True
    """Whether CMGD takes a second parameter."""

    # The command line
    text_mode_only: bool = False
    """CMGF=0 is refused: only text mode is there."""
    joins: bool = True
    """Whether a command line may hold several extended commands; else it is an ERROR."""
    answer_s: float = 0.0
    """From the end of a command line to its execution: a slow modem."""

    # The wire
    prompt: str = "\r\n> "
    """What the prompt looks like, as Latin-1."""
    chatter: tuple[str, ...] = ()
    """Unsolicited lines of a modem that is never quiet, in turn, one every `chatter_s`; some brands know a command
    that silences them."""
    chatter_s: float = 0.0
    echo_stuck: bool = False
    """ATE0 is answered OK and changes nothing."""
    line_end: str = "\r\n"
    chunk: int = 0
    """Bytes a write; 1 is one at a time; 0 as they come."""
    chunk_delay_s: float = 0.0
    drop_probability: float = 0.0
    """For each byte sent to the host, the probability that it is lost."""
    noise: tuple[str, ...] = ()
    """Lines strewn before results, in turn: RING, ^RSSI:17, "OK see you" …"""
    noise_probability: float = 1.0
    boot_s: float = 0.0
    """From power-up or reboot until the modem answers; input before that is lost."""
    ussd: dict[str, str] = field(default_factory=lambda: {"*150#": "Su saldo es $ 1.234,50. Vence 30/11."})
    """USSD code → answer; any other code is answered by `+CUSD: 4` (not supported)."""


_HINTS = get_type_hints(Settings)
_NAMES = frozenset(item.name for item in fields(Settings))


def _suits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Literal:
        return value in get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_suits(value, each) for each in get_args(hint))
    if origin is tuple:
        return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items())
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is type(None):
        return value is None
    return isinstance(value, hint)


def setting_name(name: str) -> str:
    """The field that `name` means; `latency` is understood as `latency_s`."""
    for candidate in (name, f"{name}_s"):
        if candidate in _NAMES:
            return candidate
    raise SettingError(f"no setting is called {name!r}; there are: {', '.join(sorted(_NAMES))}")


def change(settings: Settings, values: Mapping[str, Any]) -> frozenset[str]:
    """Apply all of `values` or none; returns the names of the fields that were set."""
    checked: dict[str, Any] = {}
    for given, value in values.items():
        name = setting_name(given)
        if not _suits(value, _HINTS[name]):
            raise SettingError(f"{name} cannot be {value!r}: it is {Settings.__annotations__[name]}")
        checked[name] = tuple(value) if get_origin(_HINTS[name]) is tuple else value
    for name, value in checked.items():
        setattr(settings, name, value)
    return frozenset(checked)


FAULTS: Mapping[str, Mapping[str, Any]] = {
    # At AT+CMGS=…, before the prompt
    "no_prompt": {},
    "late_prompt": {"delay_s": 1.0},
    "prompt_error": {"text": "+CMS ERROR: 500"},
    # After Ctrl-Z
    "silence": {"taken": True, "late_s": None, "blocked_s": 0.0},
    "submit_error": {"text": "+CMS ERROR: 500", "taken": False},
    "report_first": {},
    "repeat_reference": {},
    "stray_error": {"text": "+CMS ERROR: 500", "delay_s": 0.0},
    # At any command
    "command_error": {"command": "", "text": "+CME ERROR: 14"},
    "command_silence": {"command": ""},
    "noise": {"lines": ("RING",)},
    "garbage": {"hex": "fffe80c30a"},
}
"""Kinds of fault and their arguments with defaults.

* `no_prompt`, `late_prompt`: `AT+CMGS` is followed by nothing, or by a prompt `delay_s` later.
* `prompt_error`: `text` instead of the prompt.
* `silence`: nothing after Ctrl-Z; `taken` by the network or not; the answer comes after `late_s`, or never; for
  `blocked_s` the modem hears nothing else.
* `submit_error`: `text` after Ctrl-Z, although the message was `taken`, or because it was not.
* `report_first`: this message's report comes before its `+CMGS`. `repeat_reference`: TP-MR as in the last submit.
* `stray_error`: `text` again, `delay_s` after the OK of a submit that was taken and answered.
* `command_error`: `text` for a command whose line begins with `command` ("" is any): busy, 515, "ERROR" …
* `command_silence`: no answer to it at all.
* `noise`: `lines` before the next result. `garbage`: bytes (in hex) that are no text, before the next result.

Every fault also takes `count` (times it strikes; null: always; default 1), `probability` (default 1) and `skip`
(occasions to let pass first).
"""


@dataclass(slots=True)
class Fault:
    kind: str
    arguments: dict[str, Any]
    count: int | None = 1
    probability: float = 1.0
    skip: int = 0


def make_fault(kind: str, arguments: Mapping[str, Any]) -> Fault:
    known = FAULTS.get(kind)
    if known is None:
        raise SettingError(f"no fault is called {kind!r}; there are: {', '.join(sorted(FAULTS))}")
    merged = dict(known)
    fault = Fault(kind, merged)
    for given, value in arguments.items():
        name = given if given in known or f"{given}_s" not in known else f"{given}_s"
        if name == "count" and (value is None or isinstance(value, int)):
            fault.count = value
        elif name == "probability" and isinstance(value, (int, float)):
            fault.probability = float(value)
        elif name == "skip" and isinstance(value, int):
            fault.skip = value
        elif name in known:
            merged[name] = value
        else:
            raise SettingError(f"{kind} takes no {given!r}")
    if kind == "garbage":
        bytes.fromhex(merged["hex"])
    return fault


class Faults:
    """The faults that still lie ahead of one modem. Empty is false, so that the common case costs nothing."""

    __slots__ = ("_items", "_random")

    def __init__(self, random: Random) -> None:
        self._items: list[Fault] = []
        self._random = random

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._items)

    def add(self, fault: Fault) -> None:
        self._items.append(fault)

    def clear(self) -> None:
        self._items.clear()

    def strike(self, kind: str, line: str = "") -> Mapping[str, Any] | None:
        """The arguments of the first fault of `kind` that strikes now, which uses it up; None when none does."""
        fault = struck(self._items, lambda each: each.kind == kind and self._fits(each, line))
        return None if fault is None else fault.arguments

    def _fits(self, fault: Fault, line: str) -> bool:
        """Whether it may strike this time; one that still lets occasions pass is not left to chance."""
        if not line.startswith(fault.arguments.get("command", "")):
            return False
        return bool(fault.skip) or fault.probability >= 1.0 or self._random.random() < fault.probability
