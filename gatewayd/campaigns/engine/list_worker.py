"""The process that reads a list of people from an uploaded file, as a job's list is read.

`python -m gatewayd.campaigns.engine.list_worker PARENT MEMORY`. One request (JSON) on its standard input; on its
output one JSON document a line: `{"judgement": …, "columns": […]}`, then `{"rows": [[row, to, ref, cells]…], "refused":
{reason: rows}}`, at the end `{"end": rows}` or `{"error": sentence}`. It writes no faster than it is read.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from gatewayd.intake.rendering import Rendering, RenderPlan
from gatewayd.numbers import NumberError, Numbers, Policy
from gatewayd.workers.documents import begin
from spool.columns import told_apart
from spool.document import parse
from spool.errors import JobFileError, SpoolError
from spool.fields import TEXT_LIMIT
from spool.recipients import open_list

REQUEST_MAX: Final = 1 << 20
CHUNK: Final = 500
CHUNK_CHARACTERS: Final = 1 << 20
OWN: Final = frozenset({"to", "ref"})
"""Names that a job's recipients have beside their columns."""


def main() -> int:
    """`list_worker PARENT MEMORY`: the parent's pid, octets of address space."""
    request, tell = begin(REQUEST_MAX)
    try:
        _read(request, tell)
    except JobFileError as error:
        tell({"error": error.text(request["language"]), "code": error.code})
    except (SpoolError, OSError) as error:
        tell({"error": str(error), "code": "unavailable"})
    except MemoryError:
        tell({"error": "out of memory", "code": "too_large"})
    return 0


def _read(request: dict[str, Any], tell: Any) -> None:
    channel = request["channel"]
    numbers = Numbers(Policy(*request["policy"]))

    def mobile(cell: str) -> bool:
        try:
            numbers.parse(cell)
        except NumberError:
            return False
        return True

    name = request["name"]
    head = {**request["instructions"], **_nothing(channel), "channel": channel, "recipients_file": name}
    said = parse(json.dumps(head, ensure_ascii=False).encode(), "list.json")
    with open_list(Path(request["path"]), name, channel=channel, said=said.reading, mobile=mobile) as table:
        judgement = table.judgement
        # What a text will use of it nobody knows yet: of columns that are called alike none has the plain name.
        names = table.columns if judgement is None else told_apart(judgement.headers) or table.columns
        tell(
            {
                "judgement": None if judgement is None else judgement.document(),
                "columns": [column for column in names if column not in OWN],
            }
        )
        plan = RenderPlan(name, channel, "-", {}, "auto", numbers.policy)
        rendering = Rendering(plan, table, numbers)
        refused: Counter[str] = Counter()
        rows: list[list[Any]] = []
        last = weight = 0
        for last, cells in enumerate(table.rows, 1):
            found = rendering.one(cells)
            if found[7] is not None:
                refused[found[7]] += 1
                continue
            if max(map(len, cells), default=0) > TEXT_LIMIT:
                refused["too_long"] += 1
                continue
            own = {column: cell for column, cell in zip(names, cells, strict=False) if column not in OWN}
            kept = json.dumps(own, ensure_ascii=False)
            rows.append([last, found[2], found[1], kept])
            weight += len(kept)
            if len(rows) == CHUNK or weight > CHUNK_CHARACTERS:
                tell({"rows": rows, "refused": refused})
                rows, weight = [], 0
        if rows or refused:
            tell({"rows": rows, "refused": refused})
        tell({"end": last})


def _nothing(channel: str) -> dict[str, Any]:
    """Returns what a job of a channel has to say, so that the keys of its list can be read."""
    if channel == "email":
        return {"subject": "-", "text": "-"}
    return {"text": "-"}


if __name__ == "__main__":
    sys.exit(main())
