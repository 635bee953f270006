"""Imports every module that registers pages."""

from gatewayd.web.panel import home, log, log_export, log_resend, signin, tasks
from gatewayd.web.panel.page import PAGES

__all__ = ["PAGES", "home", "log", "log_export", "log_resend", "signin", "tasks"]
