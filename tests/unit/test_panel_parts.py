"""What browsers get: others' parts as they came, nothing inline in any template, and no more than it may weigh."""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from starlette.responses import HTMLResponse, Response, StreamingResponse

from gatewayd.web.panel.assets import FOLDER as STATIC
from gatewayd.web.panel.assets import Assets, panel_assets
from gatewayd.web.panel.door import compress
from gatewayd.web.panel.rendering import FOLDER as TEMPLATES
from tests.panel.gallery import gallery

VENDOR = STATIC / "vendor"
PARTS = tomllib.loads((VENDOR / "vendored.toml").read_text())["part"]
PAGES = sorted(file.relative_to(TEMPLATES).as_posix() for file in TEMPLATES.rglob("*.html"))
FIRST_PAGE_MAX = 90_000

INLINE = {
    "a style of an element": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "a style sheet in the page": re.compile(r"<style\b", re.IGNORECASE),
    "a script in the page": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    # a name of the template that is compared or set is none: `one == other`, `set one = …`
    "a script as an attribute": re.compile(r"(?<!set)\s(on[a-z]+|hx-on[a-z:-]*)\s*=(?!=)", re.IGNORECASE),
    "an address that is a script": re.compile(r"javascript:|\bjs:", re.IGNORECASE),
    "a filter of a trigger": re.compile(r"hx-trigger\s*=\s*(?:\"[^\"]*\[|'[^']*\[)", re.IGNORECASE),
    "values or headers that are compiled": re.compile(r"hx-(?:vars|vals|headers)\s*=", re.IGNORECASE),
    "something from elsewhere": re.compile(r"(?:src|href)\s*=\s*[\"']https?:", re.IGNORECASE),
}
"""What the Content Security Policy forbids, or htmx compiles and then fails in silence (bigskysoftware/htmx#3063)."""


def breaches(source: str) -> list[str]:
    without_comments = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    return [what for what, form in INLINE.items() if form.search(without_comments)]


@pytest.mark.parametrize("name", PAGES)
def test_no_template_has_anything_inline(name: str) -> None:
    assert breaches((TEMPLATES / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('<p style="color: red">', "a style of an element"),
        ("<style>p{}</style>", "a style sheet in the page"),
        ("<script>go()</script>", "a script in the page"),
        ('<button onclick="go()">', "a script as an attribute"),
        ('<div hx-on:click="go()">', "a script as an attribute"),
        ('<a href="javascript:go()">', "an address that is a script"),
        ('<div hx-trigger="click[ctrlKey]">', "a filter of a trigger"),
        ("<div hx-vals='js:{a: 1}'>", "an address that is a script"),
        ('<img src="https://elsewhere.example/x.png">', "something from elsewhere"),
    ],
)
def test_what_is_inline_is_found(source: str, found: str) -> None:
    assert found in breaches(source)
    assert breaches(f"{{# {source} #}}") == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part["name"])
