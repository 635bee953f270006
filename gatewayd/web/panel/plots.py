"""Bars and lines as SVG that the server writes: quiet pictures, each with the same numbers as a table. Pure.

Widths are attributes in per cent, never styles: the policy of the pages forbids those. Text keeps its size on every
screen, since nothing with text in it is scaled. A share that is not nothing is never invisible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from gatewayd.web.panel.formats import Formats

VISIBLE_MIN: Final = 0.6
"""Per cent of a bar that the smallest part takes, so that one failed of a million is seen."""
LABELS_MAX: Final = 8
"""As many labels stand below a plot on a telephone without touching."""
TICKS: Final = 4
HEIGHT: Final = 200
"""Of a plot in pixels, without its labels."""
COLUMNS_MAX: Final = 400
"""More columns than that nobody can part; the caller sums them up."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar."""

    word: str
    number: int
    tone: str
    """As in `marks`."""
    hatched: bool = False
    href: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A row of numbers, one for each label of its plot."""

    word: str
    tone: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Plot:
    """A question's answer: `title` says it, the numbers prove it."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    share: bool = False
    """The values are shares of 1 and the axis is per cent."""

    def __post_init__(self) -> None:
        if any(len(one.values) != len(self.labels) for one in self.series):
            raise ValueError(f"{self.title!r}: a series has not one value a label")
        if len(self.labels) > COLUMNS_MAX:
            raise ValueError(f"{self.title!r}: {len(self.labels)} columns, at most {COLUMNS_MAX}")


def widths(numbers: Sequence[float]) -> list[float]:
    """Returns each number's share of their sum in per cent: none but nothing below `VISIBLE_MIN`, all together 100."""
    total = sum(numbers)
    if total <= 0:
        return [0.0 for _ in numbers]
    raised = [max(number * 100 / total, VISIBLE_MIN) if number > 0 else 0.0 for number in numbers]
    whole = sum(raised)
    return [one * 100 / whole for one in raised]


