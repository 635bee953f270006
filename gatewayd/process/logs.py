"""The log: structured events, masked, never a flood.

Events are short fixed sentences; what varies goes into keys (`log.warning("device lost", line="claro-1", port=…)`).
JSON where the journal reads it, plain lines elsewhere. Telephone numbers, texts and secrets are masked unless a person
asks for them by `$GATEWAYD_LOG_UNMASKED`. Of the same event of the same line, at most `PER_MINUTE` a minute are
written; what was held back is counted and told in one line.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, TextIO, cast

import structlog

from gatewayd.process.log_sink import LogSink
from gatewayd.values.visible import visible, visible_lines

PER_MINUTE: Final = 10
"""Enough to see what goes on, too few to fill a disk: a dead device fails some times a second."""
WINDOW_S: Final = 60.0
KEYS_MAX: Final = 4096
"""Kinds of event remembered at once; beyond it the oldest are told and forgotten."""

_TEXT_KEYS: Final = frozenset({"text", "texts", "body", "content", "subject", "html", "values", "pdu", "raw"})
_SECRET_KEYS: Final = frozenset(
    {"password", "passphrase", "token", "secret", "pin", "puk", "key", "api_key", "authorization", "cookie", "clave"}
)
_NUMBER_KEYS: Final = frozenset({"to", "from", "sender", "address", "number", "phone", "msisdn"})
_CLEAR_KEYS: Final = frozenset({"imei", "imsi", "iccid", "attempt", "message", "path", "file", "port", "at", "level"})
"""Names of devices, rows and places: they look like numbers and are what a person at the log needs."""

# Eight to fifteen digits (E.164's most), single separators between them, not inside a word, an id or a decimal.
_NUMBER: Final = re.compile(r"(?<![\w.+/:-])\+?\(?\d(?:[ ().-]{0,2}\d){7,14}(?![\w:]|[.-]\d)", re.ASCII)
_NOT_A_NUMBER: Final = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)

EventDict = MutableMapping[str, Any]


def mask_number(text: str) -> str:
    """A telephone number with its first three and last two digits: "+549********43"."""
    digits = sum(char.isdigit() for char in text)
    seen, masked = 0, []
    for char in text:
        if char.isdigit():
            seen += 1
            masked.append(char if digits >= 8 and (seen <= 3 or seen > digits - 2) else "*")
        else:
            masked.append(char)
    return "".join(masked)


def mask_numbers(text: str) -> str:
    """`text` with every telephone number in it masked; dates, network addresses and ids stay."""

    def masked(match: re.Match[str]) -> str:
        found = match.group()
        return found if _NOT_A_NUMBER.fullmatch(found) else mask_number(found)

    return _NUMBER.sub(masked, text)


def _masked(key: str, value: Any) -> Any:
    name = key.lower()
    if name in _CLEAR_KEYS:
        return value
    if name in _SECRET_KEYS or name.endswith(("_password", "_token", "_secret", "_pin", "_key")):
        return "***" if value else value
    if name in _TEXT_KEYS:
        return f"<{len(value)} characters>" if isinstance(value, str) else "***"
    if isinstance(value, str):
        return mask_number(value) if name in _NUMBER_KEYS else mask_numbers(value)
    if isinstance(value, int) and not isinstance(value, bool) and name in _NUMBER_KEYS:
        return mask_number(str(value))
    if isinstance(value, dict):
        return {inner: _masked(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(key, item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return mask_numbers(str(value))


def mask(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """structlog processor: masks numbers, texts and secrets in the event and all its keys."""
    for key, value in event.items():
        if key.startswith("_"):
            continue
        event[key] = mask_numbers(value) if key in {"event", "exception"} else _masked(key, value)
    return event


def mark(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """structlog processor: what strangers wrote moves no terminal."""
    for key, value in event.items():
        if isinstance(value, str) and not key.startswith("_"):
            event[key] = visible_lines(value) if key == "exception" else visible(value)
    return event


@dataclass(slots=True)
class _Window:
    began: float
    passed: int
    held: int = 0
    level: str = "info"


class RateLimit:
    """structlog processor: drops an event of a line (key `line`) beyond `per_window` a window.

    `tell(event, line, level, count)` is called once for each window in which something was held back: when the next
    such event comes, or by `flush`, whichever is first.
    """

    def __init__(
        self,
        tell: Callable[[str, str | None, str, int], None],
        *,
        per_window: int = PER_MINUTE,
        window_s: float = WINDOW_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._per_window = per_window
        self._window_s = window_s
        self._clock = clock
        # The loop and the store's writer thread log through the same limit.
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str | None], _Window] = {}

    def __call__(self, _logger: Any, method: str, event: EventDict) -> EventDict:
        if not event.pop("_unlimited", False) and not self._passes(str(event.get("event")), event.get("line"), method):
            raise structlog.DropEvent
        return event

    def admits(self, record: logging.LogRecord) -> bool:
        """The same as a filter for the records of libraries, told apart by their unformatted message."""
        return self._passes(str(record.msg), record.name, record.levelname.lower())

    def flush(self) -> None:
        """Tell of windows that are over; to be called now and then, so that a count is told even if nothing follows."""
        now = self._clock()
        with self._lock:
            over = [key for key, window in self._windows.items() if now - window.began >= self._window_s]
            ended = [(key, self._windows.pop(key)) for key in over]
        for key, window in ended:
            self._end(key, window)

    def _passes(self, event: str, line: str | None, level: str) -> bool:
        now, key = self._clock(), (event, line)
        ended: tuple[tuple[str, str | None], _Window] | None = None
        with self._lock:
            window = self._windows.get(key)
            if window is not None and now - window.began < self._window_s:
                if window.passed < self._per_window:
                    window.passed += 1
                    return True
                window.held += 1
                window.level = level
                return False
            if window is not None:
                ended = (key, self._windows.pop(key))
            elif len(self._windows) >= KEYS_MAX:
                oldest = next(iter(self._windows))
                ended = (oldest, self._windows.pop(oldest))
            self._windows[key] = _Window(now, 1)
        if ended is not None:
            self._end(*ended)
        return True

    def _end(self, key: tuple[str, str | None], window: _Window) -> None:
        if window.held:
            self._tell(*key, window.level, window.held)


def _suppressed(event: str, line: str | None, level: str, count: int) -> None:
    keys = {"line": line} if line is not None else {}
    method = getattr(structlog.get_logger(), level if level in _PRIORITY else "info")
    method("suppressed", suppressed=event, count=count, _unlimited=True, **keys)


_limit = RateLimit(_suppressed)

_PRIORITY: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "exception": 3, "critical": 2}
"""syslog priorities, as the journal takes them at a line's beginning (sd-daemon(3))."""


