"""How a line's time is shared at one instant among what waits, as the scheduler would. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gatewayd.campaigns.forecast.flow import LITTLE, Flow, LineFlow
from gatewayd.values.model import Priority

AGE_S: Final = 60.0
"""How often a lower priority gets a turn before the higher ones."""


def shared(able: Sequence[Flow], lines: Sequence[LineFlow], now: float, urgent_share: float) -> None:
    """Gives each flow its rate over each line that may send now."""
    waiting: dict[int, list[tuple[Flow, float]]] = {}
    for flow in able:
        for line, send_s in flow.lines:
            if line.may_send(now):
                waiting.setdefault(id(line), []).append((flow, send_s))
    open_lines = {id(line): line for line in lines}
    # What others bring in runs over all the lines that take it, each as fast as it is.
    speed = {id(flow): sum(1 / s for line, s in flow.lines if id(line) in waiting) for flow in able if flow.rate > 0}
    for number, flows in waiting.items():
        line = open_lines[number]
        if len(flows) == 1 and not speed:
            flow, send_s = flows[0]
            flow.pull(line, send_s, 1.0)
            continue
        _share(line, flows, speed, urgent_share)


def slowed(ours: Sequence[Flow], pace: float) -> None:
    """Slows flows down to so many segments a second together. What they leave of a line is nobody's: whoever is slowed
    down does not end sooner by it."""
    wanted = sum(flow.flow * flow.segments for flow in ours if flow.able)
    if wanted > pace:
        for flow in ours:
            if flow.able:
                flow.slow(pace / wanted)


def _share(line: LineFlow, flows: list[tuple[Flow, float]], speed: dict[int, float], urgent_share: float) -> None:
    left = 1.0
    urgent = [each for each in flows if each[0].priority is Priority.URGENT]
    normal = [each for each in flows if each[0].priority is Priority.NORMAL]
    bulk = [each for each in flows if each[0].priority is Priority.BULK]
    backlog = [each for each in normal if each[0].ready > LITTLE]
    if urgent:
        accounts = len({flow.batch.account for flow, _ in urgent})
        rest = bool(backlog or bulk)
        part = min(urgent_share * accounts, 1.0) if rest or normal else 1.0
        left -= _divide(line, urgent, part, speed)
    if bulk and normal:
        part = min(left, bulk[0][1] * line.line.many / AGE_S) if backlog else 0.0
        left -= _divide(line, bulk, part, speed)
    if normal:
        left -= _divide(line, normal, left, speed)
    if left > LITTLE and urgent:
        _divide(line, urgent, left, speed)
    elif left > LITTLE and bulk:
        _divide(line, bulk, left, speed)


def _divide(line: LineFlow, flows: list[tuple[Flow, float]], part: float, speed: dict[int, float]) -> float:
    """Divides a part of a line's time by account, then by job; returns what was taken of it. What only comes in bit by
    bit takes no more than that."""
    if part <= 0:
        return 0.0
    taken = 0.0
    accounts: dict[str, list[tuple[Flow, float]]] = {}
    for flow, send_s in flows:
        if flow.rate > 0 and flow.ready <= LITTLE:
            # Its share of what comes in is the line's share of all that take it.
            want = flow.rate / max(speed[id(flow)], LITTLE)
            fair = part / (len({each.batch.account for each, _ in flows}))
            given = min(want, max(fair, 0.0)) if len(flows) > 1 else min(want, part)
            flow.pull(line, send_s, given)
            taken += given
            continue
        accounts.setdefault(flow.batch.account, []).append((flow, send_s))
    rest = part - taken
    for members in accounts.values():
        each = rest / len(accounts)
        weights = sum(flow.weight for flow, _ in members)
        for flow, send_s in members:
            flow.pull(line, send_s, each * flow.weight / weights)
            taken += each * flow.weight / weights
    return taken
