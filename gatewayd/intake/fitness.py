"""What a job asks for that only the running gateway can judge: its lines, and whether its time is not over. Pure."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from spool.document import GUARDED_CLASSES, JobDocument
from spool.errors import JobFileError

KNOWN_SHOWN: Final = 10
APPROVABLE: Final = "transactional"


def judge(document: JobDocument, lines: Collection[str], now_s: float, may: Collection[str] = ()) -> None:
    """Raises JobFileError `value_invalid` for a line that is not configured, for a job whose `not_after` (Unix s) has
    passed when it comes, and for a class that is guarded; `may` names those that whoever brings the job may use."""
    file = document.file
    # A template of that class has been approved by an administrator, else it would not have been filled in.
    approved = document.stored is not None and document.klass == document.stored.content.get("class") == APPROVABLE
    if document.klass in GUARDED_CLASSES and document.klass not in may and not approved:
        raise JobFileError("value_invalid", f"value_class_{document.klass}", file=file, field="class")
    for name in document.lines or ():
        if name not in lines:
            close = get_close_matches(name, lines, 1)
            if close:
                raise JobFileError(
                    "value_invalid", "value_line_hint", file=file, field="lines", name=name, hint=close[0]
                )
            known = ", ".join(sorted(lines)[:KNOWN_SHOWN]) or "-"
            raise JobFileError("value_invalid", "value_line", file=file, field="lines", name=name, known=known)
    if document.not_after is not None and document.not_after.timestamp() <= now_s:
        raise JobFileError("value_invalid", "value_past", file=file, field="not_after")
