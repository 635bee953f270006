"""Templates: what jobs and campaigns say, by name and channel."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.forms import CHANNELS, Schema, text
from gatewayd.web.v1.house import performed
from gatewayd.web.words import spoken

TEMPLATE: Final = Parameter("template", text(80, least=1), spoken("The template's name."), "path")
CHANNEL: Final = Parameter("channel", {"enum": CHANNELS}, spoken("Its channel."), "path")
_OF_CHANNEL: Final = Parameter("channel", {"enum": CHANNELS}, spoken("Of this channel alone."))
_ARCHIVED: Final[Schema] = {"enum": ["0", "1"], "default": "0"}
_AFTER: Final = Parameter("cursor", text(200), spoken("The `next` of the page before."))
_VERSION: Final = Parameter(
    "version",
    {"type": "integer", "minimum": 1, "maximum": 1_000_000},
    spoken("That version; else the newest."),
)
_ROOT: Final = "/v1/templates"
_ONE: Final = f"{_ROOT}/{{channel}}/{{template}}"


async def find(call: Call) -> Response:
    query = dict(call.query)
    query["archived"] = query.pop("archived", "0") == "1"
    return answer(await call.ask("template.list", **query))


def _which(call: Call) -> dict[str, str | None]:
    return {"account": call.account, "template": call.path["template"], "channel": call.path["channel"]}


async def show(call: Call) -> Response:
    return answer(await call.ask("template.show", **_which(call), version=call.query.get("version")))


async def save(call: Call) -> Response:
    return answer(await call.ask("template.save", **_which(call), **call.body))


async def remove(call: Call) -> Response:
    await call.ask("template.remove", **_which(call))
    return Response(status_code=204)


async def archive(call: Call) -> Response:
    return answer(await call.ask("template.archive", **_which(call)))


async def restore(call: Call) -> Response:
    return answer(await call.ask("template.restore", **_which(call)))


async def preview(call: Call) -> Response:
    return answer(await call.ask("template.preview", account=call.account, **call.body))


async def cost(call: Call) -> Response:
    return answer(await call.ask("template.cost", account=call.account, **call.body))


async def test(call: Call) -> Response:
    return answer(await call.ask("template.test", **_which(call), **call.body), 202)


ENDPOINTS: Final = (
    Endpoint(
        *("GET", _ROOT, "listTemplates", "template.list", spoken("List templates"), "Templates", find),
        tag=spoken("Templates"),
        parameters=(
            ACCOUNT,
            _OF_CHANNEL,
            Parameter("archived", _ARCHIVED, spoken("1: those in the archive.")),
            Parameter("search", text(100), spoken("Whose name or text has these words.")),
            _AFTER,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", f"{_ROOT}/preview", "previewTemplate", "template.preview", spoken("Preview a template")),
        *("TemplatePreview", preview),
        description=spoken("What one person would get, what it costs, and which letters make it dear."),
        tag=spoken("Templates"),
        body="NewTemplatePreview",
        parameters=(ACCOUNT,),
        body_max=8 << 20,
        examples={"text": {"channel": "sms", "content": {"text": "Hola %nombre%"}, "values": {"nombre": "Ana"}}},
    ),
    Endpoint(
        *("POST", f"{_ROOT}/cost", "costOfTemplate", "template.cost", spoken("Cost of a template for customers")),
        *("TemplateCost", cost),
        description=spoken("Sum, median and worst of the segments for everybody whom a filter reaches. For SMS."),
        tag=spoken("Templates"),
        body="NewTemplateCost",
        parameters=(ACCOUNT,),
        examples={"text": {"channel": "sms", "content": {"text": "Hola %nombre%"}}},
    ),
    Endpoint(
        *("GET", _ONE, "showTemplate", "template.show", spoken("Show a template"), "Template", show),
        tag=spoken("Templates"),
        parameters=(CHANNEL, TEMPLATE, ACCOUNT, _VERSION),
    ),
    Endpoint(
        *("PUT", _ONE, "saveTemplate", "template.save", spoken("Save a template"), "Template", save),
        description=spoken("Makes a new version where it differs from the newest; `seen` is the version looked at."),
        tag=spoken("Templates"),
        body="NewTemplate",
        parameters=(CHANNEL, TEMPLATE, ACCOUNT),
        conflicts=True,
        body_max=8 << 20,
    ),
    Endpoint(
        *("DELETE", _ONE, "removeTemplate", "template.remove", spoken("Remove a template"), "", remove),
        description=spoken("One that no job ever named; others are archived."),
        tag=spoken("Templates"),
        status=204,
        parameters=(CHANNEL, TEMPLATE, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", f"{_ONE}/rename", "renameTemplate", "template.rename", spoken("Give a template another name")),
        *("RenamedTemplate", performed("template.rename", name="to")),
        description=spoken("One that was not used yet."),
        tag=spoken("Templates"),
        body="TemplateName",
        parameters=(CHANNEL, TEMPLATE, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("GET", "/v1/template-defaults", "listTemplateDefaults", "template.defaults"),
        *(spoken("List templates to begin with"), "TemplateDefaults", performed("template.defaults")),
        description=spoken("What they say is nobody's until it is saved."),
        tag=spoken("Templates"),
        parameters=(
            Parameter("channel", {"enum": CHANNELS}, spoken("Only this channel.")),
            Parameter("language", {"enum": ["es", "en"]}, spoken("Only this language.")),
        ),
    ),
    Endpoint(
        *("POST", f"{_ONE}/archive", "archiveTemplate", "template.archive", spoken("Archive a template")),
        *("TemplateState", archive),
        tag=spoken("Templates"),
        parameters=(CHANNEL, TEMPLATE, ACCOUNT),
    ),
    Endpoint(
        *("POST", f"{_ONE}/restore", "restoreTemplate", "template.restore", spoken("Restore a template")),
        *("TemplateState", restore),
        tag=spoken("Templates"),
        parameters=(CHANNEL, TEMPLATE, ACCOUNT),
    ),
    Endpoint(
        *("POST", f"{_ONE}/test", "testTemplate", "template.test", spoken("Send a test of a template")),
        *("TemplateTest", test),
        tag=spoken("Templates"),
        status=202,
        body="NewTemplateTest",
        parameters=(CHANNEL, TEMPLATE, ACCOUNT),
    ),
)
