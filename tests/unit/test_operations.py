"""Operations over a real store with no daemon: what they answer, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.operations import OPERATIONS
from gatewayd.values.errors import (
    ConflictError,
    GatewayError,
    InsufficientCreditError,
    NotFoundError,
    StoreLockedError,
    UnavailableError,
    UsageError,
)

CONFIG = {
    "store": {"url": "sqlite:///gatewayd.db"},
    "spool": {"path": "spool"},
    "tariff": {"sms": "0.85"},
    "line": [{"name": "claro-1", "driver": "gsm", "port": "/dev/ttyUSB9", "rate": "10/min"}],
}


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[OfflineBackend]:
    config = {
        **CONFIG,
        "store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"},
        "spool": {"path": str(tmp_path / "spool")},
    }
    opened = OfflineBackend(parse(config, tmp_path / "gatewayd.toml"))
    yield opened
    opened.close()


def ask(backend: OfflineBackend, operation: str, **arguments: Any) -> Any:
    answer = backend.perform(operation, arguments)
    assert json.loads(json.dumps(answer)) == answer, "JSON, and nothing but"
    return answer


def test_an_account_and_its_folders(backend: OfflineBackend, tmp_path: Path) -> None:
    made = ask(backend, "account.create", account="norte")
    assert made == {
        "name": "norte",
        "currency": "ARS",
        "balance": "0.00",
        "held": "0.00",
        "charged": "0.00",
        "granted": "0.00",
    }
    assert (tmp_path / "spool/incoming/norte").is_dir()
    with pytest.raises(ConflictError, match="norte"):
        ask(backend, "account.create", account="norte")
    assert ask(backend, "account.list") == {"items": [made], "next": None}


def test_credit_is_exact_and_never_below_zero(backend: OfflineBackend) -> None:
    ask(backend, "account.create", account="norte")
    assert ask(backend, "account.credit", account="norte", amount="0.000001")["balance"] == "0.000001"
    assert ask(backend, "account.credit", account="norte", amount="10")["balance"] == "10.000001"
    assert ask(backend, "account.credit", account="norte", amount="-10.000001")["granted"] == "0.00"
    with pytest.raises(InsufficientCreditError):
        ask(backend, "account.credit", account="norte", amount="-0.000001")
    with pytest.raises(NotFoundError):
        ask(backend, "account.credit", account="sur", amount="1")
    for junk in ("", "abc", "1,5", "0.0000001", "1e3", "0", "-0.00", "NaN", "inf"):
        with pytest.raises(UsageError):
            ask(backend, "account.credit", account="norte", amount=junk)
    assert len(ask(backend, "account.statement", account="norte")["items"]) == 3


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "x" * 65, "ñandú", "a b"])
def test_a_name_becomes_a_folder(backend: OfflineBackend, name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        ask(backend, "account.create", account=name)
    assert list((tmp_path / "spool/incoming").iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [{"accont": "norte"}, {}, {"account": 5}, {"account": "norte", "more": 1}, None, [], "norte", 7]
)
def test_arguments_that_do_not_fit_are_named(backend: OfflineBackend, arguments: Any) -> None:
    with pytest.raises(UsageError):
        backend.perform("account.show", arguments)


def test_there_is_no_such_operation(backend: OfflineBackend) -> None:
    with pytest.raises(UsageError, match="steal"):
        ask(backend, "account.steal")


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("job.show", {"job": "nada"}),
        ("job.pause", {"job": "norte/nada"}),
        ("job.messages", {"job": "nada"}),
        ("message.show", {"message": "01M80NPK7PYA4G000000000001"}),
        ("message.settle", {"message": "01M80NPK7PYA4G000000000001", "verdict": "sent"}),
        ("account.show", {"account": "nada"}),
        ("account.statement", {"account": "nada"}),
        ("line.show", {"line": "nada"}),
        ("line.disable", {"line": "nada"}),
        ("blocklist.remove", {"number": "1159876543", "reason": "volvió"}),
    ],
)
def test_what_is_not_there_is_not_found(backend: OfflineBackend, operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NotFoundError):
        ask(backend, operation, **arguments)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("ping", {}),
        ("overview", {}),
        ("line.test", {"line": "claro-1", "number": "1159876543"}),
        ("line.ask", {"line": "claro-1", "question": "balance"}),
    ],
)
def test_what_needs_a_line_says_so(backend: OfflineBackend, operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError):
        ask(backend, operation, **arguments)


def test_a_line_at_rest(backend: OfflineBackend) -> None:
    (line,) = ask(backend, "line.list")["items"]
    assert line == {
        "name": "claro-1",
        "driver": "gsm",
        "channel": "sms",
        "enabled": True,
        "state": "unknown",
        "reason": "no_daemon",
        "rate": "10/min",
        "signal": None,
        "operator": None,
        "sent_today": 0,
    }
    assert ask(backend, "line.disable", line="claro-1")["enabled"] is False
    assert ask(backend, "line.show", line="claro-1")["reason"] is None
    assert ask(backend, "line.enable", line="claro-1")["enabled"] is True


def test_the_blocklist_reads_numbers_as_people_write_them(backend: OfflineBackend) -> None:
    numbers = ["11 5987-6543", "+54 9 11 5987-6543", "junk", "Ana@Example.COM", "11 4444-5555"]
    done = ask(backend, "blocklist.add", numbers=numbers, note="quejas")
    assert (done["added"], done["known"], done["cancelled"]) == (3, 0, 0)
    assert [(one["place"], one["number"]) for one in done["refused"]] == [(2, "junk")]
    assert ask(backend, "blocklist.add", numbers=["1159876543"])["known"] == 1
    listed = [one["to"] for one in ask(backend, "blocklist.list")["items"]]
    assert "+5491159876543" in listed
    assert "ana@example.com" in listed
    assert ask(backend, "blocklist.remove", number="(011) 15-5987-6543", reason="volvió") == {
        "removed": "+5491159876543"
    }
    with pytest.raises(UsageError):
        ask(backend, "blocklist.remove", number="junk", reason="volvió")
    with pytest.raises(UsageError):
        ask(backend, "blocklist.add", numbers=["1"] * 1001)


def test_a_store_is_held_by_one(backend: OfflineBackend) -> None:
    with pytest.raises(StoreLockedError):
        OfflineBackend(backend.config)


def test_every_operation_refuses_what_it_does_not_know(backend: OfflineBackend) -> None:
    for name in OPERATIONS:
        with pytest.raises(GatewayError):
            ask(backend, name, no_such_argument=1)
