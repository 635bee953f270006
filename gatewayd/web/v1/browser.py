"""The documentation as pages: made here from the OpenAPI document, with no script and nothing from elsewhere."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatewayd.web.security import HEADERS
from gatewayd.web.v1.door import wanted
from gatewayd.web.v1.problems import KINDS, PATH
from gatewayd.web.words import gettext as _
from gatewayd.words.translation import language, speaking

FOLDER: Final = Path(__file__).parent / "templates"
HTML: Final = "text/html; charset=utf-8"


def routes(document: Mapping[str, Any]) -> list[Route]:
    """Returns the routes of the pages."""
    style = (FOLDER / "docs.css").read_bytes()
    tag = hashlib.sha256(style).hexdigest()[:12]

    async def read(request: Request) -> Response:
        with speaking(wanted(request)):
            return _page("docs.html", api=document, groups=_groups(document), style=tag)

    async def problems(request: Request) -> Response:
        with speaking(wanted(request)):
            return _page("problems.html", kinds=KINDS, style=tag)

    async def problem(request: Request) -> Response:
        word = request.path_params["word"]
        with speaking(wanted(request)):
            kinds = {word: KINDS[word]} if word in KINDS else {}
            return _page("problems.html", 200 if kinds else 404, kinds=kinds, style=tag)

    async def styled(_request: Request) -> Response:
        headers = {**HEADERS, "Cache-Control": "max-age=31536000, immutable"}
        return Response(style, headers=headers, media_type="text/css; charset=utf-8")

    return [
        Route("/v1/docs", read),
        Route("/v1/docs.css", styled),
        Route(PATH, problems),
        Route(PATH + "/{word}", problem),
    ]


def _page(name: str, status: int = 200, **values: Any) -> Response:
    template = _environment().get_template(name)
    page = template.render(_=_, language=language(), json=_json, problems=PATH, **values)
    return Response(page, status, HEADERS, HTML)


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _groups(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Returns the operations by their tags, each with what its entry shows."""
    schemas = document["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            plain = content.get("application/json", {})
            good = next(code for code in operation["responses"] if code < "300")
            answer = operation["responses"][good].get("content", {}).get("application/json", {})
            groups.setdefault(operation["tags"][0], []).append(
                {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "summary": operation["summary"],
                    "text": operation["description"],
                    "scope": operation["x-scope"],
                    "parameters": [_told(one["name"], one["schema"], one) for one in operation["parameters"]],
                    "body": _fields(plain.get("schema"), schemas),
                    "file": "application/octet-stream" in content,
                    "examples": {name: one["value"] for name, one in plain.get("examples", {}).items()},
                    "status": good,
                    "answer": _fields(answer.get("schema"), schemas),
                    "problems": {
                        code: one["description"] for code, one in operation["responses"].items() if code > "399"
                    },
                }
            )
    return groups


def _fields(schema: Mapping[str, Any] | None, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the keys of an object's schema, those of a list's entries behind it."""
    if schema is None:
        return []
    if "$ref" in schema:
        return _fields(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    needed = schema.get("required", ())
    found = []
    for name, one in schema.get("properties", {}).items():
        found.append(_told(name, one, {"required": name in needed}))
        inner = one.get("items", {})
        if "$ref" in inner or "properties" in inner:
            found += [{**each, "name": f"{name}[].{each['name']}"} for each in _fields(inner, schemas)]
    return found


def _told(name: str, schema: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    kind = schema.get("type", "")
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "≤"), ("maxItems", "≤"))
        if key in schema
    ]
    return {
        "name": name,
        "where": more.get("in", ""),
        "required": bool(more.get("required")),
        "kind": " | ".join(kind) if isinstance(kind, list) else kind,
        "words": [str(one) for one in schema.get("enum", ())],
        "bounds": ", ".join(bounds),
        "description": more.get("description") or schema.get("description", ""),
    }
