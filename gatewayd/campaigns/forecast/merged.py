"""Lines that are alike are one line of their joint speed and quotas, batches that are alike one batch. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gatewayd.campaigns.forecast.line import Line, quantiles
from gatewayd.campaigns.forecast.situation import Batch, Situation

ALIKE: Final = 0.15
"""Devices whose times differ by no more than this share are alike."""


def merged(situation: Situation) -> Situation:
    """Returns the situation with lines that are alike joined; those that are down stay apart, for they are named."""
    named = {batch.route.lines for batch in situation.batches} | {batch.route.without for batch in situation.batches}
    groups: dict[object, list[Line]] = {}
    for line in sorted(situation.lines, key=lambda line: line.device_s):
        if line.state != "ready":
            groups[line.name] = [line]
            continue
        key = (
            *(line.channels, line.prefixes, line.area, line.interval_s, line.at_once, line.window),
            *(line.quota_day, line.quota_month, line.recipients_month, line.measured > 0),
            tuple(line.name in names for names in sorted(named)),
        )
        number = 0
        while (found := groups.get((key, number))) and line.device_s > found[0].device_s * (1 + ALIKE):
            number += 1
        groups.setdefault((key, number), []).append(line)
    lines = tuple(_joined(lines) for lines in groups.values())
    return replace(situation, lines=lines, batches=_batches(situation.batches))


def _batches(batches: Sequence[Batch]) -> tuple[Batch, ...]:
    groups: dict[object, list[Batch]] = {}
    for batch in batches:
        key = (batch.account, batch.route, batch.priority, batch.due, batch.until, batch.hours, batch.ours)
        groups.setdefault(key, []).append(batch)
    return tuple(_one(group) for group in groups.values())


def _one(group: Sequence[Batch]) -> Batch:
    if len(group) == 1:
        return group[0]
    messages = sum(batch.messages for batch in group)
    return replace(
        group[0],
        messages=messages,
        segments=sum(batch.segments * batch.messages for batch in group) / max(messages, 1),
        waits=tuple(wait for batch in group for wait in batch.waits),
        jobs=max(batch.jobs for batch in group) if group[0].ours else sum(batch.jobs for batch in group),
    )


def _joined(lines: Sequence[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]
    first, many = lines[0], len(lines)

    def times(quota: int | None) -> int | None:
        return None if quota is None else quota * many

    return replace(
        first,
        interval_s=first.interval_s / many,
        at_once=first.at_once * many,
        many=many,
        device_s=sum(line.device_s for line in lines) / many,
        device_sd=sum(line.device_sd for line in lines) / many,
        times=quantiles([time for line in lines for time in line.times]) if all(line.times for line in lines) else (),
        measured=sum(line.measured for line in lines),
        window=None if first.window is None else (first.window[0] * many, first.window[1]),
        window_used=sum(line.window_used for line in lines),
        quota_day=times(first.quota_day),
        day_used=sum(_within(line.day_used, line.quota_day) for line in lines),
        quota_month=times(first.quota_month),
        month_used=sum(_within(line.month_used, line.quota_month) for line in lines),
        recipients_month=times(first.recipients_month),
        recipients_used=sum(_within(line.recipients_used, line.recipients_month) for line in lines),
    )


def _within(used: int, quota: int | None) -> int:
    return used if quota is None else min(used, quota)