def test_a_part_of_others_is_as_it_came(part: dict[str, str]) -> None:
    content = (VENDOR / part["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == part["sha256"]
    assert part["version"] in part["file"]
    assert (VENDOR / part["licence_file"]).read_text().strip()


def test_every_file_of_others_is_listed() -> None:
    listed = {part[key] for part in PARTS for key in ("file", "licence_file")} | {"vendored.toml"}
    assert {file.name for file in VENDOR.iterdir()} == listed


def test_our_scripts_compile_nothing() -> None:
    for file in STATIC.glob("*.js"):
        assert not re.search(
            r"\beval\(|new Function|\.innerHTML\s*=|document\.write|setTimeout\(\s*[\"']", file.read_text()
        )


def test_the_first_page_weighs_little() -> None:
    """All parts, a full page included: the gallery has more on it than any page of ours."""
    weight = len(gzip.compress(gallery("es").encode(), 6))
    for name in panel_assets():
        found = panel_assets().find(panel_assets().url(name))
        assert found is not None
        weight += len(found.answer("gzip")[0])
    assert weight <= FIRST_PAGE_MAX, weight


def test_an_asset_is_kept_for_a_year_at_an_address_that_changes_with_it() -> None:
    one, other = Assets({"a.css": b"p{}" * 100}), Assets({"a.css": b"b{}" * 100})
    assert one.url("a.css") != other.url("a.css")
    found = one.find(one.url("a.css"))
    assert found is not None
    body, headers = found.answer("br, gzip")
    assert gzip.decompress(body) == b"p{}" * 100
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    assert found.answer("")[0] == b"p{}" * 100
    with pytest.raises(KeyError):
        one.url("b.css")


@pytest.mark.parametrize("path", ["/static", "/static/x", "/static/x/../a.css", "/else/x/a.css", "/static/x/b.css", ""])
def test_nothing_else_is_found(path: str) -> None:
    assert Assets({"a.css": b"p{}"}).find(path) is None


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    named = set()
    for file in [*TEMPLATES.rglob("*.html"), Path(__file__).parent.parent / "panel/templates/gallery.html"]:
        named |= set(re.findall(r'\bicon\("([\w-]+)"', file.read_text("utf-8")))
    from gatewayd.web.panel import marks
    from gatewayd.web.panel.navigation import SECTIONS

    named |= {one.icon for kind in marks.KINDS.values() for one in kind.values()} | {one.icon for one in SECTIONS}
    assert named - drawn == set()


LIGHT, DARK = ":root {", ':root[data-theme="dark"] {'
GROUNDS = ("ground", "ground-2")
INKS = ("ink", "ink-2", "accent", "good", "read", "sent", "rest", "move", "past", "look", "act", "doubt")
PAIRS = [
    *((ink, ground) for ink in INKS for ground in GROUNDS),
    ("on-accent", "accent"),
    ("accent", "accent-ground"),
    ("ink", "accent-ground"),
    ("ink-2", "accent-ground"),
    ("look", "look-ground"),
    ("act", "act-ground"),
    ("doubt", "doubt-ground"),
    ("ink", "ground-3"),
]


def tokens(css: str, opening: str) -> dict[str, str]:
    block = css[css.index(opening) :]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block[: block.index("}")]))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("opening", [LIGHT, DARK])
@pytest.mark.parametrize("pair", PAIRS, ids="-on-".join)
def test_words_can_be_read_on_their_ground(opening: str, pair: tuple[str, str]) -> None:
    """WCAG 2.2 §1.4.3: 4.5 to 1."""
    found = tokens((STATIC / "panel.css").read_text(), opening)
    one, other = sorted((luminance(found[name]) for name in pair), reverse=True)
    assert (one + 0.05) / (other + 0.05) >= 4.5


def test_both_ways_to_the_dark_are_one() -> None:
    css = (STATIC / "panel.css").read_text()
    assert tokens(css, DARK) == tokens(css, ':root[data-theme="auto"] {')
    assert tokens(css, DARK).keys() == tokens(css, LIGHT).keys()


@pytest.mark.parametrize(
    ("answer", "accepted", "zipped"),
    [
        (HTMLResponse("<p>" * 1000), "gzip, deflate, br", True),
        (HTMLResponse("<p>" * 1000), "br", False),
        (HTMLResponse("<p>"), "gzip", False),
        (Response(b"\x89PNG" * 1000, media_type="image/png"), "gzip", False),
        (StreamingResponse(iter(["x"]), media_type="text/event-stream"), "gzip", False),
    ],
)
def test_a_page_is_compressed_for_who_accepts_it(answer: Response, accepted: str, zipped: bool) -> None:
    compress(answer, accepted)
    assert (answer.headers.get("content-encoding") == "gzip") is zipped
    if zipped:
        body = bytes(answer.body)
        assert gzip.decompress(body) == b"<p>" * 1000
        assert int(answer.headers["content-length"]) == len(body)
