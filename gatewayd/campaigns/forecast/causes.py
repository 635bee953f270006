"""What limits a campaign: the one thing without which it would end soonest. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Literal

from gatewayd.campaigns.forecast.situation import Batch, Situation

Cause = Literal["credit", "line_down", "quota", "caps", "hours", "slowed", "pace", "no_line"]

FASTER: Final = 1.5
"""How much faster lines would have to be for it to count as their pace."""


def _no_credit_needed(situation: Situation) -> Situation:
    return replace(situation, credit={})


def _all_lines_up(situation: Situation) -> Situation:
    """Those that are down; those that a person has disabled only where nothing else would do."""
    ours = [batch for batch in situation.batches if batch.ours]
    served = any(
        line.state != "disabled" and line.fits(batch.route, situation.areas)
        for line in situation.lines
        for batch in ours
    )
    lines = tuple(
        replace(line, state="ready") if line.state == "down" or (line.state == "disabled" and not served) else line
        for line in situation.lines
    )
    return replace(situation, lines=lines)


def _no_quotas(situation: Situation) -> Situation:
    lines = tuple(
        replace(line, window=None, quota_day=None, quota_month=None, recipients_month=None) for line in situation.lines
    )
    return replace(situation, lines=lines)


def _of_ours(situation: Situation, change: Callable[[Batch], Batch]) -> Situation:
    return replace(situation, batches=tuple(change(batch) if batch.ours else batch for batch in situation.batches))


def _no_caps(situation: Situation) -> Situation:
    return _of_ours(situation, lambda batch: replace(batch, waits=()))


def _any_hour(situation: Situation) -> Situation:
    return _of_ours(situation, lambda batch: replace(batch, hours=None))


def _faster(situation: Situation) -> Situation:
    lines = tuple(
        replace(
            line,
            interval_s=line.interval_s / FASTER,
            device_s=line.device_s / FASTER,
            device_sd=line.device_sd / FASTER,
            times=tuple(time / FASTER for time in line.times),
        )
        for line in situation.lines
    )
    return replace(situation, lines=lines)


def _unbound(situation: Situation) -> Situation:
    return replace(situation, pace=None)


LIFTED: Final[Mapping[Cause, Callable[[Situation], Situation]]] = {
    "credit": _no_credit_needed,
    "line_down": _all_lines_up,
    "quota": _no_quotas,
    "caps": _no_caps,
    "hours": _any_hour,
    "slowed": _unbound,
    "pace": _faster,
}
"""The situation without each cause; of equal ones the first is named."""

TIE: Final = 0.1
"""Gains that differ by less than this share are equal."""


def unserved(situation: Situation) -> bool:
    """Whether no line at all, working or not, is for any of ours."""
    ours = [batch for batch in situation.batches if batch.ours and batch.messages]
    return bool(ours) and not any(line.fits(batch.route, situation.areas) for line in situation.lines for batch in ours)


def ranked(gains: Mapping[Cause, float]) -> list[Cause]:
    """Returns the causes whose absence would gain anything, the greatest gain first; at least one."""
    best = max(gains.values(), default=0.0)
    if best < 1.0:
        return ["pace"]
    order = list(LIFTED)
    bound = TIE * best
    kept = [cause for cause in order if gains.get(cause, 0.0) > max(bound, 1.0)]
    return sorted(kept, key=lambda cause: (-round(gains[cause] / bound), order.index(cause)))
