"""The do-not-contact list: looked up, added to, imported, exported; and replies that may ask for it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from gatewayd.values.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.web.panel import number_files
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.uploading import chosen
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken

HERE: Final = "/ajustes/bloqueados"
PAGE: Final = 50
AT_ONCE: Final = 1000
"""Numbers of one request to the daemon."""
TEXT_MAX: Final = 1_000_000
"""Characters of a list that is pasted: some fifty thousand numbers; files are read in the background."""
PORTION: Final = 1000
REASON_MIN: Final = 3
CHANNELS: Final = {
    "call": spoken("Calls"),
    "sms": spoken("SMS"),
    "email": spoken("Mails"),
    "push": spoken("Push"),
    "whatsapp": spoken("WhatsApp"),
}


@page(HERE, operation="blocklist.list", place=Place("ajustes", spoken("Do not contact"), 40))
async def show(visit: Visit) -> Response:
    """Shows the list, and the replies that may ask to be on it."""
    return await shown(visit)


async def shown(
    visit: Visit,
    *,
    fault: str = "",
    numbers: str = "",
    note: str = "",
    refused: Iterable[dict[str, str]] = (),
    register: Mapping[str, str] | None = None,
    register_faults: Mapping[str, str] | None = None,
) -> Response:
    """Returns the page, with what is wrong with one of its forms and what was written there."""
    search, cursor = visit.query.get("q", "").strip()[:100], visit.query.get("tras", "")
    found = await visit.ask("blocklist.list", begins=search, cursor=cursor, limit=PAGE)
    items, more = found["items"], found["next"]
    older = f"{HERE}?{urlencode({'q': search, 'tras': more})}" if more else ""
    registers = (await visit.ask("register.list"))["items"] if visit.may("register.list") else []
    doubtful = await visit.ask("blocklist.doubtful", limit=PAGE) if visit.may("blocklist.doubtful") else {"items": []}
    return visit.page(
        "blocklist.html",
        status=422 if fault or register_faults else 200,
        items=items,
        search=search,
        older=older,
        newest=HERE if cursor else "",
        doubtful=doubtful["items"],
        fault=fault,
        numbers=numbers,
        note=note,
        refused=list(refused)[:20],
        may_add=visit.may("blocklist.add"),
        may_remove=visit.may("blocklist.remove"),
        registers=registers,
        may_register=visit.may("register.import"),
        register=dict(register or {"max_age_days": "30", "channel": "call"}),
        register_faults=dict(register_faults or {}),
        channels=[("", _("all")), *((one, _(word)) for one, word in CHANNELS.items())],
    )


@page(HERE, operation="blocklist.add", method="POST")
async def add(visit: Visit) -> Response:
    """Puts numbers on the list: typed or pasted ones at once, those of a file in the background."""
    text = str(visit.form.get("numbers", ""))
    note = str(visit.form.get("note", "")).strip()[:1000]
    if len(text) > TEXT_MAX:
        return await shown(visit, fault=_("That is too long; bring it as a file."), note=note)
    numbers = list(dict.fromkeys(cells(text)))
    file = visit.form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        if numbers:
            return await shown(visit, fault=_("Write numbers or choose a file, not both."), numbers=text, note=note)
        try:
            return visit.go(await number_files.block(visit, chosen(visit, "file"), note))
        except (ConflictError, FaultsError, UsageError) as error:
            return await shown(visit, fault=str(error), note=note)
    if not numbers:
        return await shown(visit, fault=_("Write at least one number, or choose a file."), note=note)
    added, cancelled, refused = 0, 0, []
    for start in range(0, len(numbers), AT_ONCE):
        portion = numbers[start : start + AT_ONCE]
        done = await visit.ask("blocklist.add", numbers=portion, source="panel", note=note or None)
        added += done["added"]
        cancelled += done["cancelled"]
        refused += done["refused"]
    said = ngettext("{count} number is on the list now.", "{count} numbers are on the list now.", added).format(
        count=added
    )
    if cancelled:
        told = ngettext(
            "{count} message that waited was withdrawn.", "{count} messages that waited were withdrawn.", cancelled
        )
        said += " " + told.format(count=cancelled)
    if refused:
        sentence = ngettext(
            "{count} could not be read; the others are on the list.",
            "{count} could not be read; the others are on the list.",
            len(refused),
        ).format(count=len(refused))
        return await shown(visit, fault=sentence, numbers="\n".join(one["number"] for one in refused), refused=refused)
    return visit.go(HERE, said=said)


def cells(text: str) -> Iterable[str]:
    """Yields what may be numbers: the first cell of each line that is not a heading, or what commas part."""
    for line in text.splitlines():
        for cell in line.replace(";", ",").replace("\t", ",").split(","):
            plain = cell.strip().strip("'\"").strip()
            if plain and any(one.isdigit() or one == "@" for one in plain):
                yield plain[:2000]
                break


@page(f"{HERE}/quitar", operation="blocklist.remove", method="POST")
async def remove(visit: Visit) -> Response:
    """Takes a number off the list."""
    number, reason = str(visit.form.get("number", ""))[:2000], str(visit.form.get("reason", "")).strip()[:1000]
    if len(reason) < REASON_MIN:
        return await shown(visit, fault=_("Say why {number} may be contacted again.").format(number=number))
    account = str(visit.form.get("account", ""))[:64]
    arguments = {"number": number, "reason": reason, **({"account": account} if account else {})}
    try:
        await visit.remote.ask(visit.bearer, "blocklist.remove", arguments)
    except (NotFoundError, UsageError) as error:
        return visit.go(HERE, said=str(error), tone="look")
    return visit.go(HERE, said=_("{number} may be contacted again.").format(number=number))


@page(f"{HERE}/archivo", operation="blocklist.list")
async def download(visit: Visit) -> Response:
    """Gives the whole list as CSV, as it is read."""

    async def portions() -> AsyncIterator[str]:
        yield "\N{ZERO WIDTH NO-BREAK SPACE}number,since,source,note\r\n"
        cursor = None
        while True:
            found = await visit.ask("blocklist.list", cursor=cursor, limit=PORTION)
            file = io.StringIO()
            writer = csv.writer(file)
            # Without its plus a spreadsheet takes a number for what it is; a note never begins a formula.
            writer.writerows(
                (one["to"].lstrip("+"), one["at"], one["source"], _harmless(one["note"] or ""))
                for one in found["items"]
            )
            yield file.getvalue()
            cursor = found["next"]
            if cursor is None:
                return

    return StreamingResponse(
        portions(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="no-contactar.csv"'},
    )


def _harmless(text: str) -> str:
    """Returns a cell's text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
