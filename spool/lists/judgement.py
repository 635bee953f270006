"""What was found out about a list before its first row was read: for the one who sends it, and for the receipts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a list is read."""

    file: str
    format: str
    """`csv`, `xlsx`, `xls`, `ods`; `json` for recipients in the job file."""
    columns: tuple[str, ...]
    """Names of the variables, in the order of the columns."""
    headers: tuple[str, ...]
    """As they are written; empty where the list has no header."""
    to: tuple[str, ...]
    """Columns with the address: the first choice, then those for rows where it has none."""
    ref: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()
    """Sheets with rows that are no list of recipients."""
    header_row: int | None = None
    rows_above: tuple[int, ...] = ()
    """Rows above the header that are not sent."""
    hidden_rows: int = 0
    """Rows below the header that the sheet does not show."""
    hidden: str | None = None
    """What the job says of them: `send` or `skip`."""
    said: tuple[str, ...] = ()
    """Keys of the job that settled something."""

    def document(self) -> dict[str, Any]:
        """Returns it for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
