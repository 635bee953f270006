"""What Schemathesis must know of our API that no schema can say.

- A key that stands for another request is 422 by design; each generated request is another one, so that each gets a key
  of its own.
- Random ids are nobody's: half of the requests that fit the schema mean something that there is (`KNOWN`), so that what
  lies behind "not found" is tried as well.
- A program that revokes its own token is refused from then on: that token alone is never meant.
- Random bodies make hardly anything, so that nothing could follow: half of those that fit are an example of the
  document's (or one of `BODIES`) under a name of its own.
"""

from __future__ import annotations

import copy
import os
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import schemathesis
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase

from gatewayd.web.v1.table import ENDPOINTS

KNOWN: Final = {
    "customer": "C1",
    "invoice": "F1",
    "payment": "P1",
    "ticket": "1",
    "template": "aviso",
    "line": "m0",
    "address": "+5491150000001",
    "number": "+5491150000001",
    "kind": "movil",
    "user": "ana",
    "policy": "firme",
    "reminder": "1",
    "webhook": "1",
    "campaign": "1",
    "list": "1",
    "import": "1",
    "novelty": "1",
    "promise": "1",
    "pause": "1",
    "batch": "1",
    "job": "agosto",
    "feed": "facturas",
    "task": "1",
    "key": "pin",
    "direction": "out",
}
"""By the name of a parameter of a path: what the gateway under test has."""
BODIES: Final[dict[str, list[Any]]] = {
    "postJob": [{"channel": "sms", "text": "Hola %nombre%", "recipients": [{"to": "1150000001", "nombre": "Ana"}]}],
    "createCampaign": [
        {"name": "Aviso", "channel": "sms", "content": {"text": "Hola"}, "audience": {"customers": ["C1"]}}
    ],
    "createImport": [{"upload": os.environ.get("SCHEMATHESIS_UPLOAD", "")}],
    "createList": [{"name": "Lista", "customers": ["C1"]}],
    "saveTemplate": [{"content": {"text": "Hola %nombre%"}}],
    "openTicket": [{"customer": "C1", "text": "sin internet"}, {"text": "no se sabe quién"}],
    "addReminder": [{"customer": "C1", "currency": "ARS", "text": "Hola", "channel": "sms"}],
    "addPromise": [{"customer": "C1", "day": str(datetime.now(UTC).date() + timedelta(days=5))}],
    "addWebhook": [{"url": "https://norte.example/hook"}],
    "createToken": [{"name": "programa", "scopes": ["read"]}],
}
"""By the operation's id: what makes something here, where the document has no such example."""
_EXAMPLES: Final[dict[str, list[Any]]] = {
    **{one.name: list(one.examples.values()) for one in ENDPOINTS if one.examples},
    **BODIES,
}
OWN: Final = os.environ.get("SCHEMATHESIS_OWN_TOKEN", "")


@schemathesis.hook
def map_headers(context: Any, headers: Any) -> Any:
    """Makes the Idempotency-Key of each request unique."""
    if headers and isinstance(headers.get("Idempotency-Key"), str):
        headers["Idempotency-Key"] = headers["Idempotency-Key"][:100] + uuid.uuid4().hex
    return headers


def _anew(example: dict[str, Any]) -> dict[str, Any]:
    """Returns a body under a name that nobody has yet."""
    body = copy.deepcopy(example)
    for name in ("name", "user", "job", "url"):
        if isinstance(body.get(name), str):
            body[name] = f"{body[name][:40]}-{uuid.uuid4().hex[:8]}"
    return body


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Has half of the requests that fit mean what there is."""
    path = case.path_parameters
    if path and OWN and path.get("token") is not None and str(path["token"]).lstrip("0") == OWN:
        path["token"] = "0"
    meta = case.meta
    if meta is None or meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if meta.phase.name is TestPhase.STATEFUL and case.query:
        case.query.pop("account", None)  # what is another's is not found, and nothing would follow
    said = random.Random(repr((case.path_parameters, case.query, case.body)))
    if path and meta.phase.name is not TestPhase.STATEFUL:  # there it is what the answer before said
        for name in path:
            if name in KNOWN and said.random() < 0.5:
                path[name] = KNOWN[name]
    examples = _EXAMPLES.get(case.operation.definition.raw.get("operationId"))
    if examples and isinstance(case.body, dict) and said.random() < 0.5:
        case.body = _anew(said.choice(examples))
    if isinstance(case.body, dict) and isinstance(case.body.get("customer"), str) and said.random() < 0.5:
        case.body["customer"] = KNOWN["customer"]
