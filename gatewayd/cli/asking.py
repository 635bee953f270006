"""Passwords asked at the terminal, or read from the input by a script."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from gatewayd.words.translation import gettext as _

F = TypeVar("F", bound=Callable[..., Any])


def password_option(command: F) -> F:
    """`--password-stdin`, as the argument `password_stdin`."""
    help_text = _("Read the password from the first line of the input.")
    return click.option("--password-stdin", is_flag=True, help=help_text)(command)


def password(from_stdin: bool) -> str:
    """Returns the password: asked twice, or the input's first line."""
    if from_stdin:
        return sys.stdin.readline(4096).rstrip("\r\n")
    asked: str = click.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True)
    return asked
