"""Bars and plots: honest widths, and markup that nobody's text can break."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.web.panel import plots
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.plots import Part, Plot, Series
from gatewayd.web.words import Words

FORMATS = Formats(Words("es"), ZoneInfo("UTC"))
HOSTILE = "\"><script>alert(1)</script>&'\x00"


def tree(markup: str) -> ET.Element:
    return ET.fromstring(markup.replace("\x00", "").replace("&nbsp;", " "))


@given(st.lists(st.integers(0, 10**9), max_size=12))
def test_widths_fill_the_bar_and_nothing_vanishes(numbers: list[int]) -> None:
    found = plots.widths(numbers)
    assert sum(found) == pytest.approx(100 if any(numbers) else 0)
    for number, width in zip(numbers, found, strict=True):
        assert (width == 0) == (number == 0)
        assert width >= 0.55 or number == 0


def test_a_doubt_is_hatched() -> None:
    bar = plots.stacked([Part("a", 3, "good"), Part("b", 1, "doubt", hatched=True), Part("c", 0, "act")], "x")
    rects = tree(bar).findall("rect")
    assert [one.get("class") for one in rects] == ["t-good", "t-doubt", "over"]
    assert [one.get("width") for one in rects] == ["75%", "25%", "25%"]


@pytest.mark.parametrize(
    ("value", "of", "width", "tone"), [(1, 2, "50%", "accent"), (9, 10, "90%", "look"), (12, 10, "100%", "look")]
)
def test_a_quota_that_ends_is_amber(value: float, of: float, width: str, tone: str) -> None:
    (rect,) = tree(plots.thin(value, of, "quota")).findall("rect")
    assert (rect.get("width"), rect.get("class")) == (width, f"t-{tone}")


def test_nothing_of_nothing_is_an_empty_bar() -> None:
    assert tree(plots.thin(0, 0, "x")).findall("rect") == tree(plots.stacked([], "x")).findall("rect") == []
    assert tree(plots.spark([], "x")).findall("circle") == []


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40))
def test_columns_stand_within_their_axis(values: list[float]) -> None:
    plot = Plot("t", [str(at) for at in range(len(values))], [Series("s", "good", values), Series("r", "act", values)])
    for rect in tree(plots.columns(plot, FORMATS)).iter("rect"):
        y, height = float(rect.get("y", "")), float(rect.get("height", ""))
        assert y >= -2.5
        assert y + height <= plots.HEIGHT + 0.2


@given(st.floats(0, 1e12))
def test_ticks_are_round_and_few(highest: float) -> None:
    found = plots._ticks(highest, share=False)
    assert 2 <= len(found) <= 6
    assert found[-1] >= highest
    assert found[0] == 0


def test_labels_are_few_enough_for_a_telephone() -> None:
    plot = Plot("t", [f"{day}/11" for day in range(1, 31)], [Series("s", "good", [1.0] * 30)])
    below = [one for one in tree(plots.columns(plot, FORMATS)).iter("text") if one.get("text-anchor") == "middle"]
    assert len(below) <= plots.LABELS_MAX


@pytest.mark.parametrize("draw", [plots.columns, plots.lines])
def test_no_text_becomes_markup(draw: object) -> None:
    plot = Plot(HOSTILE, [HOSTILE, "b"], [Series(HOSTILE, HOSTILE, [1, 2])])
    assert callable(draw)
    for markup in (
        draw(plot, FORMATS),
        plots.stacked([Part(HOSTILE, 1, HOSTILE)], HOSTILE),
        plots.thin(1, 2, HOSTILE, HOSTILE),
        plots.spark([1, 2], HOSTILE, HOSTILE),
    ):
        assert not re.search(r"<script", markup)
        assert tree(markup) is not None


def test_a_plot_with_a_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="one value a label"):
        Plot("t", ["a", "b"], [Series("s", "good", [1])])
    with pytest.raises(ValueError, match="at most"):
        Plot("t", ["a"] * 401, [Series("s", "good", [1] * 401)])
