"""A worker's answers, judged before they are believed: shapes, types, bounds, names that are no paths."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Annotated, Any, Final

from annotated_types import Ge, Le, MaxLen
from pydantic import TypeAdapter, ValidationError

from gatewayd.intake import frames
from gatewayd.intake.rendering import CHUNK, Row, Totals
from spool.document import SEGMENTS_LIMIT, JobDocument
from spool.errors import CODES, JobFileError, SpoolUnavailableError
from spool.fields import is_file_name
from spool.folders import is_name
from spool.lists.judge import ROW_LIMIT
from spool.messages import is_kind


class AnswerError(Exception):
    """What came is no answer: the worker is not itself."""


_Maybe = str | None
_Count = Annotated[int, Ge(0), Le(2**31 - 1)]
_Number = Annotated[int, Ge(1), Le(ROW_LIMIT)]
_Segments = Annotated[int, Ge(0), Le(SEGMENTS_LIMIT)]
_ROWS: Final[TypeAdapter[list[Row]]] = TypeAdapter(
    Annotated[
        list[tuple[_Number, _Maybe, _Maybe, _Maybe, str, _Segments, str, _Maybe, _Maybe, _Maybe]],
        MaxLen(CHUNK),
    ]
)
_TOTALS: Final = TypeAdapter(tuple[_Count, _Count, dict[str, _Count], dict[str, _Count]])
_PLACE = Annotated[int, Le(2**31 - 1)] | None
_REFUSED: Final = TypeAdapter(tuple[str, str, Any, _PLACE, _PLACE, Any, dict[str, Any]])
_DOCUMENT: Final = TypeAdapter(JobDocument)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def answer(kind: bytes, body: bytes) -> frames.Answer:
    """AnswerError."""
    try:
        match kind:
            case frames.ROWS:
                return _ROWS.validate_json(body, strict=True)
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
