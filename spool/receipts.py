"""Receipt files out: immutable segments of JSON lines, and the summary that is replaced as a job goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from spool import durable
from spool.errors import SpoolConflictError, operating_system
from spool.folders import RECEIPTS, Spool

SUMMARY: Final = "summary.json"

_BESIDE: Final = 10
"""Names tried for one segment."""

_LINE_ENDS: Final = {letter: f"\\u{letter:04x}" for letter in (0x85, 0x2028, 0x2029)}


def json_line(document: Mapping[str, Any]) -> bytes:
    """Returns a document as one line of JSON; the same document is the same bytes."""
    return one_line(json.dumps(document, ensure_ascii=False, separators=(",", ":"))).encode() + b"\n"


def one_line(text: str) -> str:
    """JSON that is one line for everybody: some read U+0085, U+2028 and U+2029 (Unicode 5.8) as the end of one."""
    return text if text.isascii() else text.translate(_LINE_ENDS)


def segment_name(first_seq: int) -> str:
    return f"{first_seq:010d}.jsonl"


def write_segment(
    spool: Spool, account: str, job: str, first_seq: int, lines: Iterable[bytes], *, beside: bool = False
) -> Path:
    """Writes `receipts/<account>/<job>/<first_seq>.jsonl` for good; each of `lines` ends in a newline.

    Durable when it returns. The same segment again is fine; SpoolConflictError if something else has its name, unless
    it may be written `beside`, as `<first_seq>.2.jsonl` and so on. SpoolUnavailableError (full, broken) leaves nothing
    behind: call again with the same lines.
    """
    name, content = segment_name(first_seq), b"".join(lines)
    where = f"{RECEIPTS}/{account}/{job}/{name}"
    with operating_system(where), spool.open(RECEIPTS, account, job, create=True) as folder:
        for version in range(1, _BESIDE if beside else 2):
            candidate = name if version == 1 else f"{first_seq:010d}.{version}.jsonl"
            with suppress(FileExistsError):
                durable.publish(folder, candidate, [content])
                return spool.folder(RECEIPTS, account, job) / candidate
    raise SpoolConflictError(f"{where}: another segment is there")


def write_summary(spool: Spool, account: str, job: str, summary: Mapping[str, Any]) -> Path:
    """Replaces `receipts/<account>/<job>/summary.json` at once."""
    text = json.dumps(summary, ensure_ascii=False, indent=2) + "\n"
    where = f"{RECEIPTS}/{account}/{job}/{SUMMARY}"
    with operating_system(where), spool.open(RECEIPTS, account, job, create=True) as folder:
        durable.replace(folder, SUMMARY, [text.encode()])
    return spool.folder(RECEIPTS, account, job) / SUMMARY
