"""Imports every module that registers pages."""

from gatewayd.web.panel import company, home, line_forms, lines, preferences, search, signin, stream
from gatewayd.web.panel.page import PAGES

__all__ = ["PAGES", "company", "home", "line_forms", "lines", "preferences", "search", "signin", "stream"]