def _percent(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"


def stacked(parts: Sequence[Part], label: str, *, tall: bool = False) -> Markup:
    """Returns a bar of parts side by side; `label` says to a screen reader what it shows."""
    body: list[str] = []
    at = 0.0
    for part, width in zip(parts, widths([part.number for part in parts]), strict=True):
        if not width:
            continue
        place = f'x="{_percent(at)}" width="{_percent(width)}" height="100%"'
        body.append(f'<rect class="t-{escape(part.tone)}" {place}/>')
        if part.hatched:
            body.append(f'<rect class="over" fill="url(#hatch)" {place}/>')
        at += width
    kind = "bar tall" if tall else "bar"
    return Markup(f'<svg class="{kind}" role="img" aria-label="{escape(label)}">{"".join(body)}</svg>')


def thin(value: float, of: float, label: str, tone: str = "accent") -> Markup:
    """Returns a thin bar of `value` in `of`: pace, quota. Full where it is more; amber from nine tenths on."""
    share = min(max(value / of, 0.0), 1.0) * 100 if of > 0 else 0.0
    if tone == "accent" and share >= 90:
        tone = "look"
    rect = f'<rect class="t-{escape(tone)}" width="{_percent(share)}" height="100%"/>' if share else ""
    return Markup(f'<svg class="bar" role="img" aria-label="{escape(label)}">{rect}</svg>')


def spark(values: Sequence[float], label: str, tone: str = "accent") -> Markup:
    """Returns a line the size of a word, its last value as a dot; from nothing up, so that heights are honest."""
    top = max([*values, 0.0]) or 1.0
    step = 92 / max(len(values) - 1, 1)
    points = [(2 + at * step, 22 - 20 * max(value, 0.0) / top) for at, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dot = f'<circle cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" r="2"/>' if points else ""
    return Markup(
        f'<svg class="spark t-{escape(tone)}" viewBox="0 0 96 24" role="img" aria-label="{escape(label)}">'
        f'<polyline points="{line}"/>{dot}</svg>'
    )


def columns(plot: Plot, formats: Formats) -> Markup:
    """Returns the columns of a plot, its series on top of one another, with an axis of round numbers."""
    sums = [sum(one.values[at] for one in plot.series) for at in range(len(plot.labels))]
    ticks = _ticks(max([*sums, 0.0]), plot.share)
    return _boxed(plot, ticks, formats, "".join(_columns(plot, ticks[-1])))


def _columns(plot: Plot, top: float) -> Iterator[str]:
    slot = 100 / max(len(plot.labels), 1)
    width = slot * (0.72 if len(plot.labels) < 60 else 0.9)
    for at in range(len(plot.labels)):
        y = float(HEIGHT)
        for one in plot.series:
            height = max(one.values[at], 0.0) / top * HEIGHT
            if not height:
                continue
            height = max(height, 1.0)
            y -= height
            x = at * slot + (slot - width) / 2
            yield (
                f'<rect class="v t-{escape(one.tone)}" x="{_percent(x)}" y="{y:.1f}" width="{_percent(width)}" '
                f'height="{height:.1f}"/>'
            )


def lines(plot: Plot, formats: Formats) -> Markup:
    """Returns the series of a plot as lines over one another: the first as it is, the others dashed, to compare."""
    ticks = _ticks(max([0.0, *(value for one in plot.series for value in one.values)]), plot.share)
    slot = 100 / max(len(plot.labels), 1)
    traces = []
    for number, one in enumerate(plot.series):
        points = " ".join(
            f"{slot * at + slot / 2:.2f},{HEIGHT - max(value, 0.0) / ticks[-1] * HEIGHT:.2f}"
            for at, value in enumerate(one.values)
        )
        kind = f"trace t-{escape(one.tone)}" if number == 0 else "other"
        traces.append(f'<polyline class="{kind}" vector-effect="non-scaling-stroke" points="{points}"/>')
    # The later ones first, so that what the plot is about lies on top.
    body = (
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none">'
        f"{''.join(reversed(traces))}</svg>"
    )
    return _boxed(plot, ticks, formats, body)


def _boxed(plot: Plot, ticks: Sequence[float], formats: Formats, body: str) -> Markup:
    top = ticks[-1]

    def height_of(tick: float) -> float:
        return HEIGHT - tick / top * HEIGHT

    def words(tick: float) -> str:
        return formats.percent(tick) if plot.share else formats.number(f"{tick:.10g}")

    names = [words(tick) for tick in ticks]
    gutter = 8 + 7 * max(len(name) for name in names)
    marks = "".join(
        f'<text x="{gutter - 8}" y="{height_of(tick) + 4:.1f}" text-anchor="end">{escape(name)}</text>'
        for tick, name in zip(ticks, names, strict=True)
    )
    rules = "".join(
        f'<line class="{"base" if tick == 0 else "rule"}" x1="0" x2="100%" y1="{height_of(tick):.1f}" '
        f'y2="{height_of(tick):.1f}"/>'
        for tick in ticks
    )
    slot = 100 / max(len(plot.labels), 1)
    every = -(-len(plot.labels) // LABELS_MAX) or 1
    labels = "".join(
        f'<text x="{_percent(at * slot + slot / 2)}" y="{HEIGHT + 18}" text-anchor="middle">{escape(label)}</text>'
        for at, label in enumerate(plot.labels)
        if at % every == 0
    )
    return Markup(
        f'<div class="plotbox"><svg class="plot axis" width="{gutter}" height="{HEIGHT + 24}" aria-hidden="true">'
        f"{marks}</svg>"
        f'<svg class="plot" width="100%" height="{HEIGHT + 24}" role="img" aria-label="{escape(plot.title)}">'
        f"{rules}{body}{labels}</svg></div>"
    )


def _ticks(highest: float, share: bool) -> list[float]:
    """Returns round numbers from 0 to at least `highest`, two to six of them."""
    if share:
        return [0.0, 0.25, 0.5, 0.75, 1.0]
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / TICKS
    power = 10.0 ** (len(f"{int(rough)}") - 1) if rough >= 1 else 1.0
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    found = [0.0]
    while found[-1] < highest:
        found.append(found[-1] + step)
    return found
