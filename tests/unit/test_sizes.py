"""What a text costs for a list is what its rows cost when they are rendered, each of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from statistics import median_low
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.campaigns.sizes import Cost, Sizes, cost, size_of
from gatewayd.intake.rendering import REPEATED, Rendering, RenderPlan
from gatewayd.numbers import Numbers, Policy
from gatewayd.values.templates import parts_of
from spool.recipients import Recipients
from spool.stored import judged

POLICY = Policy("AR", "11", True)
NUMBERS = Numbers(POLICY)
NAMES = ("nombre", "deuda", "fecha")
LETTERS = "ab Xé ñ€{]^íóç’“–…•½😀🇦🇷☎\ufe0f\u200d\u0301\u00a0\u200b\n\tЖ中"


def rendered(text: str, rows: Sequence[Sequence[str]], encoding: str, most: int) -> tuple[Counter[int], Counter[str]]:
    """Segments of each row, and reasons of those that make no message, by the code that records messages."""
    document = judged("sms", {"text": text, "encoding": encoding, "max_segments": most})
    cells = [[f"11{50_000_000 + number}", *row] for number, row in enumerate(rows)]
    table = Recipients("x", ("to", *NAMES), 0, None, iter(cells))
    found: Counter[int] = Counter()
    refused: Counter[str] = Counter()
    for chunk in Rendering(RenderPlan.of(document, POLICY), table, NUMBERS).chunks():
        for row in chunk:
            if row[7] is None:
                found[row[5]] += 1
            else:
                refused[row[7]] += 1
    assert REPEATED not in refused
    return found, refused


def measured(text: str, rows: Sequence[Sequence[str]], encoding: Any, most: int) -> Cost:
    sizes = Sizes.unpacked(Sizes.of(NAMES, rows).packed())
    return cost(parts_of(text, NAMES, {}), sizes, encoding, most)


def assert_same(text: str, rows: Sequence[Sequence[str]], encoding: str, most: int = 10) -> Cost:
    found, refused = rendered(text, rows, encoding, most)
    shown = measured(text, rows, encoding, most)
    if shown.exact:
        assert Counter(shown.by_segments) == found
        assert (shown.missing, shown.too_long) == (refused["value_missing"], refused["too_long"])
        each = sorted(found.elements())
        assert (shown.total, shown.worst) == (sum(each), max(each, default=0))
        assert shown.median == (median_low(each) if each else 0)
    return shown


cells = st.text(alphabet=LETTERS, max_size=40) | st.sampled_from(["Ana", "1.500,50", "José María Ibáñez", ""])
literals = st.text(alphabet=LETTERS.replace("\u0301", ""), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12),
    st.lists(literals, min_size=2, max_size=4),
    st.sampled_from(["auto", "gsm7", "ucs2"]),
    st.sampled_from([1, 3, 10]),
)
def test_it_is_what_rendering_says(
    rows: list[tuple[str, str, str]], pieces: list[str], encoding: str, most: int
) -> None:
    text = "a" + "".join(f"{piece}%{name}%" for piece, name in zip(pieces, NAMES, strict=False)) + "z"
    assert_same(text, rows, encoding, most)


def test_the_edges_of_a_segment_are_exact() -> None:
    """Braces are not cut in half: of texts with equally many septets, some take a segment more."""
    text = "x" * 150 + "%nombre%" + "€" * 70 + "%deuda%"
    rows = [("a" * (n % 5 + 1), "b" * (n % 40 + 1), "") for n in range(400)]
    shown = assert_same(text, rows, "auto")
    assert shown.exact
    assert len(shown.by_segments) > 1
    wide = assert_same("Ж" * 66 + "%nombre%" + "😀" * 40 + "%deuda%", rows, "auto")
    assert (wide.exact, wide.ucs2) == (True, 400)


def test_the_dearest_rows_are_named_and_plain_names_are_few_sizes() -> None:
    names = ["Ana", "Luis", "María", "José"]
    rows = [(names[n % 4], f"{n},50", "") for n in range(2_000)]
    rows[77] = ("Ñandú de la Sierra Íntima" * 4, "1", "")
    shown = measured("Estimado/a %nombre%: " + "debe $ %deuda%. " * 4, rows, "auto", 10)
    assert (shown.worst, shown.dearest[0]) == (3, (77, 3))
    assert {size_of(name) for name in names} == {(3, 3, ""), (4, 4, ""), (-1, 5, "")}
    assert shown.ucs2 == 501


def test_a_list_of_many_costs_little_time() -> None:
    chance = random.Random(5)
    names = ["Ana", "María José", "Núñez", "O’Higgins", "Li {x}", "Jorge 😀"]
    rows = [
        (chance.choice(names) + "o" * chance.randrange(12), f"{chance.randrange(99_999)},50", "x")
        for _ in range(20_000)
    ]
    sizes = Sizes.of(NAMES, rows)
    assert max(len(column.sizes) for column in sizes.columns.values()) < 120
    assert len(sizes.packed()) < 20_000 * 3 * 4 + 20_000
