"""One job from its private copies to rendered rows: what the worker and the daemon itself do the same way. Blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from gatewayd.intake.rendering import CHUNK, Most, Rendering, RenderPlan, Row, Totals
from gatewayd.numbers import NumberError, Numbers, Policy
from spool.document import JobDocument, parse
from spool.errors import operating_system
from spool.recipients import Recipients, open_recipients
from spool.stored import filled


@dataclass(frozen=True, slots=True)
class Template:
    """What a job needs of a stored template, as it goes to the worker."""

    version: int
    content: Mapping[str, Any]
    values: Mapping[str, str]
    """All of the job: the account's and its own."""

    @classmethod
    def of(cls, document: JobDocument) -> Template | None:
        """Returns the template of a job whose words were looked up; None for any other."""
        stored = document.stored
        return None if stored is None else cls(stored.version, stored.content, document.values)


@dataclass(frozen=True, slots=True)
class Source:
    """A job's private copies and how its rows are read."""

    folder: str
    job: str
    """Name of the job file in `folder`."""
    policy: Policy
    prefixes: tuple[str, ...] = ()
    """Every prefix that some line has."""
    hashes: Mapping[str, str] | None = None
    """SHA-256 (hex) of the files that the job names; None where nobody asks for the content's hash."""
    template: Template | None = None
    """What the stored template says that the job names; None: it names none."""
    own: bool = False
    """Whether the daemon itself brings the job."""
    most: Most = field(default_factory=dict)
    """How many parts its lines take."""


def read_document(folder: str, job: str) -> JobDocument:
    """JobFileError: it is no job."""
    path = Path(folder, job)
    with operating_system(str(path)):
        data = path.read_bytes()
    return parse(data, job)


def open_table(document: JobDocument, folder: Path, numbers: Numbers) -> Recipients:
    """Returns the recipients of a job whose files lie in `folder`. JobFileError."""
    return open_recipients(document, folder, partial(_is_mobile, numbers))


def _is_mobile(numbers: Numbers, cell: str) -> bool:
    try:
        numbers.parse(cell)
    except NumberError:
        return False
    return True


class Loading:
    """A job whose table is open and whose variables are all known. A context manager; iterate over `chunks` once."""

    def __init__(self, document: JobDocument, source: Source, numbers: Numbers) -> None:
        """`numbers` reads by the source's policy.

        JobFileError: the job or its recipients cannot be used, told before the first row.
        """
        self.content_hash = None if source.hashes is None else document.content_hash(source.hashes)
        template = source.template
        if template is not None and document.stored is None:
            document = filled(document, template.version, template.content, template.values)
        plan = RenderPlan.of(document, source.policy, source.prefixes, own=source.own, most=source.most)
        with ExitStack() as stack:
            table = stack.enter_context(open_table(document, Path(source.folder), numbers))
            self._rendering = Rendering(plan, table, numbers)
            self._stack = stack.pop_all()

    def __enter__(self) -> Loading:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    @property
    def totals(self) -> Totals:
        """Of the rows that `chunks` has given so far."""
        return self._rendering.totals

    def chunks(self, size: int = CHUNK) -> Iterator[list[Row]]:
        """JobFileError when the recipients turn out unusable in the middle."""
        return self._rendering.chunks(size)
