"""Templates tried out: sent to a person's own address or to the account's test group, and heard before anybody is."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field, SecretStr

from drivers.base import LineError
from gatewayd.operations.base import Json, live_of
from gatewayd.operations.limits import price_of
from gatewayd.operations.masssend import permit
from gatewayd.operations.ports import Backend
from gatewayd.operations.template_preview import OfRow
from gatewayd.operations.template_row import Country, Variable, variables_in
from gatewayd.operations.template_words import faults_of
from gatewayd.operations.templates import OfTemplates
from gatewayd.store.campaigns.files import data as kept_data
from gatewayd.store.campaigns.templates import version_of
from gatewayd.store.settings import accounts as settings
from gatewayd.values.actor import Actor
from gatewayd.values.callscript import filled, templates
from gatewayd.values.errors import FaultsError, NotFoundError, UsageError
from gatewayd.values.templates import Variables
from gatewayd.words.translation import gettext as _
from spool import stored
from spool.document import JobDocument
from spool.names import variable_name
from spool.stored import FILES, files_in

GROUP_MAX: Final = 20
CHUNK: Final = 512 << 10
_ADDRESS: Final = {"sms": "phone", "call": "phone", "whatsapp": "phone", "email": "mail", "push": "push"}
"""By channel, the key of a person of the test group that has the address."""


async def _judged(asked: OfRow, backend: Backend) -> tuple[JobDocument, Json, list[Variable]]:
    """Returns the words, judged, and the values of the row. FaultsError."""
    channel, content = await asked.words(backend)
    if faults := faults_of(channel, content):
        raise FaultsError(faults)
    document = stored.judged(channel, content)
    known, _person, context = await asked.row(backend, channel)
    country = Country(context.today, context.region, backend.config.tariff.currency)
    return document, content, variables_in(document, known, country)


class TestTemplate(OfRow):
    """Sends the words to an address, or to everybody of the account's test group, by the way of every job."""

    name: ClassVar[str] = "template.test"
    acts_on: ClassVar[str | None] = "template"
    to: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    group: bool = False
    """Whether it goes to the account's test group."""
    lines: Annotated[list[str], Field(max_length=50)] = Field(default_factory=list)
    password: Annotated[SecretStr, Field(max_length=1000)] | None = None
    """The account's for sends to many, where a person sends to more than one."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        document, content, variables = await _judged(self, backend)
        to = await self._addresses(backend, document.channel)
        if by.kind == "person":
            price = len(to) * price_of(backend, document.channel)
            await permit(backend, by, self.owner, to, self.password, price=price)
        job: Json = {
            # The clock alone tells tests apart.
            "job": f"prueba-{document.channel}-{backend.now()}",
            "channel": document.channel,
            "priority": "urgent",
            "values": {variable_name(one.written): one.value for one in variables if one.value},
            "recipients": [{"to": address} for address in to],
        }
        if self.lines:
            job["lines"] = self.lines
        if self.content is None and self.template is not None and document.email is None:
            job |= {"template": self.template}
            job |= {} if self.version is None else {"template_version": self.version}
        else:
            job |= {key: value for key, value in content.items() if key not in {"attachments", "class", FILES}}
        files = await self._files(backend, content)
        if files:
            job["attachments"] = list(files)
        name = await live.submit(self.owner, job, files)
        return {"job": f"{self.owner}/{name}", "messages": len(to), "to": to}

    async def _files(self, backend: Backend, content: Json) -> dict[str, bytes]:
        """Returns the files that the words attach; what comes with each job of upstream is not here."""
        found: dict[str, bytes] = {}
        if self.content is not None and self.template is not None and content.get("attachments"):
            # What is being written, with the files of what was saved last.
            with suppress(NotFoundError):
                version = partial(version_of, account=self.owner, name=self.template, channel=self.channel)
                saved = await backend.read(methodcaller("ask", version))
                content = {**content, FILES: saved.content.get(FILES, {})}
        for name, sha256 in files_in(content).items():
            question = partial(kept_data, account=self.owner, sha256=sha256)
            data = await backend.read(methodcaller("ask", question))
            if data is not None:
                found[name] = data
        return found

    async def _addresses(self, backend: Backend, channel: str) -> list[str]:
        if self.group == (self.to is not None):
            raise UsageError(_("to: give an address, or the test group"))
        if self.to is not None:
            return [self.to]
        found = await backend.read(lambda reader: reader.ask(partial(settings.settings, account=self.owner)))
        people: list[Mapping[str, str]] = found.document.get("test_group") or []
        to = [person[_ADDRESS[channel]] for person in people if person.get(_ADDRESS[channel])]
        if not to:
            raise UsageError(_("group: nobody of the test group has an address for this channel"))
        return list(dict.fromkeys(to))


class PromptTemplate(OfRow):
    """Speaks what a call would say to this row, by a line's own voice; nobody is called."""

    name: ClassVar[str] = "template.prompt"
    line: Annotated[str, Field(max_length=64)] | None = None
    """None: the first line of telephone calls that can."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        document, _content, variables = await _judged(self, backend)
        if document.channel != "call":
            raise UsageError(_("channel: only a call is spoken"))
        lines = [one.name for one in live.lines() if "call" in one.channel and self.line in {None, one.name}]
        if not lines:
            return {"prompts": [], "line": None, "reason": _("there is no line of telephone calls")}
        argument = json.dumps(_spoken(document, variables), ensure_ascii=False)
        trouble = ""
        for line in lines:
            try:
                answer = await live.command(line, "prompts", argument)
            except LineError as error:
                trouble = _(str(error))
                continue
            prompts = [{**one, "sound": f"{line}:{one['file']}"} for one in answer["prompts"]]
            for one in prompts:
                del one["file"]
            return {"prompts": prompts, "line": line, "reason": None}
        return {"prompts": [], "line": None, "reason": trouble}


def _spoken(document: JobDocument, variables: list[Variable]) -> Json:
    """Returns what the call says with this row's words."""
    names = [variable_name(one.written) for one in variables]
    cells = [one.value or one.written for one in variables]
    bound = Variables(names, {})

    def words(text: str) -> str:
        return bound.bind(text)(cells) or text

    script = (document.call or {}).get("script")
    if script is None:
        return {"script": None, "text": words(document.text or "")}
    return {"script": filled(script, {place: words(text) for place, text in templates(script).items()}), "text": ""}


class SoundOfTemplate(OfTemplates):
    """Answers a stretch of a prompt (WAV) in base64; an empty one at its end."""

    name: ClassVar[str] = "template.sound"
    sound: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}:[0-9a-f]{40}$")]
    """As `template.prompt` named it: nobody can guess it who has not been told."""
    offset: Annotated[int, Field(ge=0, lt=1 << 40)] = 0

    async def perform(self, backend: Backend, by: Actor) -> Json:
        line, _colon, name = self.sound.partition(":")
        path = live_of(backend).file(line, name)
        if path is None:
            raise NotFoundError(_("this prompt is no longer kept; have it spoken once more"))
        return {"data": base64.b64encode(_stretch(path, self.offset)).decode(), "chunk": CHUNK}


def _stretch(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(CHUNK)
