"""Templates: saved by name and channel, every version kept, put into the archive once they were used."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, StrictInt
from pydantic_core import PydanticCustomError

from gatewayd.operations import attached
from gatewayd.operations.attached import Uploads
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend
from gatewayd.operations.template_words import faults_of, variables_of, words_of
from gatewayd.store.campaigns import files
from gatewayd.store.campaigns import templates as store
from gatewayd.store.campaigns.templates import Key, Version
from gatewayd.store.commands import Change
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import FaultsError, NotFoundError, UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _
from spool.stored import FILES

NAME_MAX: Final = 80
EXCERPT: Final = 200
"""Characters of a text in a list."""
PAGE: Final = 100

Channel = Literal["sms", "call", "email", "push", "whatsapp"]


def _name(value: str) -> str:
    name = unicodedata.normalize("NFC", value).strip()
    if not name or any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in name):
        raise PydanticCustomError("line_expected", "one line of text", {})
    return name


Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX), AfterValidator(wellformed), AfterValidator(_name)]


class OfTemplates(Operation):
    """What all requests about templates have."""

    account: str | None = None

    @property
    def owner(self) -> str:
        """The account; UsageError where none is named."""
        if self.account is None:
            raise UsageError(_("account: name it; templates belong to one"))
        return self.account


class OfTemplate(OfTemplates):
    """A request about one template."""

    acts_on: ClassVar[str | None] = "template"
    template: Name
    channel: Channel | None = None
    """Needed where several channels have a template of that name."""

    async def found(self, backend: Backend, version: int | None = None) -> Version:
        """NotFoundError; ConflictError where the channel has to be said."""
        question = partial(
            store.version_of, account=self.owner, name=self.template, version=version, channel=self.channel
        )
        return await backend.read(lambda reader: reader.ask(question))


def shape(found: Version) -> Json:
    """Returns a version as everybody is shown it, without its content."""
    return {
        "template": found.name,
        "account": found.account,
        "channel": found.channel,
        "version": found.version,
        "newest": found.newest,
        "class": found.klass,
        "variables": list(variables_of(found.channel, found.content)),
        "files": attached.shown(found.content),
        "archived": found.archived_at is not None,
        "used": found.template_used_at is not None,
        "used_at": iso(found.template_used_at),
        "approved": None if found.approved_at is None else {"at": iso(found.approved_at), "by": found.approved_by},
        "created_at": iso(found.created_at),
        "changed_at": iso(found.made_at),
        "changed_by": found.made_by,
    }


def shown(found: Version) -> Json:
    """Returns a version with its content."""
    return shape(found) | {"content": content_of(found)}


def content_of(found: Version) -> Json:
    """Returns what a version says, as a job file says it."""
    said = {key: value for key, value in found.content.items() if key != FILES}
    return said | ({} if found.klass is None else {"class": found.klass})


class ListTemplates(OfTemplates):
    """Lists the newest version of each template, by name, with the beginning of what it says."""

    name: ClassVar[str] = "template.list"
    reads_store = True
    channel: Channel | None = None
    archived: bool = False
    search: Annotated[str, Field(max_length=100)] = ""
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=store.PAGE_MAX)] = PAGE

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = Scope.of(self.owner)
        question = partial(
            store.templates,
            scope=scope,
            channel=self.channel,
            archived=self.archived,
            search=self.search.strip(),
            after=_after(self.cursor),
            limit=self.limit,
        )
        found = await backend.read(lambda reader: reader.ask(question))
        full = len(found) == min(self.limit, store.PAGE_MAX)
        items = [shape(one) | {"text": words_of(one.channel, one.content)[:EXCERPT]} for one in found]
        return {"items": items, "next": f"{found[-1].template_id}:{found[-1].name}" if full else None}


def _after(cursor: str | None) -> tuple[str, int] | None:
    if cursor is None:
        return None
    number, colon, name = cursor.partition(":")
    if not colon or not number.isascii() or not number.isdigit():
        raise UsageError(_("cursor: not one of ours"))
    return name, int(number)


class ShowTemplate(OfTemplate):
    """Shows a template: the newest version or that one, and when each of its versions was saved."""

    name: ClassVar[str] = "template.show"
    reads_store = True
    version: StrictInt | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, self.version)
        question = partial(store.versions, scope=Scope.of(self.owner), template_id=found.template_id)
        versions = await backend.read(lambda reader: reader.ask(question))
        kept = ("version", "class", "changed_at", "changed_by", "approved")
        return shown(found) | {
            "versions": [
                {key: value for key, value in shape(one).items() if key in kept} | {"used": one.used_at is not None}
                for one in versions
            ]
        }


class SaveTemplate(OfTemplates):
    """Saves what a template says, as a new version where it differs from the newest."""

    name: ClassVar[str] = "template.save"
    acts_on: ClassVar[str | None] = "template"
    template: Name
    channel: Channel
    content: dict[str, Any]
    """The keys of a job file of that channel that say what is sent, and `class`."""
    uploads: Uploads = Field(default_factory=list)
    """Files that a mail attaches from now on, each under its own name; those of the version before stay attached while
    `attachments` names them."""
    seen: Annotated[StrictInt, Field(ge=1)] | None = None
    """The version that was looked at; where somebody has saved another since, ConflictError."""
    fresh: bool = False
    """Whether there must be no template of that name yet."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        content, klass = judged(self.channel, self.content)
        made = await self._attached(backend, content)
        key = Key(self.owner, self.template, self.channel)
        new = store.NewVersion(key, made.content, klass, by.name, backend.now(), self.seen, self.fresh)

        def work(unit: Any) -> Version:
            files.keep(unit.session, self.owner, made.fresh, new.now)
            saved = store.save(unit.session, new)
            files.use(unit.session, self.owner, "template", saved.template_id, made.kept)
            return saved

        return shown(await backend.execute(Change(work, by.name)))

    async def _attached(self, backend: Backend, content: Json) -> attached.Attached:
        if self.channel != "email":
            if self.uploads:
                raise UsageError(_("uploads: only a mail attaches files"))
            return attached.Attached(content)
        before: Mapping[str, Any] = {}
        with suppress(NotFoundError):
            question = partial(store.version_of, account=self.owner, name=self.template, channel=self.channel)
            before = (await backend.read(lambda reader: reader.ask(question))).content.get(FILES, {})
        made = await attached.attached(backend, self.owner, content, self.uploads, before)
        if faults := faults_of(self.channel, made.content):
            raise FaultsError(faults)
        return made


