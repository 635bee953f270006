"""Gives jobs that name a stored template the words of it, as they stand in the store when the job is recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from gatewayd.store.accounts import account_number
from gatewayd.store.campaigns import files
from gatewayd.store.campaigns.templates import Version, mark_used, needs_mark, version_of
from gatewayd.store.commands import Change
from gatewayd.store.port import Writer
from gatewayd.store.settings.accounts import settings
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import ConflictError, NotFoundError
from spool import stored
from spool.document import JobDocument
from spool.errors import JobFileError

R = TypeVar("R")
Ask = Callable[[Callable[[Any], R]], Awaitable[R]]

COMPANY = ("empresa", "company")
"""The variable of the account's name for people, in both languages."""


@dataclass(frozen=True, slots=True)
class StoredTemplates:
    """Implements the desk's `Templates` over the store."""

    ask: Ask[Any]
    """A question to the reader, off the loop."""
    writer: Writer

    async def filled(self, account: str, document: JobDocument) -> JobDocument:
        """Returns the job with the words of the template that it names; as it is, where it names none.

        JobFileError where there is no such template or version, or where its class needs an approval that it has not;
        NotFoundError without the account.
        """
        if document.template is None or document.stored is not None:
            return document
        found, company = await self.ask(partial(_look_up, account=account, document=document))
        if found is None:
            kind = "template_unknown" if document.template_version is None else "template_version"
            name, version = document.template, document.template_version
            raise JobFileError(
                "template_unknown", kind, file=document.file, field="template", name=name, version=version
            )
        if found.klass == "transactional" and found.approved_at is None:
            raise JobFileError("value_invalid", "template_unapproved", file=document.file, field="template")
        now = now_ms()
        if needs_mark(found, now):
            # Before the job, so that whatever names a template finds it there for good.
            await self.writer.do(Change(lambda unit: mark_used(unit.session, found, now), "intake", aside=True))
        content = dict(found.content) | ({} if found.klass is None else {"class": found.klass})
        return stored.filled(document, found.version, content, dict.fromkeys(COMPANY, company))

    async def files(self, account: str, wanted: Mapping[str, str]) -> Mapping[str, bytes]:
        """Returns files that are kept for an account, by name. JobFileError where one is kept no longer."""
        found: dict[str, bytes] = {}
        for name, sha256 in wanted.items():
            data = await self.ask(partial(files.data, account=account, sha256=sha256))
            if data is None:
                raise JobFileError("recipients_missing", "attachment_gone", file=name, field="attachments")
            found[name] = data
        return found


def _look_up(connection: Any, account: str, document: JobDocument) -> tuple[Version | None, str]:
    account_number(connection, account)
    company = settings(connection, account).document.get("company") or account
    name, version = document.template or "", document.template_version
    try:
        return version_of(connection, account, name, version, channel=document.channel), company
    except (NotFoundError, ConflictError):
        return None, company
