"""What a call, a push and a message of WhatsApp say, as in a job file."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import Schema, closed, named, text, texts


def _keyed(names: str, most: int, value: Schema) -> Schema:
    return {
        "type": "object",
        "maxProperties": most,
        "propertyNames": {"pattern": names},
        "additionalProperties": value,
    }


_DURATION: Final[Schema] = {"anyOf": [named("^[0-9]{1,6}[smhd]$"), {"type": "integer", "minimum": 0, "maximum": 10**7}]}
_SPOKEN: Final[Schema] = {
    "anyOf": [
        text(5000, least=1),
        {
            "type": "array",
            "minItems": 1,
            "maxItems": 60,
            "items": {**_keyed("^(say|play|amount)$", 1, text(5000, least=1)), "minProperties": 1},
        },
    ]
}
_ACTION: Final = named("^(repeat|promise|opt_out|transfer:[A-Za-z0-9_-]{1,40})$")
_LABEL: Final = named("^[a-z][a-z0-9_]{0,23}$")
_STEP: Final = closed(
    {
        "label": _LABEL,
        **{verb: text(5000, least=1) for verb in ("say", "play", "amount")},
        **dict.fromkeys(("spell", "ask", "if", "goto", "then", "else"), _LABEL),
        "do": _ACTION,
        "prompt": _SPOKEN,
        "digits": {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 20},
                {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 2,
                    "items": {"type": "integer", "minimum": 1, "maximum": 20},
                },
            ]
        },
        "keys": _keyed("^[0-9]$", 10, _LABEL),
        "wait_s": {"type": "integer", "minimum": 1, "maximum": 60},
        "tries": {"type": "integer", "minimum": 1, "maximum": 9},
        "equals": text(1000, least=1),
    },
    [],
)
CALL: Final = closed(
    {
        "script": closed(
            {
                "message": _SPOKEN,
                "menu": _keyed("^[0-9]$", 10, _ACTION),
                "menu_prompt": text(5000, least=1),
                "goodbye": text(5000, least=1),
                "confirm": _keyed("^(promise|opt_out)$", 2, text(5000, least=1)),
                "steps": {"type": "array", "minItems": 1, "maxItems": 60, "items": _STEP},
                "language": named("^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$"),
                "voice": {"anyOf": [named("^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$"), {"type": "null"}]},
            },
            [],
        ),
        "amd": {"enum": ["off", "detect", "leave_message"]},
        "min_heard_s": {"type": "number", "minimum": 0, "maximum": 3600},
        "ring_s": {"type": "number", "minimum": 1, "maximum": 300},
        "limit_s": {"type": "integer", "minimum": 10, "maximum": 3600},
        "retries": _keyed(
            "^(machine|busy|no_answer|congestion|rejected|failed)$",
            6,
            closed({"times": {"type": "integer", "minimum": 0, "maximum": 20}, "pause": _DURATION}, []),
        ),
    },
    [],
)
PUSH: Final = closed(
    {"title": text(1000, least=1), "data": _keyed("^[A-Za-z0-9_.-]{1,64}$", 64, text(1000)), "ttl": _DURATION}, []
)
WHATSAPP: Final = closed(
    {
        "template": named("^[a-z0-9_]{1,512}$"),
        "language": named("^[a-z]{2,3}(_[A-Z]{2})?$"),
        "parameters": {"anyOf": [texts(30), _keyed("^[a-z0-9_]{1,64}$", 30, text(1000, least=1))]},
    },
    ["template", "language"],
)
