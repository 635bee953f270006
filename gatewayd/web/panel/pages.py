"""Imports every module that registers pages."""

from gatewayd.web.panel import home, jobs, preferences, search, signin, stream
from gatewayd.web.panel.page import PAGES

__all__ = ["PAGES", "home", "jobs", "preferences", "search", "signin", "stream"]
