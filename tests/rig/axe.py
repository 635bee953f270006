"""Axe over a page, used like `axe_playwright_python`'s own; only what it finds comes back, and a page loads it once.

All that it has looked at, which nobody reads, would be most of the work.
"""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe as Whole
from playwright.sync_api import Page

_FOUND: Final = """() => axe.run({resultTypes: ["violations"]})
  .then((found) => ({...found, passes: [], incomplete: [], inapplicable: []}))"""


class Axe(Whole):  # type: ignore[misc]  # it has no types
    def run(self, page: Page, *_nothing: Any) -> AxeResults:
        """Runs all rules against the page as it is."""
        if not page.evaluate("'axe' in window"):
            page.evaluate(self.axe_script)
        return AxeResults(page.evaluate(_FOUND))
