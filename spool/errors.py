"""One tree of errors, split by what the caller does next: refuse the file, try again, forget it, ask a person."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from spool.messages import text

CODES: Final = frozenset(
    {
        "json_invalid",
        "key_unknown",
        "value_invalid",
        "variable_unknown",
        "template_unknown",
        "recipients_missing",
        "recipients_mismatch",
        "recipients_unreadable",
        "recipients_ambiguous",
        "no_valid_recipient",
        "too_large",
        "job_conflict",
    }
)
"""Every `code` an error file may hold."""

_FIELD_LIMIT: Final = 300


class SpoolError(Exception):
    """Root: anything the file boundary raises on purpose."""


class SpoolUnavailableError(SpoolError):
    """It may work later and nothing was lost: try again. The operating system's error is the `__cause__`."""


class SpoolFullError(SpoolUnavailableError):
    """No space (or quota) left; goes on by itself once there is some."""


class SpoolUnreadableError(SpoolUnavailableError):
    """The medium failed (EIO and its kin)."""


class SpoolLockedError(SpoolUnavailableError):
    """Another daemon holds this spool."""


class SpoolUnsettledError(SpoolUnavailableError):
    """`file` changed while it was being copied: somebody still writes it. Take it once it is quiet."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file


class SpoolGoneError(SpoolError):
    """The file is not there any more: its writer withdrew it, or it has been taken already. Forget it."""


class SpoolConflictError(SpoolError):
    """Another file of that name, with other bytes, is there already. A person or the store has to decide."""


class SpoolMisconfiguredError(SpoolError):
    """The folders cannot work as they are; a person has to correct them. The text names path and remedy."""


class JobFileError(SpoolError):
    """The job cannot be recorded as it came: refuse it.

    `code` is one of `CODES`; `kind` picks the sentence from the catalogue (default: the code) and `values` fill it.
    `file` is the file at fault (the job file, or a file it names), `line` and `column` count from 1, `field` is a path
    such as `recipients[3].to` or a column's name.
    """

    def __init__(
        self,
        code: str,
        kind: str | None = None,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        field: str | None = None,
        **values: object,
    ) -> None:
        if code not in CODES:
            raise ValueError(f"no such code: {code}")
        super().__init__(code, kind)
        self.code = code
        self.kind = kind or code
        self.file = file
        self.line = line
        self.column = column
        # A field's path is made of the file's own keys, which may be of any length.
        self.field = field if field is None or len(field) <= _FIELD_LIMIT else field[:_FIELD_LIMIT] + "…"
        self.values = {name: str(value)[:_FIELD_LIMIT] for name, value in values.items()}

    def text(self, locale: str = "es") -> str:
        """Returns the sentence for a person."""
        return text(self.kind, locale, {"file": self.file or "", "field": self.field or "", **self.values})

    @property
    def message(self) -> str:
        return self.text()

    def __str__(self) -> str:
        return self.text()

    def document(self, locale: str = "es") -> dict[str, Any]:
        """Returns what `<file>.error.json` holds."""
        return {
            "code": self.code,
            "message": self.text(locale),
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "field": self.field,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with `args` alone; errors travel from a worker process.
        return _restored, (self.code, self.kind, vars(self))


def _restored(code: str, kind: str, state: dict[str, Any]) -> JobFileError:
    error = JobFileError(code, kind)
    vars(error).update(state)
    return error


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_BROKEN: Final = frozenset({errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO})


@contextmanager
def operating_system(what: str) -> Iterator[None]:
    """Turns the OSErrors of its block into errors of this tree; `what` says what was being done."""
    try:
        yield
    except OSError as error:
        reason = f"{what}: {error.strerror or error}"
        if error.errno in _FULL:
            raise SpoolFullError(reason) from error
        if error.errno in _BROKEN:
            raise SpoolUnreadableError(reason) from error
        raise SpoolUnavailableError(reason) from error
