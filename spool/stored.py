"""What stored templates say: the keys of a job file that are words, judged by the code that judges job files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from spool import fields
from spool.document import JobDocument, Stored, document_of
from spool.errors import JobFileError
from spool.strict_json import load

_ALWAYS: Final = ("text", "encoding", "max_segments", "class")
KEYS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "sms": _ALWAYS,
    "email": ("subject", "html", "cc", "attachments", "area", *_ALWAYS),
    "call": ("call", *_ALWAYS),
    "push": ("push", *_ALWAYS),
    "whatsapp": ("whatsapp", *_ALWAYS),
}
"""By channel, the keys that a template may say."""

FILES: Final = "files"
"""Key of a content beside those of a job file: what is known of the files that are kept with it, by name."""
_APART: Final = frozenset({"class", FILES})
_FILLED: Final = ("text", "call", "email", "push", "whatsapp")
_ASKED: Final = ("encoding", "max_segments")
"""Said by the template where the job says nothing else than what holds anyway."""
_FILE: Final = "template"
_BLANK: Final = JobDocument(_FILE, _FILE, "sms")


def judged(channel: str, content: Mapping[str, Any]) -> JobDocument:
    """Returns what a template says as a job that has no recipients yet. JobFileError names the field."""
    raw = load(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
    fields.known(raw, (*KEYS_OF.get(channel, _ALWAYS), *((FILES,) if channel == "email" else ())), "")
    raw = {key: value for key, value in raw.items() if key not in _APART}
    return document_of({**raw, "channel": channel, "job": _FILE, "recipients": [{"to": "-"}]}, _FILE)


def files_in(content: Mapping[str, Any]) -> dict[str, str]:
    """Returns the files that are kept with a content: SHA-256 (hex) by name; of those alone that it attaches."""
    kept = content.get(FILES) or {}
    return {name: kept[name]["sha256"] for name in content.get("attachments") or () if name in kept}


def filled(
    document: JobDocument, version: int, content: Mapping[str, Any], values: Mapping[str, str] = MappingProxyType({})
) -> JobDocument:
    """Returns a job that names a template with what that version says. `values` are the account's, below the job's own.
    JobFileError where the template says what no job may (any more)."""
    assert document.template is not None
    try:
        words = judged(document.channel, content)
    except JobFileError as error:
        error.file = document.file
        raise
    asked = {key: getattr(words, key) for key in _ASKED if getattr(document, key) == getattr(_BLANK, key)}
    given = {key: getattr(words, key) for key in _FILLED} | asked
    given["values"] = {**values, **document.values}
    given["klass"] = document.klass or content.get("class")
    said = {key: getattr(document, key) for key in given}
    return replace(document, **given, stored=Stored(document.template, version, content, said))
