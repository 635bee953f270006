"""Columns of a list that are called alike, where a text uses their name: none of them is guessed to be meant. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from spool.columns import doubled, told_apart
from spool.errors import JobFileError
from spool.recipients import Recipients


@dataclass(frozen=True, slots=True)
class Doubles:
    """Groups of such columns, by place."""

    file: str
    headers: Sequence[str]
    groups: tuple[tuple[int, ...], ...]
    firsts: Mapping[str, int] = field(default_factory=dict)
    """The name that tells the first of a group from the others; they have such names of their own."""

    @classmethod
    def of(cls, table: Recipients) -> Doubles:
        """Returns those of a list; recipients of the job itself have none."""
        headers = () if table.judgement is None else table.judgement.headers
        groups = doubled(headers)
        apart = told_apart(headers) if groups else ()
        return cls(table.file, headers, groups, {apart[first]: first for first, *_others in groups})

    def among(self, used: Collection[int]) -> Doubles:
        """Returns those whose name a text uses; `used` are the places that it was taken for."""
        return replace(self, groups=tuple(group for group in self.groups if group[0] in used))

    def judge(self, row: int, cells: Sequence[str]) -> None:
        """Raises JobFileError `recipients_ambiguous` where columns of a group say different things in a row."""
        for group in self.groups:
            if len({cells[place].strip() for place in group}) > 1:
                apart = told_apart(self.headers)
                raise JobFileError(
                    "recipients_ambiguous",
                    "columns_doubled",
                    file=self.file,
                    field="text",
                    name=self.headers[group[0]],
                    row=row,
                    columns=", ".join(f"%{apart[place]}%" for place in group),
                )
