"""The port of a driver is public: what third parties build on is pinned here, so that it changes on purpose alone.

A name, a field or a default that is added needs a line here; one that is taken away or changed breaks drivers that
nobody here wrote, and needs a version.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

import drivers.base
from drivers.base import (
    Blame,
    CallContent,
    Content,
    EmailContent,
    NotSent,
    OutboundMessage,
    PushContent,
    Refused,
    WhatsappContent,
)

NAMES = """
NETWORK_FORBIDDEN forbidden
Accepted AnswersChallenges AwaitedAttempt Blame CallContent CarriesSome Challenged Completed Concat Content
DeliveryReport DiscoversDevices Driver EmailContent
ENTRY_POINTS Encoding Event EventSink FAILPOINT FILE_ONLY Fate Finding Following FollowsAttempts FoundDevice HookCall
HookRefusedError
Hooked InboundMessage LateAccept Line LineError LineSetup LineState LineStatus MisconfiguredError NamesDevice
NotDurableError NotSent OpenAttempt OutboundMessage Outcome PartOutcome Partial PointOfNoReturn PushContent Refused
Serving WhatsappContent
ServesFiles ShowsExchanges TakesCalls TakesHooks Telling Uncertain Withdrawn spoken
"""

FIELDS = {
    "OutboundMessage": "attempt to address text parts=() todo=(1,) encoding='' concat_ref=0 valid_until=None"
    " content=None",
    "CallContent": "script=None amd='off' min_heard_s=5.0 ring_s=30.0 limit_s=None",
    "EmailContent": "subject='' html=None cc=() attachments area='all'",
    "PushContent": "title='' data ttl_s=None",
    "WhatsappContent": "template=None language='' parameters=()",
    "OpenAttempt": "attempt to address parts at",
    "AwaitedAttempt": "attempt to references doubt at",
    "HookCall": "method query headers body",
    "PartOutcome": "fate reference=None reason=None blame='either'",
    "Accepted": "references reported=True",
    "Completed": "state reason=None charged=False detail blame='person' line_reason=None",
    "NotSent": "reason retry_after=None counts=True blame='person'",
    "Refused": "reason blame='either' elsewhere=False",
    "Partial": "parts",
    "Uncertain": "reason",
    "DeliveryReport": "reference to status reason at attempt=None part=None whole=False opt_out=False exclusive=False"
    " blame='person' detail",
    "LateAccept": "attempt part reference",
    "Concat": "reference total number",
    "InboundMessage": "key sender to text at concat=None subject='' answers=None answers_reference=None opt_out=False"
    " aliases=()",
    "LineStatus": "state reason=None signal=None operator=None detail",
    "LineSetup": "name options",
    "Finding": "key message remedy values",
    "FoundDevice": "keys busy=False detail",
}

METHODS = {
    "Line": {
        "run": "(self, events)",
        "send": "(self, message, point_of_no_return)",
        "resume": "(self, attempts)",
        "command": "(self, name, argument)",
    },
    "Driver": {"encoding_variant": "(self, options)", "make": "(self, setup)", "check": "(self, setup)"},
    "EventSink": {"put": "(self, event)"},
    "PointOfNoReturn": {"__call__": "(self, part, taken)"},
    "FollowsAttempts": {"follow": "(self, attempts)"},
    "TakesHooks": {"on_hook": "(self, headers, body)"},
    "TakesCalls": {"on_call": "(self, call)"},
    "CarriesSome": {"carries": "(self, message)"},
    "AnswersChallenges": {"on_challenge": "(self, query)"},
    "ServesFiles": {"file": "(self, name)"},
    "DiscoversDevices": {"discover": "(self, search, taken)"},
    "ShowsExchanges": {"exchange": "(self, attempt)"},
}

OLD_NAMES = {
    "Following": "FollowsAttempts",
    "Hooked": "TakesHooks",
    "Challenged": "AnswersChallenges",
    "Serving": "ServesFiles",
    "Telling": "ShowsExchanges",
}


def written(field: dataclasses.Field[object]) -> str:
    """Returns a field as `FIELDS` has it: its name, and its default where it is a plain value."""
    if field.default is dataclasses.MISSING:
        return field.name
    default = field.default.value if isinstance(field.default, Blame) else field.default
    return f"{field.name}={default!r}".replace(" ", "")


def test_the_names_are_these() -> None:
    assert sorted(drivers.base.__all__) == sorted(NAMES.split())


@pytest.mark.parametrize("name", FIELDS)
def test_a_record_has_these_fields_in_this_order(name: str) -> None:
    assert " ".join(map(written, dataclasses.fields(getattr(drivers.base, name)))) == FIELDS[name]


@pytest.mark.parametrize("name", METHODS)
def test_a_protocol_has_these_methods(name: str) -> None:
    protocol = getattr(drivers.base, name)
    for method, signature in METHODS[name].items():
        assert f"({', '.join(inspect.signature(getattr(protocol, method)).parameters)})" == signature


@pytest.mark.parametrize("old", OLD_NAMES)
def test_an_older_name_means_the_same(old: str) -> None:
    assert getattr(drivers.base, old) is getattr(drivers.base, OLD_NAMES[old])


def test_the_older_spelling_of_a_line_to_blame_is_taken() -> None:
    assert NotSent("connect_failed", line_fault=True) == NotSent("connect_failed", blame=Blame.LINE)


def test_an_outcome_that_says_nothing_of_blame_may_be_either() -> None:
    assert Refused("rejected").blame is Blame.EITHER


SCRIPT = {"message": [{"say": "Hola Ana"}]}


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (None, {}),
        (
            CallContent(SCRIPT, "detect", limit_s=60),
            {"call": {"script": SCRIPT, "amd": "detect", "min_heard_s": 5.0, "ring_s": 30.0, "limit_s": 60},
             "texts": {}},
        ),
        (
            EmailContent("Factura", "<p>x</p>", ("a@b.ar",), {"f.pdf": "/spool/f.pdf"}, "invoices"),
            {"email": {"subject": "Factura", "html": "<p>x</p>", "cc": ["a@b.ar"], "attachments": ["f.pdf"],
                       "area": "invoices"},
             "texts": {"subject": "Factura", "html": "<p>x</p>"}, "attachments": {"f.pdf": "/spool/f.pdf"}},
        ),
        (
            PushContent("Corte", {"zone": "norte"}, 60),
            {"push": {"title": "Corte", "data": {"zone": "norte"}, "ttl_s": 60},
             "texts": {"title": "Corte", "data.zone": "norte"}},
        ),
        (
            WhatsappContent("saldo", "es", ("Ana", "7")),
            {"whatsapp": {"template": "saldo", "language": "es", "parameters": ["Ana", "7"]},
             "texts": {"parameter.0": "Ana", "parameter.1": "7"}},
        ),
        (
            WhatsappContent("saldo", "es", {"quien": "Ana"}),
            {"whatsapp": {"template": "saldo", "language": "es", "parameters": {"quien": "Ana"}},
             "texts": {"parameter.quien": "Ana"}},
        ),
    ],
)  # fmt: skip
def test_the_content_can_be_read_as_it_was_before(content: Content | None, options: dict[str, Any]) -> None:
    assert OutboundMessage("a", "x", "x", "Hola", content=content).options == options


def test_content_of_another_kind_is_none() -> None:
    message = OutboundMessage("a", "x", "x", "Hola", content=PushContent("Corte"))
    assert message.says(PushContent) is message.content
    assert message.says(EmailContent) == EmailContent()
    assert OutboundMessage("a", "x", "x", "Hola").says(CallContent) == CallContent()
