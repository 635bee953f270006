"""The OpenAPI 3.1 document, made from the table of endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from gatewayd.operations.rights import RIGHTS
from gatewayd.web.v1.endpoint import Endpoint, Parameter
from gatewayd.web.v1.follow_ups import links_of
from gatewayd.web.v1.forms import KEY, named, ref
from gatewayd.web.v1.problems import KINDS, MEDIA_TYPE
from gatewayd.web.v1.schemas import SCHEMAS
from gatewayd.web.words import spoken

_INTRODUCTION: Final = spoken(
    "Post jobs and single messages, ask what became of them, and look after lines and the block list."
    " Every error is an RFC 9457 problem document; every list is paged by cursor."
)
_ALWAYS: Final = (
    *("unauthenticated", "forbidden", "not-found", "refused", "invalid-request", "too-many-requests", "unavailable"),
)
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "A request that is repeated with the same key, within 72 hours, changes nothing and is answered as the first"
        " one was, with Idempotent-Replayed: true."
    ),
    "schema": named(KEY),
}


def openapi(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Returns the document."""
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "gatewayd", "version": version, "description": _INTRODUCTION},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A token of an account."}},
        },
        "security": [{"token": []}],
    }


def kinds_of(endpoint: Endpoint) -> list[str]:
    """Returns the types of problem that an endpoint may answer."""
    kinds = list(_ALWAYS)
    if endpoint.conflicts:
        kinds.append("conflict")
    if endpoint.operation == "job.post":
        kinds.append("job-refused")
    if endpoint.keyed:
        kinds += ["key-busy", "key-reused"]
    if endpoint.body is not None or endpoint.raw:
        kinds += ["too-large"]
    if endpoint.body is not None:
        kinds += ["invalid-json", "unsupported-type"]
    return kinds


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    right = RIGHTS[endpoint.operation]
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "x-scope": right.scope,
        "tags": [endpoint.tag],
        "parameters": [*map(_parameter, endpoint.parameters), *([_KEY] if endpoint.keyed else [])],
        "responses": _responses(endpoint),
    }
    if endpoint.body is not None:
        content: dict[str, Any] = {"schema": ref(endpoint.body)}
        if endpoint.examples:
            content["examples"] = {name: {"value": value} for name, value in endpoint.examples.items()}
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    elif endpoint.raw:
        found["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    return found


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path" or parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "As asked."}
    if endpoint.answer:
        good["content"] = {"application/json": {"schema": ref(endpoint.answer)}}
    if endpoint.keyed:
        good["headers"] = {"Idempotent-Replayed": {"schema": {"enum": ["true"]}, "description": "It is a repeat."}}
    if links := links_of(endpoint.name):
        good["links"] = links
    responses = {str(endpoint.status): good}
    by_status: dict[int, list[str]] = {}
    for word in kinds_of(endpoint):
        by_status.setdefault(KINDS[word].status, []).append(word)
    for status, words in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "; ".join(KINDS[word].title for word in words),
            "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
        }
    return responses
