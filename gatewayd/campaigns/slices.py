"""Which people go into one job of a run, and what that job is called. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FIRST: Final = 500
"""People of the first job: few, so that the first message leaves at once."""
REST: Final = 20_000
"""People of each further one."""


def room(number: int) -> int:
    """Returns how many people the slice of that number (from 0) holds."""
    return FIRST if number == 0 else REST


def run_key(campaign: int, planned: str) -> str:
    """Returns what a run is called in the names of its jobs: of the same campaign and planned time always the same.

    A store that was put back from a copy gives row numbers out again; a planned time it does not.
    """
    return f"{campaign}.{''.join(sign for sign in planned if sign.isalnum())}"


def job_name(run: str, rung: int, number: int) -> str:
    """Returns the name of a slice's job; `run` is a run's key."""
    return f"c-{run}-{rung}-{number}"


_COLUMNS: Final = {"to": "to", "ref": "ref"}
_FILES: Final = "files"
"""Of a mail's words: what is known of the files that they attach. No key of a job file."""


def head_of(content: Mapping[str, Any], job: str) -> dict[str, Any]:
    """Returns a job file without its recipients; `content` are the keys of its rung, and what is known of its files."""
    keys = {key: value for key, value in content.items() if key != _FILES}
    return {**keys, "job": job, "columns": _COLUMNS}