def judged(channel: str, content: Mapping[str, Any]) -> tuple[Json, str | None]:
    """Returns a content without its class, and the class. FaultsError names each field that is wrong."""
    if FILES in content:
        raise UsageError(_("content: what it attaches comes by `uploads`"))
    if faults := faults_of(channel, content):
        raise FaultsError(faults)
    kept = {key: value for key, value in content.items() if key != "class" and value is not None}
    return kept, content.get("class")


class RenameTemplate(OfTemplate):
    """Gives a template that was not used yet another name."""

    name: ClassVar[str] = "template.rename"
    to: Name

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, now = await self.found(backend), backend.now()
        await backend.execute(Change(lambda unit: store.rename(unit.session, found, self.to, now), by.name))
        return {"template": self.to, "channel": found.channel}


class ArchiveTemplate(OfTemplate):
    """Puts a template into the archive: it is offered no more; jobs that name it are still served."""

    name: ClassVar[str] = "template.archive"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, now = await self.found(backend), backend.now()
        await backend.execute(Change(lambda unit: store.archive(unit.session, found, now), by.name))
        return {"template": found.name, "channel": found.channel, "archived": True}


class RestoreTemplate(OfTemplate):
    """Takes a template out of the archive."""

    name: ClassVar[str] = "template.restore"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend)
        await backend.execute(Change(lambda unit: store.restore(unit.session, found), by.name))
        return {"template": found.name, "channel": found.channel, "archived": False}


class RemoveTemplate(OfTemplate):
    """Removes a template that no job ever named."""

    name: ClassVar[str] = "template.remove"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend)
        await backend.execute(Change(lambda unit: store.remove(unit.session, found), by.name))
        return {"template": found.name, "channel": found.channel, "removed": True}


class ApproveTemplate(OfTemplate):
    """Lets one version be sent as `transactional`; the next version has to be approved anew."""

    name: ClassVar[str] = "template.approve"
    version: StrictInt

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, now = await self.found(backend, self.version), backend.now()
        await backend.execute(Change(lambda unit: store.approve(unit.session, found, by.name, now), by.name))
        return shape(await self.found(backend, self.version))
