"""A worker's answers, judged before they are believed: shapes, types, bounds, names that are no paths."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import repeat
from typing import Annotated, Any, Final

from annotated_types import Ge, Le
from pydantic import TypeAdapter, ValidationError

from gatewayd.intake import frames
from gatewayd.intake.rendering import CAUSE_DIGITS, CHUNK, Totals
from gatewayd.store.commands import NewMessage
from spool.document import SEGMENTS_LIMIT, JobDocument
from spool.errors import CODES, JobFileError, SpoolUnavailableError
from spool.fields import is_file_name
from spool.folders import is_name
from spool.lists.judge import ROW_LIMIT
from spool.messages import is_kind


class AnswerError(Exception):
    """What came is no answer: the worker is not itself."""


_Count = Annotated[int, Ge(0), Le(2**31 - 1)]
_TOTALS: Final = TypeAdapter(tuple[_Count, _Count, dict[str, _Count], dict[str, _Count]])
_PLACE = Annotated[int, Le(2**31 - 1)] | None
_REFUSED: Final = TypeAdapter(tuple[str, str, Any, _PLACE, _PLACE, Any, dict[str, Any]])
_DOCUMENT: Final = TypeAdapter(JobDocument)
_MAYBE: Final[frozenset[type]] = frozenset({str, type(None)})
_TEXT: Final[frozenset[type]] = frozenset({str})
_NUMBER: Final[frozenset[type]] = frozenset({int})
_CAUSE: Final[frozenset[type]] = frozenset({int, type(None)})
_COLUMNS: Final = (_MAYBE, _MAYBE, _MAYBE, _TEXT, _NUMBER, _TEXT, _MAYBE, _MAYBE, _MAYBE, _CAUSE)
"""What may stand in each column of rows, in the order of `NewMessage` without its number."""
_row: Final[Callable[[tuple[Any, ...]], NewMessage]] = partial(tuple.__new__, NewMessage)
"""`NewMessage._make`, without a call of Python for each of a hundred thousand."""
CAUSE_MOST: Final = 10**CAUSE_DIGITS
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def answer(kind: bytes, body: bytes) -> frames.Answer:
    """AnswerError."""
    try:
        match kind:
            case frames.ROWS:
                return _rows(json.loads(body))
            case frames.DOCUMENT:
                return _document(json.loads(body))
            case frames.BEGUN:
                return frames.Begun(_hash(json.loads(body)))
            case frames.TOTALS:
                rows, segments, invalid, lost = _TOTALS.validate_json(body, strict=True)
                return Totals(rows, segments, Counter(invalid), Counter(lost))
            case frames.REFUSED:
                return _refused(json.loads(body))
            case frames.UNAVAILABLE:
                return SpoolUnavailableError(str(json.loads(body))[:1000])
    except (ValidationError, ValueError, RecursionError) as error:
        raise AnswerError(f"{kind!r}: {type(error).__name__}") from error
    raise AnswerError(f"no such kind: {kind!r}")


def _rows(content: Any) -> list[NewMessage]:
    """Returns the rows of a frame: the number of the first, how many there are, and their columns. ValueError."""
    if not isinstance(content, list) or len(content) != 2 + len(_COLUMNS):
        raise ValueError("no rows")
    first, count, *columns = content
    if not _within(first, 1, ROW_LIMIT) or not _within(count, 1, min(CHUNK, ROW_LIMIT - first + 1)):
        raise ValueError("no such rows")
    values = [_column(column, kinds, count) for column, kinds in zip(columns, _COLUMNS, strict=True)]
    return list(map(_row, zip(range(first, first + count), *values, strict=False)))


def _column(column: Any, kinds: frozenset[type], count: int) -> Iterable[Any]:
    """Returns the values of a column; one that is no list is the value of all rows."""
    values = column if isinstance(column, list) else [column]
    # By their types alone: `isinstance` takes True for a number, and asks a thousand times.
    if not kinds.issuperset(map(type, values)) or (values is column and len(values) != count):
        raise ValueError("no column")
    if kinds is _CAUSE:
        if not all(value is None or 0 <= value <= CAUSE_MOST for value in values):
            raise ValueError("no such cause")
    elif kinds is not _NUMBER:
        "".join(filter(None, values)).encode()  # half a pair, which no store takes, is a ValueError
    elif not (min(values) >= 0 and max(values) <= SEGMENTS_LIMIT):
        raise ValueError("no such number")
    return values if values is column else repeat(column)


def _within(number: Any, least: int, most: int) -> bool:
    return type(number) is int and least <= number <= most


def _document(content: Any) -> JobDocument:
    if not isinstance(content, dict):
        raise ValueError("no object")  # noqa: TRY004 - of the worker, as every other fault in what it says
    document = _DOCUMENT.validate_python({**content, "file": ""})
    if not is_name(document.job) or not all(map(is_file_name, document.files)):
        raise ValueError("no name")
    return replace(document, recipients=None if document.recipients is None else ())


def _hash(content: Any) -> str | None:
    if content is None or (isinstance(content, str) and _HASH.fullmatch(content)):
        return content
    raise ValueError("no hash")


def _refused(content: Any) -> JobFileError:
    code, kind, file, line, column, field, values = _REFUSED.validate_python(content)
    if code not in CODES or not is_kind(kind):
        raise ValueError("no such code")
    places = {"file": None if file is None else str(file), "field": None if field is None else str(field)}
    free = {str(name): value for name, value in values.items() if name not in {"code", "kind", "line", "column"}}
    return JobFileError(code, kind, line=line, column=column, **(free | places))
