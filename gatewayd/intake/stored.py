"""What intake asks of whoever knows the stored templates."""

from __future__ import annotations

from typing import Protocol

from spool.document import JobDocument
from spool.errors import JobFileError


class Templates(Protocol):
    """Who knows the stored templates."""

    async def filled(self, account: str, document: JobDocument) -> JobDocument:
        """Returns the job with the words of the template that it names. JobFileError, NotFoundError."""


class NoTemplates:
    """Where there is no store of them."""

    async def filled(self, account: str, document: JobDocument) -> JobDocument:
        """JobFileError for a job that names one."""
        del account
        if document.template is not None:
            raise JobFileError("template_unknown", file=document.file, field="template", name=document.template)
        return document
