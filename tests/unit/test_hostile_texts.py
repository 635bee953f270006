"""Texts that are made to hold an interpreter: every expression and every reader of foreign text is quick on them."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest

import gatewayd
import spool
from gatewayd.contact.optout import judge
from gatewayd.feeds import source
from gatewayd.numbers import NumberError, Numbers, Policy
from gatewayd.process.logs import mask_numbers
from gatewayd.values import addresses, money, storable
from gatewayd.values.characters import visible
from gatewayd.values.templates import Variables, VariableUnknownError
from spool import fields, names, strict_json
from spool.errors import JobFileError

LONG = 60_000
"""Characters; a small job file is read on the loop itself."""
AT_MOST_S = 0.05

SHORTER = {
    "gatewayd.values.addresses._EMAIL": addresses.EMAIL_LIMIT,
    "gatewayd.config.values._DURATION": 100,
    "gatewayd.config.values._DURATION_WHOLE": 100,
    "gatewayd.feeds.source._URL": source.URL_MAX,
    "gatewayd.process.logs._NOT_A_NUMBER": 100,
    "gatewayd.operations.log_query._ADDRESS": 200,
}
"""Expressions that are never shown more than so much."""

SEEDS = (
    "a",
    "0",
    ".",
    " ",
    "-",
    "%",
    "{",
    "#",
    "<",
    "[",
    "$",
    '"',
    "\\",
    "/",
    "\n",
    "\u200d",
    "\u0301",
    "a.",
    "a@",
    "a ",
    "a\u200d",
    "0 ",
    "0-",
    "0.",
    "1,",
    "%a",
    "{a",
    "#a ",
    "a%",
    '\\"',
    "no ",
    "de la ",
    "=?",
    "<!---->",
    "\ud83d\ud83d",
    "1.000.",
    "01/",
    ":::",
    "[{<",
    "%20",
)


ENDS = (("a@", "!"), ('"', "\n"), ("%+{", "\x00"))


def hostile(longest: int = LONG, turn: int | None = None) -> Iterator[str]:
    """Repeats of what expressions look for, with a beginning that leads them in and an end that fails them; where there
    is a `turn`, each with one of these in turn."""
    for number, seed in enumerate(SEEDS):
        body = seed * (longest // len(seed))
        yield body
        for head, tail in ENDS if turn is None else (ENDS[(number + turn) % len(ENDS)],):
            yield (head + body + tail)[:longest]


def timed(work: Callable[[str], Any], text: str, enough_s: float = AT_MOST_S) -> float:
    """Seconds of this thread, the best of ten where the first was slow: a busy machine does not count, nor does what
    others do to the caches of its processor."""
    best = float("inf")
    for _ in range(10):
        begun = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - begun)
        if best <= enough_s:
            break
    return best


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if ".migrations" not in found.name and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def expressions() -> Iterator[tuple[str, re.Pattern[str]]]:
    seen: set[int] = set()
    for package in (gatewayd, spool):
        for module in modules(package):
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{module.__name__}.{name}", value


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize(("name", "expression"), [pytest.param(*each, id=each[0]) for each in EXPRESSIONS])
def test_no_expression_takes_long_over_any_text(name: str, expression: re.Pattern[str]) -> None:
    _quick(name, expression, len(name))


@pytest.mark.fault
@pytest.mark.parametrize(("name", "expression"), [pytest.param(*each, id=each[0]) for each in EXPRESSIONS])
def test_no_expression_takes_long_over_any_text_at_all(name: str, expression: re.Pattern[str]) -> None:
    _quick(name, expression, None)


def _quick(name: str, expression: re.Pattern[str], turn: int | None) -> None:
    longest = 200 if name.startswith("gatewayd.numbers.") else SHORTER.get(name, LONG)
    for text in hostile(longest, turn):
        for work in (expression.fullmatch, lambda given: sum(1 for _ in expression.finditer(given))):
            assert timed(work, text) <= AT_MOST_S, text[:40]


NUMBERS = {region: Numbers(Policy(region, "11" if region == "AR" else None)) for region in ("AR", "MX", "CL", "CO")}


REFUSALS = (addresses.AddressError, NumberError, JobFileError, VariableUnknownError, ValueError)
COLUMNS = ["nombre", "deuda", "a", "b" * 300, *(f"columna {number}" for number in range(200))]


def refusing(work: Callable[[str], Any]) -> Callable[[str], Any]:
    def tried(text: str) -> None:
        with suppress(*REFUSALS):
            work(text)

    return tried


READERS: dict[str, Callable[[str], Any]] = {
    "email": addresses.email,
    "push": addresses.push,
    "subscription": lambda text: addresses.push('{"' + text),
    "amount": money.parse_money,
    "visible": visible,
    "opt-out": lambda text: judge(text, text, frozenset({"a"})),
    "log": mask_numbers,
    "variables": lambda text: Variables(COLUMNS, {"empresa": "x"}).bind(text[: fields.TEXT_LIMIT]),
    "column": names.column_name,
    "variable": names.variable_name,
    "storable": storable.bounded,
    "one line": storable.one_line,
    "cc": lambda text: fields.addresses({"cc": [text[:1000]] * 60}, "cc"),
    "json": lambda text: strict_json.load(text.encode("utf-8", "replace")),
    "json string": lambda text: strict_json.load(f'{{"a": "{text}", "b": NaN}}'.encode("utf-8", "replace")),
    **{f"number {region}": numbers.parse for region, numbers in NUMBERS.items()},
    **{f"key {region}": numbers.key for region, numbers in NUMBERS.items()},
}


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_takes_long_over_any_text(reader: str) -> None:
    work = refusing(READERS[reader])
    for text in hostile():
        assert timed(work, text) <= AT_MOST_S, text[:40]


def test_a_page_of_html_is_read_for_variables_in_time() -> None:
    pages = ("<p style='width: 100%'>", "% ", "%a", "{x", "#a", "&nbsp;", "%20")
    for piece in pages:
        page = piece * (400_000 // len(piece))
        assert timed(refusing(lambda text: Variables(["nombre"], {}).bind(text, tags=True)), page, 1.5) < 1.5, piece
