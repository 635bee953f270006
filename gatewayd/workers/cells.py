"""The cells of an export: rows of the store as columns of text, as the table of the log shows them. Pure.

Whole columns are made at once: a million rows of ten cells are ten million calls otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

from gatewayd.store.insight.export_rows import ELSEWHERE_COLUMNS, PEOPLE, PERSON, SOURCES, JobFacts, Portion
from gatewayd.store.insight.filters import READING, UNREAD_MS
from gatewayd.store.insight.position import ELSEWHERE, MESSAGES, RECEIVED
from gatewayd.store.insight.surroundings import MANUAL, Person, Source
from gatewayd.store.snapshots import Hold
from gatewayd.values.model import WAITING, State, ulid
from gatewayd.values.money import format_money
from gatewayd.words import reasons

NUMBERS: Final = frozenset({"segments", "cost"})
"""Columns of numbers; every other is text, so that no program makes a number or a date of it."""
_OF_HOUR: Final = tuple(f":{minute:02}:{second:02}" for minute in range(60) for second in range(60))
_QUARTER_MS: Final = 900_000
_KEPT: Final = 4_096

_ID, _AT, _JOB, _REF, _TO, _TEXT, _SEGMENTS, _STATE, _REASON, _DUE, _LINE, _COST = range(12)
_ATTEMPT, _CHANNEL, _QUEUE, _UPDATED = range(12, 16)
"""Places in a row of `export_rows.MESSAGE_COLUMNS`."""
_IN_ID, _IN_AT, _IN_SENT, _IN_ACCOUNT, _IN_CHANNEL, _IN_LINE, _IN_SENDER, _IN_TEXT, _IN_MESSAGE = range(9)
"""Places in a row of `export_rows.RECEIVED_COLUMNS`."""
_EL: Final = {name: place for place, name in enumerate(ELSEWHERE_COLUMNS)}


@dataclass(frozen=True, slots=True)
class Words:
    """What the person who reads it calls things."""

    states: Mapping[str, str]
    channels: Mapping[str, str]
    sent: str
    received: str
    answered: str
    flows: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    portfolios: Mapping[str, str] = field(default_factory=dict)


class Clock:
    """Writes times of one zone to the second, `2026-11-30 09:15:02`."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._quarters: dict[int, tuple[str, int]] = {}

    def write(self, ms: int) -> str:
        # Offsets from UTC are whole quarters of an hour: within one, only minutes and seconds differ.
        quarter, rest = divmod(ms, _QUARTER_MS)
        begun = self._quarters.get(quarter)
        if begun is None:
            if len(self._quarters) >= _KEPT:
                self._quarters.clear()
            at = datetime.fromtimestamp(quarter * (_QUARTER_MS // 1000), self._zone)
            begun = self._quarters[quarter] = at.strftime("%Y-%m-%d %H"), at.minute * 60 + at.second
        return begun[0] + _OF_HOUR[begun[1] + rest // 1000]


class Cells:
    """Makes the cells of portions for the columns that are wanted."""

    def __init__(self, columns: Sequence[str], words: Words, zone: tzinfo, *, salt: int, now: int) -> None:
        self._columns = columns
        self._words = words
        self._clock = Clock(zone)
        self._salt = salt
        self._now = now
        self._reasons: dict[str | None, str] = {None: ""}
        self._costs: dict[int, str] = {}
        self._makers: dict[str, Callable[[Sequence[Any], Portion], Iterable[Any]]] = {
            "at": self._at,
            "sent_at": self._sent_at,
            "direction": self._direction,
            "channel": self._channel,
            "state": self._state,
            "answered": self._was_answered,
            "reason": self._why,
            "job": self._job,
            "account": self._account,
            "segments": self._segments,
            "cost": self._money,
            "id": self._public,
        }
        for name in PEOPLE | SOURCES | {"last_contact"}:
            self._makers[name] = partial(self._around, name)

    def rows(self, portion: Portion) -> list[tuple[Any, ...]]:
        """Returns the rows of a portion, oldest first: text in every cell, "" where there is nothing."""
        found: list[tuple[Any, ...]] = []
        for rows, make, place in (
            (portion.messages, self._sent, _AT),
            (portion.received, self._received, _IN_AT),
            (portion.elsewhere, self._elsewhere, _EL["at"]),
        ):
            if rows:
                columns = [make(name, rows, portion) for name in self._columns]
                found += zip(map(itemgetter(place), rows), *columns, strict=True)
        found.sort(key=itemgetter(0))
        return [row[1:] for row in found]

    # ---------------------------------------------------------------------------------------------------- messages

    def _sent(self, name: str, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        place = _AS_KEPT.get(name)
        if place is not None:
            return [row[place] or "" for row in rows]
        return self._makers[name](rows, portion)

    def _at(self, rows: Sequence[Any], _portion: Portion) -> Iterable[Any]:
        return map(self._clock.write, map(itemgetter(_AT), rows))

    def _sent_at(self, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        return [self._clock.write(row[_AT]) if _left(row, portion.jobs) else "" for row in rows]

    def _direction(self, rows: Sequence[Any], _portion: Portion) -> Iterable[Any]:
        return repeat(self._words.sent, len(rows))

    def _channel(self, rows: Sequence[Any], _portion: Portion) -> Iterable[Any]:
        return map(self._words.channels.__getitem__, map(itemgetter(_CHANNEL), rows))

    def _state(self, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        words, now = self._words.states, self._now
        return [words[_word(row, portion, now)] for row in rows]

    def _was_answered(self, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        answered, word = portion.answered, self._words.answered
        return [word if row[_ID] in answered else "" for row in rows]

    def _why(self, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        return [self._reason(_why(row, portion, self._now)) for row in rows]

    def _job(self, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        return [portion.jobs[row[_JOB]].name for row in rows]

    def _account(self, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        return [portion.jobs[row[_JOB]].account for row in rows]

    def _segments(self, rows: Sequence[Any], _portion: Portion) -> Iterable[Any]:
        return [row[_SEGMENTS] if row[_CHANNEL] == "sms" else "" for row in rows]

    def _money(self, rows: Sequence[Any], _portion: Portion) -> Iterable[Any]:
        return map(self._cost, map(itemgetter(_COST), rows))

    def _public(self, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        return [ulid(portion.jobs[row[_JOB]].created_at, self._salt, row[_ID]) for row in rows]

    def _around(self, name: str, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        if name == "last_contact":
            return [self._before(portion, MESSAGES, row[_ID]) for row in rows]
        if name in SOURCES:
            return [self._of_source(name, portion.sources.get(row[_JOB])) for row in rows]
        return [self._of_person(name, _person(portion, row[PERSON], row[PERSON + 1], row[_TO])) for row in rows]

    def _before(self, portion: Portion, rank: int, number: int) -> str:
        at = portion.before.get((rank, number))
        return "" if at is None else self._clock.write(at)

    def _of_person(self, name: str, person: Person | None) -> str:
        if person is None:
            return ""
        value = person.external_id if name == "customer" else getattr(person, name)
        return self._words.portfolios.get(value, value) or "" if name == "portfolio_type" else value or ""

    def _of_source(self, name: str, source: Source | None) -> str:
        if source is None:
            return ""
        if name == "flow":
            return self._words.flows.get(source.flow, source.flow)
        if name == "kind":
            kind = "manual" if source.flow in MANUAL else "automatic"
            return self._words.kinds.get(kind, kind)
        if name == "campaign":
            return source.campaign or ""
        version = "" if source.version is None else f" ({source.version})"
        return f"{source.template}{version}" if source.template else ""

    def _reason(self, code: str | None) -> str:
        said = self._reasons.get(code)
        if said is None:
            said = self._reasons[code] = reasons.meaning(code or "")
        return said

    def _cost(self, micros: int) -> str:
        said = self._costs.get(micros)
        if said is None:
            if len(self._costs) >= _KEPT:
                self._costs.clear()
            said = self._costs[micros] = format_money(micros)
        return said

    # ----------------------------------------------------------------------------------------------------- received

    def _received(self, name: str, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        write, words = self._clock.write, self._words
        made: dict[str, Callable[[Any], Any]] = {
            "at": lambda row: write(row[_IN_AT]),
            "sent_at": lambda row: write(row[_IN_SENT]),
            "direction": lambda _row: words.received,
            "channel": lambda row: words.channels.get(row[_IN_CHANNEL], row[_IN_CHANNEL]),
            "party": lambda row: row[_IN_SENDER],
            "state": lambda _row: words.states["received"],
            "text": lambda row: row[_IN_TEXT],
            "job": lambda row: _answered_job(row, portion.jobs),
            "account": lambda row: portion.accounts.get(row[_IN_ACCOUNT], ""),
            "line": lambda row: row[_IN_LINE],
            "id": lambda row: ulid(row[_IN_AT], self._salt, row[_IN_ID]),
        }
        if name in PEOPLE:
            return [self._of_person(name, _person(portion, None, row[_IN_ACCOUNT], row[_IN_SENDER])) for row in rows]
        if name == "last_contact":
            return [self._before(portion, RECEIVED, row[_IN_ID]) for row in rows]
        make = made.get(name)
        return repeat("", len(rows)) if make is None else map(make, rows)

    # ---------------------------------------------------------------------------------------------------- elsewhere

    def _elsewhere(self, name: str, rows: Sequence[Any], portion: Portion) -> Iterable[Any]:
        write, words = self._clock.write, self._words
        made: dict[str, Callable[[Any], Any]] = {
            "at": lambda row: write(row[_EL["at"]]),
            "sent_at": lambda row: "" if row[_EL["state"]] == "scheduled" else write(row[_EL["at"]]),
            "direction": lambda row: words.received if row[_EL["direction"]] == "in" else words.sent,
            "channel": lambda row: words.channels.get(row[_EL["channel"]], row[_EL["channel"]]),
            "party": lambda row: row[_EL["address"]] or "",
            "ref": lambda row: row[_EL["external_id"]] or "",
            "state": lambda row: words.states.get(row[_EL["state"]], row[_EL["state"]]),
            "answered": lambda row: words.answered if row[_EL["answered"]] else "",
            "text": lambda row: row[_EL["text"]] or "",
            "account": lambda row: portion.accounts.get(row[_EL["account_id"]], ""),
            "id": lambda row: ulid(row[_EL["created_at"]], self._salt, row[_EL["id"]]),
            "kind": lambda row: words.kinds.get(row[_EL["kind"]], row[_EL["kind"]]),
            "flow": lambda row: words.flows.get(_FLOWS.get(row[_EL["source"]], row[_EL["source"]]), ""),
            "last_contact": lambda row: self._before(portion, ELSEWHERE, row[_EL["id"]]),
        }
        if name in PEOPLE:
            return [self._said_of(name, row, portion) for row in rows]
        make = made.get(name)
        return repeat("", len(rows)) if make is None else map(make, rows)

    def _said_of(self, name: str, row: Any, portion: Portion) -> str:
        """Returns what is said of whom it was with: as the customer is now, else as it was given."""
        person = _person(portion, row[_EL["person_id"]], row[_EL["account_id"]], row[_EL["address"]])
        if person is None and name == "customer":
            return row[_EL["external_id"]] or ""
        if person is None and name == "document":
            return " ".join(filter(None, (row[_EL["document_type"]], row[_EL["document_number"]])))
        return self._of_person(name, person)


def _person(portion: Portion, number: int | None, account: int | None, address: str | None) -> Person | None:
    """Returns the customer of a row: as it was recorded, else as its address is known now."""
    if number is None:
        number = portion.owners.get((account, address or ""))
    return None if number is None else portion.people.get(number)


_FLOWS: Final = {"person": "noted"}


def _answered_job(row: Any, jobs: Mapping[int, JobFacts]) -> str:
    facts = None if row[_IN_MESSAGE] is None else jobs.get(-row[_IN_MESSAGE])
    return "" if facts is None else facts.name


_AS_KEPT: Final = {"party": _TO, "ref": _REF, "text": _TEXT, "line": _LINE}
"""Columns whose cells are as the store has them."""
_AS_STORED: Final = frozenset({"sending", "submitted", "read", "undelivered", "failed", "expired", "uncertain"})
_WAITING: Final = frozenset(str(state) for state in WAITING)


def _word(row: Any, portion: Portion, now: int) -> str:
    """Returns the word of a message's state, as people see it."""
    state: str = row[_STATE]
    if state in _AS_STORED:
        return state
    if state in _WAITING:
        return str(_hold(row, portion).of(State(state), row[_REASON], row[_DUE], now)[0])
    if state == "delivered" and row[_CHANNEL] in READING and row[_UPDATED] < now - UNREAD_MS:
        return "unread"
    return state


def _why(row: Any, portion: Portion, now: int) -> str | None:
    if row[_STATE] in _WAITING:
        return _hold(row, portion).of(State(row[_STATE]), row[_REASON], row[_DUE], now)[1]
    reason: str | None = row[_REASON]
    return reason


def _hold(row: Any, portion: Portion) -> Hold:
    job = portion.jobs[row[_JOB]]
    return Hold(job.state, portion.held.get(row[_QUEUE]), job.not_before)


def _left(row: Any, jobs: Mapping[int, JobFacts]) -> bool:
    """Returns whether a message has left: its time is then that of its leaving."""
    started = jobs[row[_JOB]].started_at
    return row[_ATTEMPT] is not None and started is not None and row[_AT] >= started and row[_STATE] not in _WAITING
