"""What can be asked of a simulated provider: lasting settings, and faults that strike a number of times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


class SettingError(ValueError):
    """A setting or fault that does not exist, or a value it cannot have. The text names it."""


@dataclass(slots=True)
class Settings:
    """The lasting state of one provider. Times are seconds."""

    latency_s: float = 0.0
    """From the whole request to the answer; the message is taken at its end."""
    user: str = "norte"
    password: str = "clave1"  # noqa: S105 - a simulator's
    key: str = "k-123456"
    unique: bool = True
    """The generic dialect takes each id once, and answers 409 to the same again."""
    report: str = "delivered"
    """State a message ends in: delivered, failed, or any other word; "" for none."""
    report_delay_s: float = 0.0
    """How long a message is `queued` before that."""
    balance: str = "1234.50"
    rejects: str = ""
    """Pattern of numbers that are refused: of a block, when it is processed; else at once."""
    block_delay_s: float = 0.0
    """From a block's answer until it is processed; a question about it finds it pending before."""
    block_told: str = "each"
    """What a question about one message of a block is answered with: `each` that message, `all` its whole block."""
    block_loses: bool = False
    """Blocks are answered as if taken, and never processed."""


FAULTS: Mapping[str, Mapping[str, Any]] = {
    "slow": {"delay_s": 1.0, "taken": True},
    "silence": {"taken": True},
    "drop": {"taken": True},
    "status": {"status": 500, "taken": False, "body": '{"error":"internal"}'},
    "limit": {"retry_after": "2", "taken": False},
    "html": {"status": 200, "taken": False},
    "garbage": {"taken": True},
    "wrong_json": {"status": 200, "body": '{"foo":[1,2]}', "taken": True},
    "cut": {"taken": True},
    "huge": {"bytes": 1_000_000, "taken": True},
    "redirect": {"to": "/login", "taken": False},
    "no_http": {"taken": True},
}
"""Kinds and their arguments with the defaults; `taken` says whether the message went on before."""


@dataclass(slots=True)
class Fault:
    kind: str
    arguments: dict[str, Any]
    count: int | None = 1
    skip: int = 0
    ops: tuple[str, ...] = field(default=("send",))
    """The requests it strikes: send, block, result, status, inbox, ack, balance."""


def make_fault(table: Mapping[str, Any]) -> Fault:
    given = dict(table)
    kind = given.pop("kind", None)
    known = FAULTS.get(str(kind))
    if known is None:
        raise SettingError(f"no fault is called {kind!r}; there are: {', '.join(FAULTS)}")
    fault = Fault(str(kind), dict(known))
    fault.count = given.pop("count", 1)
    fault.skip = int(given.pop("skip", 0))
    ops = given.pop("on", "send")
    fault.ops = (ops,) if isinstance(ops, str) else tuple(ops)
    for name, value in given.items():
        if name not in known and name != "delay_s":
            raise SettingError(f"{kind} takes no {name!r}")
        fault.arguments[name] = value
    return fault


def change(settings: Settings, values: Mapping[str, Any]) -> None:
    """Sets `values` by name; a time may be named without its unit."""
    known = {each.name: each for each in fields(Settings)}
    for given, value in values.items():
        name = given if given in known else f"{given}_s"
        if name not in known:
            raise SettingError(f"no setting is called {given!r}; there are: {', '.join(known)}")
        wanted = type(getattr(settings, name))
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            setattr(settings, name, float(value))
        elif isinstance(value, wanted):
            setattr(settings, name, value)
        else:
            raise SettingError(f"{name} is a {wanted.__name__}, not {value!r}")
