"""Imports every module that registers pages."""

from gatewayd.web.panel import audit, home, me, signin, users
from gatewayd.web.panel.page import PAGES

__all__ = ["PAGES", "audit", "home", "me", "signin", "users"]
from gatewayd.web.panel import preferences, search, stream

__all__ = ["PAGES", "home", "preferences", "search", "signin", "stream"]
