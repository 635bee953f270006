"""A text in runs, so that its dear letters can be underlined where they stand; and two versions side by side. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
_WORDS_MAX: Final = 4_000
"""Above, two texts are shown one below the other: comparing them would take too long."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a text. `kind`: "" (as it is), dear, double; or same, gone, come."""

    text: str
    kind: Literal["", "dear", "double", "same", "gone", "come"] = ""


def runs(text: str, dear: Iterable[Sequence[Any]], double: Iterable[Sequence[Any]]) -> list[Run]:
    """Returns a text in runs; `dear` and `double` are from and up to."""
    marked = sorted([(one[0], one[1], "dear") for one in dear] + [(one[0], one[1], "double") for one in double])
    found: list[Run] = []
    at = 0
    for start, end, kind in marked:
        if start > at:
            found.append(Run(text[at:start]))
        found.append(Run(text[start:end], kind))  # type: ignore[arg-type] # one of the two
        at = end
    if at < len(text):
        found.append(Run(text[at:]))
    return found


def changes(before: str, after: str) -> list[Run]:
    """Returns what has gone and what has come, word by word."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) > _WORDS_MAX or len(new) > _WORDS_MAX:
        return [Run(before, "gone"), Run(after, "come")] if before != after else [Run(after, "same")]
    found: list[Run] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Run("".join(new[new_from:new_to]), "same"))
            continue
        if old_to > old_from:
            found.append(Run("".join(old[old_from:old_to]), "gone"))
        if new_to > new_from:
            found.append(Run("".join(new[new_from:new_to]), "come"))
    return found


def flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yields each text of a content with its place."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from flat(one, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from flat(one, f"{place}[{number}]")
    elif value is not None:
        yield place, str(value)


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, list[Run]]]:
    """Returns the places of two contents that differ, each with its changes."""
    old, new = dict(flat(before)), dict(flat(after))
    return [
        (place, changes(old.get(place, ""), new.get(place, "")))
        for place in dict.fromkeys([*new, *old])
        if old.get(place) != new.get(place)
    ]
