"""How a simulated service fails on order: which requests a fault strikes, how often, and what it answers then. Pure but
for the answer itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from drivers.simulation.http import Connection, Reply
from drivers.simulation.settings import SettingError

LOGIN: Final = b"<!DOCTYPE html><html><head><title>Login</title></head><body>OK<form>login</form></body></html>"

FAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "slow": {"delay_s": 1.0, "taken": True},
    "silence": {"taken": True},
    "drop": {"taken": True},
    "status": {"status": 500, "taken": False, "body": '{"error":"internal"}', "retry_after": ""},
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
    every: int = 1
    """After it has struck, so many requests on: 3 is each third."""
    ops: tuple[str, ...] = ("send",)
    """The requests it strikes."""


def make_fault(table: Mapping[str, Any]) -> Fault:
    """Raises `SettingError`."""
    given = dict(table)
    kind = given.pop("kind", None)
    known = FAULTS.get(str(kind))
    if known is None:
        raise SettingError(f"no fault is called {kind!r}; there are: {', '.join(FAULTS)}")
    fault = Fault(str(kind), dict(known))
    fault.count = given.pop("count", 1)
    fault.skip = int(given.pop("skip", 0))
    fault.every = int(given.pop("every", 1))
    ops = given.pop("on", "send")
    fault.ops = (ops,) if isinstance(ops, str) else tuple(ops)
    for name, value in given.items():
        if name not in known and name != "delay_s":
            raise SettingError(f"{kind} takes no {name!r}")
        fault.arguments[name] = value
    return fault


class Counted(Protocol):
    """What any fault has: how many times it strikes (None: always), and how many it lets pass before."""

    count: int | None
    skip: int


AnyFault = TypeVar("AnyFault", bound=Counted)


def struck(faults: list[AnyFault], fits: Callable[[AnyFault], bool]) -> AnyFault | None:
    """The first fault that fits and does not let this pass, counted down; one that is used up leaves the list."""
    for fault in faults:
        if not fits(fault):
            continue
        if fault.skip:
            fault.skip -= 1
            continue
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                faults.remove(fault)
        return fault
    return None


def strikes(faults: list[Fault], op: str) -> Fault | None:
    """The fault that strikes this request, counted down."""
    fault = struck(faults, lambda each: op in each.ops)
    if fault is not None:
        fault.skip = fault.every - 1
    return fault


def break_answer(connection: Connection, fault: Fault, usual: Reply | None) -> None:
    """Answers as the fault wants; `usual` is what a healthy service would have said, None where it was not asked."""
    arguments = fault.arguments
    said = (usual or Reply(500)).encode()
    match fault.kind:
        case "slow":
            connection.answer(said)
        case "silence":
            pass
        case "drop":
            connection.drop()
        case "status" | "wrong_json":
            headers = {"Retry-After": arguments["retry_after"]} if arguments.get("retry_after") else {}
            connection.answer(Reply(arguments["status"], str(arguments["body"]).encode(), headers=headers).encode())
        case "limit":
            headers = {"Retry-After": arguments["retry_after"]} if arguments["retry_after"] else {}
            connection.answer(Reply(429, b"{}", headers=headers).encode())
        case "html":
            connection.answer(Reply(arguments["status"], LOGIN, "text/html").encode())
        case "garbage":
            connection.answer(Reply(200, bytes(range(256))).encode())
        case "no_http":
            connection.answer(b"\x00\x01 not HTTP at all\r\n\r\n", close=True)
        case "cut":
            # Within the body, or within the head where there is none.
            connection.answer(said[: min(said.index(b"\r\n\r\n") + 6, len(said) - 2)], close=True)
        case "huge":
            connection.answer(Reply(200, b'{"status":"accepted","id":"' + b"x" * arguments["bytes"] + b'"}').encode())
        case "redirect":
            connection.answer(Reply(302, b"", headers={"Location": arguments["to"]}).encode())
