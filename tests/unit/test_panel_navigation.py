"""The navigation, where things are shown, and what waits behind an entry."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import Response
from starlette.routing import Match, Route

from gatewayd.web.panel import places
from gatewayd.web.panel.frame import Count
from gatewayd.web.panel.navigation import SECTIONS, entries
from gatewayd.web.panel.page import Page, Place
from gatewayd.web.panel.pages import PAGES
from gatewayd.web.panel.surroundings import _counts


async def _shows(_visit: object) -> Response:
    raise AssertionError


def page(path: str, section: str, rank: int, operation: str | None = None) -> Page:
    return Page(path, "GET", operation, _shows, Place(section, path, rank))


SOME = [
    page("/lineas", "lineas", 0, "line.list"),
    page("/interacciones/bandeja", "interacciones", 10, "inbox.list"),
    page("/interacciones", "interacciones", 0, "interaction.list"),
    page("/", "inicio", 0),
    Page("/lineas/{line}", "GET", "line.show", _shows, None),
]


def test_sections_stand_in_their_order_and_pages_in_theirs() -> None:
    found = entries(SOME, lambda _operation: True, "/", {})
    assert [one.key for one in found] == ["inicio", "interacciones", "lineas"]
    assert [one.path for one in found[1].below] == ["/interacciones", "/interacciones/bandeja"]
    assert found[0].below == found[2].below == ()


def test_what_one_may_not_is_not_offered() -> None:
    found = entries(SOME, lambda operation: operation == "inbox.list", "/", {})
    assert [(one.key, one.path) for one in found] == [("inicio", "/"), ("interacciones", "/interacciones/bandeja")]


@pytest.mark.parametrize(
    ("here", "current"),
    [
        ("/", "/"),
        ("/interacciones", "/interacciones"),
        ("/interacciones/bandeja", "/interacciones/bandeja"),
        ("/interacciones/bandeja/5", "/interacciones/bandeja"),
        ("/lineas/claro-1", "/lineas"),
        ("/lineasotras", None),
        ("/buscar", None),
    ],
)
def test_the_entry_of_the_page_is_marked(here: str, current: str | None) -> None:
    found = entries(SOME, lambda _operation: True, here, {})
    paths = [below.path for one in found for below in (one.below or (one,)) if below.current]
    assert paths == ([] if current is None else [current])
    assert sum(one.current for one in found) == len(paths)


def test_a_section_counts_what_waits_in_its_pages() -> None:
    counts = {"/interacciones": Count(2, urgent=True), "/interacciones/bandeja": Count(3)}
    _home, interactions, lines = entries(SOME, lambda _operation: True, "/", counts)
    assert interactions.count == Count(5, urgent=True)
    assert lines.count is None


def test_needs_are_counted_where_they_are_looked_after() -> None:
    needs: list[dict[str, Any]] = [
        {"kind": "uncertain", "subject": "", "reason": None, "count": 7},
        {"kind": "line", "subject": "claro-1", "reason": "pin_required", "count": None},
        {"kind": "line", "subject": "claro-2", "reason": "no_sim", "count": None},
        {"kind": "credit", "subject": "norte", "reason": "waits", "count": 40},
        {"kind": "something new", "subject": "", "reason": None, "count": None},
    ]
    assert _counts(needs) == {
        "/interacciones/dudas": Count(7),
        "/lineas": Count(2, urgent=True),
        "/ajustes/creditos": Count(1),
    }


def test_every_page_has_a_section_that_is_drawn() -> None:
    keys = {one.key for one in SECTIONS}
    assert {one.place.section for one in PAGES if one.place is not None} <= keys


def test_no_address_is_taken_twice() -> None:
    taken = [(one.method, one.path) for one in PAGES]
    assert len(taken) == len(set(taken))


def test_an_address_exists_where_the_router_would_find_it() -> None:
    for one in PAGES:
        if one.method == "GET":
            address = one.path.replace("{account}", "norte").replace("{job}", "c1").replace("{line}", "claro-1")
            if "{" not in address:
                assert places.exists(address), address
                scope = {"type": "http", "path": address, "method": "GET"}
                match, _child = Route(one.path, lambda _request: Response()).matches(scope)
                assert match is Match.FULL
    assert not places.exists("/no-hay")
    assert places.link("/no-hay") == ""


@pytest.mark.parametrize(
    "address",
    [
        places.message("01JABCDEFGHJKMNPQRSTVWXYZ0"),
        places.messages(job="norte/c1", state="failed"),
        places.doubts(),
        places.job("norte", "marzo 1/2 & más"),
        places.line("claro-1"),
    ],
)
def test_what_is_linked_to_is_there(address: str) -> None:
    assert places.link(address) == address
