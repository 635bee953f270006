"""What a provider tells by itself or when asked: received messages, and what became of sent ones. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import unquote_to_bytes
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drivers.base import InboundMessage, spoken
from drivers.http.answer import NOTHING, Answer
from drivers.http.charset import decoded
from drivers.provider.answer import Finder, Path
from drivers.provider.grammar import GrammarError
from drivers.provider.options import InboxKeys, ReportKeys

Status = Literal["delivered", "read", "undelivered", "pending"]


TIME_MAX: Final = 64
"""Characters of a time; a longer word is none."""


class UnreadableError(Exception):
    """The answer is no list of messages and no report; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of one message; `reference` is the provider's id (or ours, where `by` says so)."""

    reference: str | None
    status: Status
    reason: str | None
    own: str | None = None
    """Our id of it, as it was given to the provider."""
    to: str | None = None
    """Its recipient."""


class InboxReader:
    """Reads received messages as `InboxKeys` say. Raises `MisconfiguredError` when made."""

    def __init__(self, keys: InboxKeys, charset: str, timezone: str) -> None:
        self._keys = keys
        self._charset = keys.charset or charset
        try:
            self._zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise GrammarError(spoken("no time zone {timezone}"), timezone=timezone).at("timezone") from None
        try:
            self._items = Path.parse(keys.items)
            self._id, self._sender, self._text, self._at, self._to = (
                None if path is None else Finder(Path.parse(path))
                for path in (keys.id, keys.sender, keys.text, keys.at, keys.to)
            )
        except GrammarError as error:
            raise error.at("inbox") from None

    def read(self, answer: Answer, now: float) -> list[InboundMessage]:
        """All messages of the answer of `inbox_url`, oldest first as the provider lists them; `UnreadableError`."""
        if not 200 <= answer.status <= 299:
            raise UnreadableError(f"http_{answer.status}")
        if answer.truncated or answer.html:
            raise UnreadableError("html_page" if answer.html else "answer_too_long")
        if self._keys.format == "tsv":
            rows = tsv_rows(answer.body, self._charset)
            return [message for row in rows if (message := self._message(row, now)) is not None]
        return self.of(answer.json, now)

    def of(self, document: Any, now: float) -> list[InboundMessage]:
        """Returns the same of a parsed document (a hook's body)."""
        items = self._items.find(document)
        if items is NOTHING:
            raise UnreadableError("answer_unknown")
        rows = items if isinstance(items, list) else [items]
        return [message for row in rows if (message := self._message(row, now)) is not None]

    def _message(self, row: Any, now: float) -> InboundMessage | None:
        """None for a row that is no message: one without a sender or a text."""
        sender, text = _found(self._sender, row), _found(self._text, row)
        if not sender or text is None:
            return None
        stamp = _found(self._at, row)
        key = _found(self._id, row)
        if not key:
            # Without an id, the same words of the same sender at the same time are the same message.
            key = hashlib.sha256(json.dumps([sender, text, stamp]).encode()).hexdigest()[:32]
        return InboundMessage(key, sender, _found(self._to, row), text, self._time(stamp, now))

    def _time(self, said: str | None, now: float) -> float:
        if not said or len(said) > TIME_MAX:
            return now
        try:
            if self._keys.at_format is not None:
                at = datetime.strptime(said, self._keys.at_format)  # noqa: DTZ007 - the zone is put in below
            elif said.replace(".", "", 1).isdecimal():
                number = float(said)
                return number / 1000 if number > 1e11 else number
            else:
                at = datetime.fromisoformat(said)
        except ValueError:
            return now
        return (at if at.tzinfo is not None else at.replace(tzinfo=self._zone)).timestamp()


def tsv_rows(body: bytes, charset: str) -> list[list[str]]:
    """Returns the rows of a tab-separated answer that have more than one column."""
    lines = decoded(body, "", charset).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [row for line in lines if len(row := line.split("\t")) > 1]


def _found(finder: Finder | None, row: Any) -> str | None:
    return None if finder is None else finder.find_in(row)


class ReportReader:
    """Reads what became of a message as `ReportKeys` say. Raises `MisconfiguredError` when made."""

    def __init__(self, keys: ReportKeys) -> None:
        self._states = {word.lower(): state for word, state in keys.states.items()}
        self.by = keys.by
        try:
            self._state = Finder.parse(keys.state)
            self._reason = None if keys.reason is None else Finder.parse(keys.reason)
            self._reference = None if keys.reference is None else Finder.parse(keys.reference)
            self._own = None if keys.own is None else Finder.parse(keys.own)
            self._to = None if keys.to is None else Finder.parse(keys.to)
            self._items = None if keys.items is None else Path.parse(keys.items)
        except GrammarError as error:
            raise error.at("report") from None

    def poll(self, answer: Answer) -> Reported | None:
        """Returns the answer of `poll_url`; None where it says nothing."""
        if not 200 <= answer.status <= 299 or answer.html or answer.truncated:
            return None
        word = self._state.find(answer)
        if word is None:
            return None
        return Reported(None, self._status(word), None if self._reason is None else self._reason.find(answer))

    def of(self, document: Any) -> list[Reported]:
        """Returns the reports in a hook's body; empty where it is about something else."""
        items = document if self._items is None else self._items.find(document)
        rows = items if isinstance(items, list) else [items]
        found = []
        for row in rows:
            word, reference, own = self._state.find_in(row), _found(self._reference, row), _found(self._own, row)
            if word is not None and (reference or own):
                status, reason, to = self._status(word), _found(self._reason, row), _found(self._to, row)
                found.append(Reported(reference or None, status, reason, own or None, to or None))
        return found

    def _status(self, word: str) -> Status:
        return self._states.get(word.strip().lower(), "pending")


def pairs(raw: bytes, charset: str) -> dict[str, str]:
    """Returns the pairs of a query or a form, the last of a name; octets that are no UTF-8 are of `charset`."""
    found = {}
    for pair in raw.replace(b"+", b" ").split(b"&"):
        name, _, value = pair.partition(b"=")
        if name:
            found[_plain(name, charset)] = _plain(value, charset)
    return found


def _plain(raw: bytes, charset: str) -> str:
    return decoded(unquote_to_bytes(raw), "", charset)


def call_document(headers: Mapping[str, str], query: Mapping[str, str], body: bytes, charset: str) -> Any:
    """Returns what a call says as one document: the pairs in its address, and its body, a form's pairs or JSON;
    `UnreadableError`. Where both name the same, the body is right. Names in `headers` are in lower case."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    declared = parameters.partition("charset=")[2].strip(" \"'") or charset
    if not body.strip():
        if not query:
            raise UnreadableError("empty")
        return dict(query)
    if kind.strip().lower() == "application/x-www-form-urlencoded":
        return {**query, **pairs(body.strip(), declared)}
    document = Answer(200, {}, body, declared, configured=charset).json
    if document is NOTHING:
        raise UnreadableError("no_json")
    return {**query, **document} if isinstance(document, dict) else document
