"""Templates to pages and fragments: everything escaped, in a person's language, with times in their account's zone.

An environment is kept for each language and zone, since filters know both; a template is read and compiled once for
each. Names that a template does not get are an error, so that a page that lacks something fails its test.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup, escape

from gatewayd.web.panel import marks, pieces, plots
from gatewayd.web.panel.assets import Assets, panel_assets
from gatewayd.web.panel.formats import Formats
from gatewayd.web.words import Words
from gatewayd.words import reasons, translation

FOLDER: Final = Path(__file__).parent / "templates"
COMPONENTS: Final = ("ui/page.html", "ui/table.html", "ui/form.html", "ui/states.html")
"""Whose macros every template finds in `ui`, without an import."""
LOOKS_MAX: Final = 24
"""Languages and zones kept compiled at once; a company has one or two."""


def now() -> datetime:
    """Returns the time of the clock; a test gives its own."""
    return datetime.now(UTC)


class Templates:
    """Renders for everybody, in the language that is spoken (`gatewayd.words.translation.speaking`)."""

    def __init__(
        self, assets: Assets, folders: Sequence[Path] = (FOLDER,), clock: Callable[[], datetime] = now
    ) -> None:
        self._assets = assets
        self._folders = [str(folder) for folder in folders]
        self._clock = clock
        self._environments = functools.lru_cache(LOOKS_MAX)(self._environment)

    def page(self, name: str, values: Mapping[str, Any], zone: str) -> str:
        """Returns a whole page."""
        return self._environments(translation.language(), zone).get_template(name).render(values)

    def block(self, name: str, block: str, values: Mapping[str, Any], zone: str) -> str:
        """Returns one block of a page by itself: what a fragment is. KeyError where the page has none of that name."""
        template = self._environments(translation.language(), zone).get_template(name)
        return "".join(template.blocks[block](template.new_context(dict(values))))

    def _environment(self, language: str, zone: str) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        words = Words(language)
        formats = Formats(words, ZoneInfo(zone))
        environment.globals.update(self._globals(words, formats))
        environment.filters.update(_filters(formats, self._clock))
        macros: dict[str, Any] = {}
        environment.globals["ui"] = ui = SimpleNamespace()
        for name in COMPONENTS:
            module = environment.get_template(name).module
            macros |= {key: value for key, value in vars(module).items() if not key.startswith("_")}
            vars(ui).update(macros)
        return environment

    def _globals(self, words: Words, formats: Formats) -> dict[str, Any]:
        def icon(name: str, kind: str = "icon") -> Markup:
            return Markup(
                f'<svg class="{escape(kind)}" aria-hidden="true" focusable="false">'
                f'<use href="{self._assets.url("icons.svg")}#{escape(name)}"/></svg>'
            )

        return {
            "_": words.gettext,
            "ngettext": words.ngettext,
            "language": words.language,
            "asset": self._assets.url,
            "icon": icon,
            "mark": marks.mark,
            "formats": formats,
            "column": pieces.Column,
            "figure": pieces.Figure,
            "stacked": plots.stacked,
            "thin": plots.thin,
            "spark": plots.spark,
            "columns": lambda plot: plots.columns(plot, formats),
            "trace": lambda plot: plots.lines(plot, formats),
            "now": self._clock,
        }


def _filters(formats: Formats, clock: Callable[[], datetime]) -> dict[str, Callable[..., Any]]:
    def when(value: object) -> Markup:
        """A time as people say it, with the whole of it as title and for programs."""
        moment = formats.moment(value)
        if moment is None:
            return Markup("")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            moment.isoformat(timespec="seconds"), formats.full(moment), formats.when(moment, clock())
        )

    def at(value: object) -> Markup:
        """A time to the second, as it is needed where events of one message stand below one another."""
        moment = formats.moment(value)
        if moment is None:
            return Markup("")
        return Markup('<time datetime="{}">{}</time>').format(
            moment.isoformat(timespec="seconds"), formats.full(moment)
        )

    return {
        "money": formats.money,
        "number": formats.number,
        "percent": formats.percent,
        "size": formats.size,
        "day": formats.day,
        "weekday": formats.weekday,
        "clock": formats.clock,
        "full": formats.full,
        "span": formats.span,
        "when": when,
        "at": at,
        "reason": reasons.meaning,
        "who": formats.who,
        "combine": lambda first, second: {**first, **second},
        "lines": _broken,
        "sentence": sentence,
    }


def sentence(text: str) -> str:
    """Returns an error of the core, which says its sentences without a capital and a stop, as a sentence of a page."""
    begun = text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "?", "!", "…", ")")) else f"{begun}."


def _broken(text: str) -> Markup:
    """Returns text with its line breaks shown."""
    return Markup("<br>").join(text.splitlines())


@functools.cache
def _templates() -> Templates:
    return Templates(panel_assets())


def rendered(template: str, *, zone: str = "UTC", block: str | None = None, **values: Any) -> str:
    """Returns the page that a template makes of these values, or one block of it; times are those of `zone`."""
    if block is None:
        return _templates().page(template, values, zone)
    return _templates().block(template, block, values, zone)


def formats_of(zone: str) -> Formats:
    """Returns how values are written in the language spoken, with times in `zone`: for what a page writes itself."""
    return Formats(Words(translation.language()), ZoneInfo(zone))
