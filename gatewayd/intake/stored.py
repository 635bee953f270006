"""What intake asks of whoever knows the stored templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from spool.customers import CustomersDocument
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.stored import files_in


class Templates(Protocol):
    """Who knows the stored templates."""

    async def filled(self, account: str, document: JobDocument) -> JobDocument:
        """Returns the job with the words of the template that it names. JobFileError, NotFoundError."""

    async def files(self, account: str, wanted: Mapping[str, str]) -> Mapping[str, bytes]:
        """Returns files that are kept for an account, by name; `wanted` has their SHA-256 (hex). JobFileError where one
        is kept no longer."""


class NoTemplates:
    """Where there is no store of them."""

    async def filled(self, account: str, document: JobDocument) -> JobDocument:
        """JobFileError for a job that names one."""
        del account
        if document.template is not None:
            raise JobFileError("template_unknown", file=document.file, field="template", name=document.template)
        return document

    async def files(self, account: str, wanted: Mapping[str, str]) -> Mapping[str, bytes]:
        """JobFileError for any file."""
        del account
        for name in wanted:
            raise JobFileError("recipients_missing", "attachment_gone", file=name, field="attachments")
        return {}


async def kept_files(
    templates: Templates,
    account: str,
    document: JobDocument | CustomersDocument,
    content: Mapping[str, Any] | None = None,
) -> Mapping[str, bytes]:
    """Returns the files that come with the template of a job, or with `content` where its words are its own.
    JobFileError where one is kept no longer."""
    if content is None and isinstance(document, JobDocument) and document.stored is not None:
        content = document.stored.content
    wanted = files_in(content or {})
    return await templates.files(account, wanted) if wanted else {}
