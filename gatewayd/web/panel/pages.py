"""Imports every module that registers pages."""

from gatewayd.web.panel import home, log, log_resend, signin
from gatewayd.web.panel.page import PAGES

__all__ = ["PAGES", "home", "log", "log_resend", "signin"]
