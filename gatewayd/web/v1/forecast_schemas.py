"""The shapes of forecasts, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import (
    CHANNELS,
    CLASSES,
    COUNT,
    FLAG,
    NAME,
    TEXT,
    TEXT_OR_NULL,
    TIME,
    Schema,
    closed,
    named,
    shown,
)

_TIME_OR_NULL: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_PEOPLE: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 5_000_000}
_SEGMENTS: Final[Schema] = {"type": "number", "minimum": 1, "maximum": 255}

SCHEMAS: Final[dict[str, Schema]] = {
    "NewForecast": closed(
        {
            "people": _PEOPLE,
            "segments": _SEGMENTS,
            "parts": {
                "type": "array",
                "minItems": 1,
                "maxItems": 200,
                "items": closed(
                    {
                        "people": _PEOPLE,
                        "segments": _SEGMENTS,
                        "prefix": named("^\\+[0-9]{1,15}$"),
                    },
                    ["people"],
                ),
            },
            "channel": {"enum": CHANNELS},
            "class": {"enum": CLASSES},
            "priority": {"enum": ["urgent", "normal", "bulk"]},
            "at": TIME,
            "until": TIME,
            "lines": {"type": "array", "maxItems": 500, "items": named(NAME)},
        },
        [],
        oneOf=[{"required": ["people"]}, {"required": ["parts"]}],
    ),
    "Forecast": shown(
        {
            "account": TEXT,
            "channel": TEXT,
            "people": COUNT,
            "start": _TIME_OR_NULL,
            "end": _TIME_OR_NULL,
            "stops": _TIME_OR_NULL,
            "low": _TIME_OR_NULL,
            "high": _TIME_OR_NULL,
            "nearly": _TIME_OR_NULL,
            "holds": {"type": "number"},
            "cause": {"enum": ["pace", "quota", "hours", "caps", "credit", "line_down", "slowed", "no_line"]},
            "cause_words": TEXT,
            "next_cause": TEXT_OR_NULL,
            "remedy": {"type": ["object", "null"]},
            "remedy_words": TEXT,
            "ladder": {"type": ["object", "null"]},
            "ladder_words": TEXT,
            "summary": TEXT,
            "left": COUNT,
            "expired": COUNT,
            "today": COUNT,
            "by_day": {"type": "array", "items": shown({"day": TEXT, "people": COUNT}, "day", "people")},
            "sooner_s": {"type": "object", "additionalProperties": {"type": "number"}},
            "behind_s": COUNT,
            "live": FLAG,
        },
        *(
            "account",
            "channel",
            "people",
            "start",
            "end",
            "low",
            "high",
            "cause",
            "remedy",
            "summary",
            "left",
            "by_day",
        ),
    ),
}
