"""Lines: what they do, a person's word on them, a test message, a question to the device."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import ClassVar

from gatewayd.config import LineConfig
from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.line_kinds import kind_of
from gatewayd.operations.line_setup import set_up
from gatewayd.operations.ports import Backend
from gatewayd.operations.rights import allows
from gatewayd.store.commands import SetLineEnabled
from gatewayd.store.snapshots import LineCount
from gatewayd.values.actor import Actor
from gatewayd.values.days import Calendar
from gatewayd.values.errors import ConflictError, NotFoundError, UnavailableError
from gatewayd.values.views import LineView
from gatewayd.words.remedies import remedy
from gatewayd.words.translation import gettext as _

GONE_THROUGH = frozenset({"submitted", "delivered", "read"})
"""States of a test after which nobody asks what is wrong with the line."""

EVENTS_SHOWN = 50

TEST_TEXT = "gatewayd"
"""A test's text where none is given: short, GSM 7-bit, one segment."""


async def _views(backend: Backend) -> Sequence[LineView]:
    """Every line as the daemon sees it; with no daemon, as configured and counted. Last those that cannot be made."""
    if backend.live is not None:
        views = backend.live.lines()
    else:
        counts = await _counts(backend)
        views = [_resting(line, counts.get(line.name)) for line in backend.config.lines]
    return [*views, *faulty_lines(backend)]


async def _counts(backend: Backend) -> dict[str, LineCount]:
    day, _month = Calendar(backend.config.timezone).words(backend.now() / 1000)
    return dict(await backend.read(lambda reader: reader.line_counts(day)))


def _resting(line: LineConfig, count: LineCount | None) -> LineView:
    from gatewayd.registry import driver

    enabled = line.enabled if count is None or count.enabled is None else count.enabled
    return LineView(
        name=line.name,
        driver=line.driver,
        channel=",".join(sorted(driver(line.driver).channels)),
        enabled=enabled,
        state="unknown" if enabled else "disabled",
        reason="no_daemon" if enabled else None,
        rate=str(line.rate),
        sent_today=0 if count is None else count.segments_today,
    )


def faulty_lines(backend: Backend) -> list[LineView]:
    """Returns the lines that people added and that cannot be made: nothing of them runs."""
    views = []
    for name in backend.config.faulty:
        lacks = name in backend.config.waiting
        state, reason = ("waiting", "secret_missing") if lacks else ("quarantined", "misconfigured")
        views.append(LineView(name=name, driver="", channel="", enabled=True, state=state, reason=reason))
    return views


def _configured(backend: Backend, name: str) -> LineConfig:
    line = backend.config.line(name)
    if line is None:
        if name in backend.config.faulty:
            faults = "; ".join(f"{one.message}; {one.remedy}" for one in backend.config.faulty[name])
            raise ConflictError(_("line {line} cannot work yet: {faults}").format(line=name, faults=faults))
        raise NotFoundError(_("no line {line}").format(line=name))
    return line


async def shown_line(backend: Backend, name: str, by: Actor) -> Json:
    """Returns a line with all that is known of it; how it is set up, only for those who may change it."""
    line = backend.config.line(name)
    if line is None and name not in backend.config.faulty:
        raise NotFoundError(_("no line {line}").format(line=name))
    view = next((one for one in await _views(backend) if one.name == name), None)
    count = (await _counts(backend)).get(name)
    if view is None:  # the daemon has not read the configuration again yet
        assert line is not None
        view = _resting(line, count)
    shown = _whole(view, line, count, by)
    if line is None or allows("line.set", by):
        shown |= await set_up(backend, name, line)
    else:
        shown["detail"] = {}  # IMEI, SIM and the like
    if backend.live is not None:
        shown["events"] = [
            shapes.event(one) for one in backend.live.events() if one.kind == "line" and one.subject == name
        ][-EVENTS_SHOWN:]
    return shown


def shown_now(found: LineView, by: Actor) -> Json:
    """Returns a line as it is now; IMEI, SIM and the like are shown to administrators alone."""
    shown = shapes.line_now(found)
    return shown if by.scope.account is None else shown | {"detail": {}}


def _whole(view: LineView, line: LineConfig | None, count: LineCount | None, by: Actor) -> Json:
    return shown_now(view, by) | {
        "origin": "panel" if line is None else line.origin,
        **_kind(line),
        "remedy": remedy(view.reason),
        "sent_month": 0 if count is None else count.segments_month,
        "window": None if line is None or line.window is None else str(line.window),
        "quota_day": None if line is None else line.quota_day,
        "quota_month": None if line is None else line.quota_month,
        "recipients_month": None if line is None else line.recipients_month,
        "prefixes": [] if line is None else list(line.prefixes),
        "per_minute": None if line is None else round(line.rate.per_second * 60, 3),
    }


