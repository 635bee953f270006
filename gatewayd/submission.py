"""Enters work of the daemon's own as jobs, by the private folder, under an origin that nobody else can use.

In two steps, so that an engine can say what a crash between them leaves: `lay` makes the job's files durable, `enter`
brings them into the store.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from gatewayd.intake.feed import SMALL
from gatewayd.intake.reception import IntakeDesk
from gatewayd.intake.record import Follow
from gatewayd.intake.stored import kept_files
from gatewayd.values import call_amounts
from spool import posted
from spool.document import JobDocument, parse
from spool.errors import JobFileError, SpoolError
from spool.intake import Taken

_DUMMY: Final = ({"to": "-", "ref": ""},)


def bare(head: Mapping[str, Any], file: str = "c.json") -> JobDocument:
    """Returns a job with nobody real in it, read as its file would be. JobFileError."""
    return parse(json.dumps({**head, "recipients": _DUMMY}, ensure_ascii=False).encode(), file)


def written(head: Mapping[str, Any], recipients: Iterable[str], file: str) -> tuple[JobDocument, bytes]:
    """Returns a job and its file; each recipient is JSON already. JobFileError.

    Of a large one the recipients are left out of the document: whoever reads them does so from the file, apart.
    """
    skeleton = bare(head, file)
    rows = ",\n".join(recipients)
    data = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "recipients": [\n{rows}\n]}}\n'.encode()
    if len(data) <= SMALL:
        return parse(data, file), data
    return replace(skeleton, recipients=()), data


def discreet(document: JobDocument) -> None:
    """Raises JobFileError, with the field, for a job whose calls say an amount to whoever picks up, or to a machine."""
    if document.channel == "call" and (place := call_amounts.early(document.text, document.call)) is not None:
        raise JobFileError("value_invalid", "value_amount_early", file=document.file, field=place)


async def lay(
    intake: IntakeDesk, account: str, document: JobDocument, data: bytes, content: Mapping[str, Any] | None = None
) -> Taken:
    """Lays a job into the private folder, with the files that its template attaches, or `content` where its words are
    its own; durable when this returns. SpoolError; JobFileError where a file is not kept, or a call is not discreet."""
    discreet(document)
    files = await kept_files(intake.templates, account, document, content)
    for name in document.files:
        if name not in files:
            raise JobFileError("recipients_missing", "attachment_gone", file=name, field="attachments")
    return await asyncio.to_thread(posted.lay, intake.spool, account, document, data, files)


async def enter(
    intake: IntakeDesk, taken: Taken, document: JobDocument, *, origin: str, follow: Follow | None = None
) -> None:
    """Records what was laid, or takes it away again where it cannot be. GatewayError, JobFileError, SpoolError.

    `follow` is run in the transaction that shows the job, unless it is known already.
    """
    try:
        await intake.record(taken, document, origin=origin, follow=follow)
    except Exception:
        with suppress(SpoolError):
            await asyncio.to_thread(posted.drop, intake.spool, taken)
        raise
