"""Templates into pages, in the language that is spoken to the person."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gatewayd.translation import gettext, language, ngettext


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gatewayd.web.panel"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def rendered(template: str, **values: Any) -> str:
    """Returns the page that a template makes of these values."""
    return _environment().get_template(template).render(language=language(), **values)