def _kind(line: LineConfig | None) -> Json:
    """What sort of line it is, by name and in words; null for one that is none of those that people add."""
    found = None if line is None else kind_of(line.driver, dict(line.options))
    return {"kind": None if found is None else found.name, "title": None if found is None else _(found.title)}


class ListLines(Operation):
    """Every line; with `whole`, all that `line.show` tells but how it is set up and what has happened to it."""

    name: ClassVar[str] = "line.list"
    whole: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        views = await _views(backend)
        if not self.whole:
            return {"items": [shapes.line(one) for one in views], "next": None}
        counts = await _counts(backend)
        items = [_whole(one, backend.config.line(one.name), counts.get(one.name), by) for one in views]
        return {"items": items, "next": None}


class ShowLine(Operation):
    name: ClassVar[str] = "line.show"
    line: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await shown_line(backend, self.line, by)


class _SwitchLine(Operation):
    line: str
    enabled: ClassVar[bool]

    async def before(self, backend: Backend) -> Json:
        view = next((one for one in await _views(backend) if one.name == self.line), None)
        return {"enabled": None if view is None else view.enabled}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        made = self.line not in backend.config.faulty
        if made:
            _configured(backend, self.line)
        await backend.execute(SetLineEnabled(self.line, self.enabled))
        if backend.live is not None and made:
            await backend.live.set_enabled(self.line, self.enabled)
        return await shown_line(backend, self.line, by)


class EnableLine(_SwitchLine):
    name: ClassVar[str] = "line.enable"
    enabled = True


class DisableLine(_SwitchLine):
    name: ClassVar[str] = "line.disable"
    enabled = False


class TestLine(Operation):
    """Sends one message over that line; answers the message with its attempts, what went out and came back where the
    driver shows it (`exchange`), and where it did not get through, what the driver finds wrong (`findings`)."""

    __test__ = False  # no case of pytest's

    name: ClassVar[str] = "line.test"
    line: str
    number: str
    account: str | None = None
    text: str = TEST_TEXT

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        line = _configured(backend, self.line)
        await _started(backend, self.line)
        try:
            number = await live.test(self.line, self.number, self.account, self.text)
        except (ConflictError, UnavailableError) as error:
            if type(error) not in {ConflictError, UnavailableError}:
                raise  # it says by itself what is to be done
            faults = await _findings(line)
            raise type(error)("; ".join([str(error), *map(_sentence, faults)])) from error
        found = await backend.read(lambda reader: reader.message_by_number(number, backend.now()))
        attempts = [one.public for one in found.attempts if one.line == self.line]
        exchange = live.exchange(self.line, attempts[-1]) if attempts else None
        shown = shapes.message(found, whole=True) | {"exchange": exchange}
        if shown["state"] in GONE_THROUGH:
            return shown
        return shown | {"findings": await _findings(line)}


STARTING_S = 20.0
"""A modem is made ready in this time where it can be; a person who has just started the daemon need not try again."""
STARTING_STEP_S = 0.2


async def _started(backend: Backend, name: str) -> None:
    """Waits while the line is being made ready for the first time, for so long."""
    until = time.monotonic() + STARTING_S
    while time.monotonic() < until:
        view = next((one for one in await _views(backend) if one.name == name), None)
        if view is None or view.state != "starting":
            return
        await asyncio.sleep(STARTING_STEP_S)


async def _findings(line: LineConfig) -> list[dict[str, str]]:
    from gatewayd.registry import findings

    # A driver asks its device, which may take seconds.
    found = await asyncio.to_thread(findings, line.driver, line.name, line.options)
    return [{"key": f"line[{line.name}].{one.key}", "message": one.message, "remedy": one.remedy} for one in found]


def _sentence(finding: Mapping[str, str]) -> str:
    return f"{finding['key']}: {finding['message']}; {finding['remedy']}"


class AskLine(Operation):
    """The driver's own question: `balance`, `ussd` …"""

    name: ClassVar[str] = "line.ask"
    line: str
    question: str
    argument: str = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        _configured(backend, self.line)
        from drivers.base import LineError

        try:
            answer = await live.command(self.line, self.question, self.argument)
        except LineError as error:  # the gateway is there: it is this line that cannot say so now
            raise ConflictError(_(str(error))) from error
        except UnavailableError as error:  # the same: it is switched off, or being made ready
            raise ConflictError(str(error)) from error
        return {"line": self.line, "question": self.question, "answer": dict(answer)}
