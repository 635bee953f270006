"""A file of the spool that brings customers, invoices, payments or credit notes: `{"kind": "customers", "rows_file":
"clientes.xlsx", …}`.

Parsing is pure, as for jobs: bytes in, a frozen record out, JobFileError for anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from spool import fields
from spool.errors import JobFileError
from spool.folders import is_name
from spool.lists.encoding import canonical
from spool.strict_json import load

MARK: Final = b'"kind"'
"""What every such file has, and no job."""
CUSTOMERS: Final = "customers"
KINDS: Final = (CUSTOMERS, "invoices", "payments", "credit_notes")
KEYS: Final = frozenset(
    {
        *("kind", "name", "rows_file", "rows_sha256", "complete", "absent", "columns", "as_of"),
        *("sheet", "header_row", "hidden_rows", "encoding"),
    }
)
HIDDEN_ROWS: Final = ("send", "skip")
ABSENT: Final = ("mark", "skip")


@dataclass(frozen=True, slots=True)
class CustomersDocument:
    """One such file, checked for shape."""

    file: str
    """Its name, for errors."""
    name: str
    """By which it is known if it comes again; receipts are under it."""
    rows_file: str
    kind: str = CUSTOMERS
    rows_sha256: str | None = None
    complete: bool = False
    absent: str | None = None
    columns: Mapping[str, Any] | None = None
    as_of: datetime | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Returns bare names of the files beside it that belong to it."""
        return (self.rows_file,)

    @property
    def recipients_file(self) -> str:
        """The list among its files, as a job names it."""
        return self.rows_file

    @property
    def recipients_sha256(self) -> str | None:
        """What the list's bytes should have, as a job says it."""
        return self.rows_sha256


def parse_customers(data: bytes, file: str) -> CustomersDocument | None:
    """Returns the document; None where it is no such file, and may be a job. JobFileError."""
    if MARK not in data:
        return None
    try:
        raw = load(data)
        if not isinstance(raw, dict) or "kind" not in raw:
            return None
        return _document(raw, file)
    except JobFileError as error:
        error.file = error.file or file
        raise


def _document(raw: dict[str, Any], file: str) -> CustomersDocument:
    kind = fields.choice(raw, "kind", KINDS, None)
    # What a complete list of bills lacks, a person looks at: no file says so beforehand.
    fields.known(raw, KEYS if kind == CUSTOMERS else KEYS - {"absent"}, "")
    name = fields.string(raw, "name", None) or PurePosixPath(file).stem
    if not is_name(name):
        raise JobFileError("value_invalid", "value_name", field="name", name=name)
    rows_file = fields.file_name(raw, "rows_file")
    if rows_file is None:
        raise JobFileError("value_invalid", "value_missing", field="rows_file")
    complete = raw.get("complete", False)
    if not isinstance(complete, bool):
        raise JobFileError("value_invalid", field="complete")
    encoding = fields.string(raw, "encoding", None)
    if encoding is not None and canonical(encoding) is None:
        raise JobFileError("value_invalid", "value_encoding", field="encoding")
    hidden = None if raw.get("hidden_rows") is None else fields.choice(raw, "hidden_rows", HIDDEN_ROWS, None)
    reading = {
        "sheet": fields.string(raw, "sheet", None),
        "header_row": fields.whole(raw, "header_row", None, low=0, high=1_048_576),
        "hidden_rows": hidden,
        "encoding": encoding,
    }
    return CustomersDocument(
        file=file,
        name=name,
        rows_file=rows_file,
        kind=kind,
        rows_sha256=fields.sha256(raw, "rows_sha256"),
        complete=complete,
        absent=None if raw.get("absent") is None else fields.choice(raw, "absent", ABSENT, None),
        columns=_columns(raw),
        as_of=fields.instant(raw, "as_of"),
        reading={key: value for key, value in reading.items() if value is not None},
    )


def _columns(raw: dict[str, Any]) -> dict[str, Any] | None:
    columns = fields.table(raw, "columns", None)
    for key, value in (columns or {}).items():
        texts = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [value]
        if len(key) > 60 or len(texts) > 1_000 or not all(isinstance(one, str) and len(one) <= 1_000 for one in texts):
            raise JobFileError("value_invalid", "value_string", field=f"columns.{key}"[:80])
    return columns
