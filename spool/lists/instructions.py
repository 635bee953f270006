"""How a job says that its list is to be read, where the list does not say so itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

HiddenRows = Literal["send", "skip"]


@dataclass(frozen=True, slots=True)
class Instructions:
    """The job's keys `columns`, `sheet`, `header_row`, `hidden_rows` and `recipients_encoding`."""

    to: tuple[str, ...] = ()
    """Headers of the columns with the address, the first choice first."""
    ref: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    """The row that has the header, as the file counts them; 0: none has."""
    hidden_rows: HiddenRows | None = None
    encoding: str | None = None

    def __bool__(self) -> bool:
        return self != AS_IT_SAYS


AS_IT_SAYS: Final = Instructions()
"""The job says nothing: the list has to say it all."""
