"""Uploads of programs: begun, filled portion by portion, ended. A job that is posted names them by their ids."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, ClassVar

from pydantic import Field

from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.ports import Backend
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.words.translation import gettext as _
from spool.uploads import SIZE_MAX, UploadError

Number = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what is wrong with an upload into words."""
    try:
        yield
    except UploadError as error:
        match error.kind:
            case "missing":
                raise NotFoundError(_("no such upload; they are kept for a day")) from error
            case "too_large":
                limit = SIZE_MAX >> 20
                raise UsageError(_("an upload has at most {limit} MiB").format(limit=limit)) from error
            case "too_many":
                raise ConflictError(_("too many uploads are kept; use them, or wait a day")) from error
            case "type":
                raise ConflictError(
                    _("not a file that jobs use: lists as text, XLSX, XLS or ODS; PDF, PNG, JPEG, GIF to attach")
                ) from error
            case _:
                raise ConflictError(_("this portion does not follow the last one")) from error


class _OfAccount(Operation):
    account: str | None = None

    @property
    def owner(self) -> str:
        if self.account is None:
            raise UsageError(_("account: name it; this token is not bound to one"))
        return self.account


class BeginUpload(_OfAccount):
    name: ClassVar[str] = "upload.begin"
    file: Annotated[str, Field(min_length=1, max_length=200)]
    """Bare name of the file."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        owner = self.owner
        await backend.read(lambda reader: reader.account(owner))
        with refusals():
            return {"id": await live_of(backend).uploads.begin(owner, self.file)}


class AddUpload(_OfAccount):
    name: ClassVar[str] = "upload.add"
    upload: Number
    at: Annotated[int, Field(ge=0)]
    data: str
    """In base64."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        try:
            data = base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError):
            raise UsageError("data: not base64") from None
        with refusals():
            return {"at": await live_of(backend).uploads.add(self.owner, self.upload, self.at, data)}


class EndUpload(_OfAccount):
    name: ClassVar[str] = "upload.end"
    upload: Number

    async def perform(self, backend: Backend, by: Actor) -> Json:
        with refusals():
            kept = await live_of(backend).uploads.end(self.owner, self.upload)
        return {
            "id": kept.id,
            "name": kept.name,
            "kind": kept.kind,
            "size": kept.size,
            "sha256": kept.sha256,
            "expires_at": iso(int(kept.expires_at * 1000)),
        }


class RemoveUpload(_OfAccount):
    name: ClassVar[str] = "upload.remove"
    upload: Number

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await live_of(backend).uploads.remove(self.owner, self.upload)
        return {}
