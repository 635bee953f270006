"""What requests for pages of rows say: behind which row, and between which times."""

from __future__ import annotations

from datetime import datetime

from gatewayd.operations.ports import Backend
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _


def before_of(cursor: str | None) -> int | None:
    """Returns the number behind which a page begins; UsageError for what is no cursor."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        raise UsageError(_("not a cursor of this list: {cursor}").format(cursor=cursor[:40]))
    return int(cursor)


def instant_of(at: datetime | None, backend: Backend) -> int | None:
    """Returns a time as Unix ms; one without an offset is of the gateway's zone."""
    if at is None:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=backend.config.timezone)).timestamp() * 1000)
