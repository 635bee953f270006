"""Messages: posted one by one or in batches, found, shown, settled."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, MESSAGE, Endpoint, Parameter
from gatewayd.web.v1.house import performed
from gatewayd.web.v1.jobs import STATE, posted
from gatewayd.web.words import spoken


async def post(call: Call) -> Response:
    """Posts one message."""
    result = await call.gatherer.post(call.bearer, call.account, [call.body], len(call.raw), call.keyed)
    return posted(result, result["answer"][0] if "answer" in result else None)


async def post_batch(call: Call) -> Response:
    """Posts many messages; each has a result of its own."""
    result = await call.gatherer.post(call.bearer, call.account, call.body["messages"], len(call.raw), call.keyed)
    return posted(result, {"results": result.get("answer")})


async def find(call: Call) -> Response:
    return answer(await call.ask("message.list", **call.query))


async def show(call: Call) -> Response:
    return answer(await call.ask("message.show", message=call.path["message"]))


async def settle(call: Call) -> Response:
    return answer(await call.ask("message.settle", message=call.path["message"], verdict=call.body["verdict"]))


_ONE: Final = {
    "to": "011-15-5987-6543",
    "text": "Hola %nombre%, su turno es hoy a las 15.",
    "values": {"nombre": "Ana"},
    "ref": "T-77",
}

ENDPOINTS: Final = (
    Endpoint(
        *("POST", "/v1/messages", "postMessage", "message.post", spoken("Post a message"), "Posted", post),
        description=(
            spoken(
                "Answered once it is durable. Messages that a token posts within an hour, and that are alike but for"
                " recipient and words, share a job. A number that can be none is answered 202 with status `rejected`."
                " `not_before` and `not_after` are rounded up to the minute."
            )
        ),
        tag=spoken("Messages"),
        status=202,
        body="NewMessage",
        parameters=(ACCOUNT,),
        keyed=True,
        conflicts=True,
        examples={"sms": _ONE},
    ),
    Endpoint(
        *("POST", "/v1/messages/batch", "postMessages", "message.post", spoken("Post up to 1,000 messages")),
        *("PostedMessages", post_batch),
        description=spoken("One result for each, in their order; all that are accepted are recorded in one commit."),
        tag=spoken("Messages"),
        status=202,
        body="NewMessages",
        parameters=(ACCOUNT,),
        keyed=True,
        conflicts=True,
        body_max=768 << 10,
        examples={
            "two": {
                "messages": [
                    {"to": "011-15-5987-6543", "text": "Hola Ana", "ref": "A-1", "ref_unique": True},
                    {"to": "12", "text": "Hola nadie"},
                ]
            }
        },
    ),
    Endpoint(
        *("GET", "/v1/messages", "listMessages", "message.list", spoken("List messages"), "Messages", find),
        description=spoken("Over all jobs, the latest change first."),
        tag=spoken("Messages"),
        parameters=(
            ACCOUNT,
            STATE,
            Parameter("line", forms.named(forms.LINE_NAME), spoken("Only messages of this line.")),
            Parameter("to", forms.named(forms.ADDRESS), spoken("Only messages to this address, as receipts write it.")),
            Parameter("since", forms.TIME, spoken("Changed at or after this time.")),
            Parameter("until", forms.TIME, spoken("Changed before this time.")),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/messages/settle", "settleMessages", "message.settle_many", spoken("Settle messages in doubt")),
        *("Settled", performed("message.settle_many")),
        description=spoken("`refused` names those that cannot be settled, and why."),
        tag=spoken("Messages"),
        body="Verdicts",
        conflicts=True,
        examples={"sent": {"messages": ["01M8S1XE6P54P0000000000001"], "verdict": "sent"}},
    ),
    Endpoint(
        *("GET", "/v1/messages/{message}", "showMessage", "message.show", spoken("Show a message"), "Message", show),
        description=spoken("With its text, attempts and parts."),
        tag=spoken("Messages"),
        parameters=(MESSAGE,),
    ),
    Endpoint(
        *(
            "POST",
            "/v1/messages/{message}/settle",
            "settleMessage",
            "message.settle",
            spoken("Settle a message in doubt"),
        ),
        *("Message", settle),
        description=spoken("A person has found out whether it left. `resend` may send it twice."),
        tag=spoken("Messages"),
        body="Verdict",
        parameters=(MESSAGE,),
        conflicts=True,
        examples={"sent": {"verdict": "sent"}},
    ),
)