class _Journal:
    """structlog renderer: JSON behind the priority that the journal takes from a line's beginning."""

    def __init__(self, render: structlog.processors.JSONRenderer) -> None:
        self._render = render

    def __call__(self, logger: Any, method: str, event: EventDict) -> str:
        return f"<{_PRIORITY.get(method, 6)}>{self._render(logger, method, event)!s}"


_sink: LogSink | None = None
_told_lost = 0


def journal_reads(stream: TextIO) -> bool:
    """Whether `stream` goes straight to the journal: `$JOURNAL_STREAM` names its device and inode (systemd.exec(5))."""
    try:
        device, inode = os.environ.get("JOURNAL_STREAM", "").split(":")
        status = os.fstat(stream.fileno())
        return (status.st_dev, status.st_ino) == (int(device), int(inode))
    except (ValueError, OSError):
        return False


def configure(
    level: str | None = None,
    *,
    json: bool | None = None,
    masked: bool | None = None,
    stream: TextIO | None = None,
) -> None:
    """Sets up this process's log, and that of the libraries in it, on `stream` (default: standard error).

    `level` defaults to `$GATEWAYD_LOG_LEVEL` or "info"; `json` to whether the journal reads the stream; `masked` to
    whether `$GATEWAYD_LOG_UNMASKED` is unset.
    """
    out = stream or sys.stderr
    as_json = journal_reads(out) if json is None else json
    hide = not os.environ.get("GATEWAYD_LOG_UNMASKED") if masked is None else masked
    names = logging.getLevelNamesMapping()
    threshold = names.get((level or os.environ.get("GATEWAYD_LOG_LEVEL") or "info").upper(), logging.INFO)

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    if hide:
        shared.append(mask)
    shared.append(mark)
    if as_json:
        to_json = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        render: structlog.typing.Processor = _Journal(to_json) if journal_reads(out) else to_json
    else:
        render = structlog.dev.ConsoleRenderer(
            colors=out.isatty(), timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
        )

    sink = _taken_over(out)
    structlog.configure(
        processors=[_limit, *shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", sink)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sink)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    handler.addFilter(_limit.admits)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries tell at "info" is about themselves.
    root.setLevel(max(threshold, logging.WARNING) if threshold > logging.DEBUG else threshold)


def _taken_over(out: TextIO) -> LogSink:
    global _sink, _told_lost
    if _sink is not None:
        _sink.close()
    _sink, _told_lost = LogSink(out), 0
    return _sink


def lost() -> int:
    """Lines that could not be written: the disk is full, or nobody reads."""
    return 0 if _sink is None else _sink.lost


def flush() -> None:
    """Tell how many events were held back in windows that are over, and how many lines were lost; the daemon's
    housekeeping calls it."""
    global _told_lost  # noqa: PLW0603
    _limit.flush()
    if lost() > _told_lost:
        before, _told_lost = lost(), lost()
        structlog.get_logger().warning("log lines were lost", count=before, _unlimited=True)
        if lost() == before:
            return  # it was written
        _told_lost = 0  # to be told again


def get(**keys: Any) -> Any:
    """A logger with these keys bound to every event (`logs.get(line="claro-1")`)."""
    return structlog.get_logger(**keys)
