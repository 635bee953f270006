"""Jobs: posted, listed, shown, stopped."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import REPLAYED, Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, JOB, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.problems import Problem
from gatewayd.web.v1.streaming import upload_bytes
from gatewayd.web.words import spoken

DIRECT_MAX: Final = 300_000
"""Octets of a job that go to the daemon in one piece; a longer one goes portion by portion, as an upload does."""
BODY_MAX: Final = 8 << 20
"""Octets of a job with its recipients in it; longer lists are uploaded."""


def posted(result: dict[str, Any], document: Any) -> Response:
    """Returns what a post is answered: the document, or the problem that the daemon found."""
    if "problem" in result:
        found = result["problem"]
        headers = {"Retry-After": str(found["retry_s"])} if "retry_s" in found else {}
        raise Problem(found["kind"], found["detail"], faults=found.get("errors", ()), headers=headers)
    return answer(document, result["status"], REPLAYED if result.get("replayed") else None)


async def post(call: Call) -> Response:
    """Posts a job. Its body goes on as it was written: numbers keep all their digits."""
    uploads = call.body.get("uploads") or {}
    raw = call.raw
    arguments: dict[str, Any] = {"account": call.account, "uploads": uploads}
    if call.keyed is not None:
        arguments["key"], arguments["fingerprint"] = call.keyed
    if len(raw) <= DIRECT_MAX:
        result = await call.ask("job.post", body=raw.decode(), **arguments)
        return posted(result, result.get("answer"))
    upload = await upload_bytes(call, "job.txt", raw)
    try:
        result = await call.ask("job.post", body_upload=upload["id"], **arguments)
    finally:
        await call.ask("upload.remove", account=call.account, upload=upload["id"])
    return posted(result, result.get("answer"))


async def find(call: Call) -> Response:
    return answer(await call.ask("job.list", **call.query))


def _named(call: Call) -> str:
    account = call.account
    return call.path["job"] if account is None else f"{account}/{call.path['job']}"


async def show(call: Call) -> Response:
    return answer(await call.ask("job.show", job=_named(call)))


async def messages(call: Call) -> Response:
    wanted = {name: value for name, value in call.query.items() if name != "account"}
    return answer(await call.ask("job.messages", job=_named(call), **wanted))


async def pause(call: Call) -> Response:
    return answer(await call.ask("job.pause", job=_named(call)))


async def resume(call: Call) -> Response:
    return answer(await call.ask("job.resume", job=_named(call)))


async def cancel(call: Call) -> Response:
    return answer(await call.ask("job.cancel", job=_named(call)))


STATE: Final = Parameter("state", {"enum": forms.STATES}, spoken("Only messages in this state."))

_EXAMPLES: Final = {
    "inline": {
        "job": "cobranza-2026-11",
        "channel": "sms",
        "text": "Estimado %nombre%, su saldo es $ %deuda%. %empresa%",
        "values": {"empresa": "Norte Wifi"},
        "recipients": [
            {"to": "011-15-5987-6543", "ref": "C-1001", "nombre": "Ana", "deuda": "1.500,50"},
            {"to": "011-15-5987-6544", "ref": "C-1002", "nombre": "Beto", "deuda": "820,00"},
        ],
        "priority": "bulk",
    }
}


async def causes(call: Call) -> Response:
    return answer(await call.ask("job.causes", job=_named(call)))


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/jobs/{job}/causes", "showCauses", "job.causes", spoken("Count what ended badly"), "Causes"),
        *(causes,),
        description=spoken("By state and reason."),
        tag=spoken("Jobs"),
        parameters=(JOB, ACCOUNT),
    ),
    Endpoint(
        "POST",
        "/v1/jobs",
        "postJob",
        "job.post",
        spoken("Post a job"),
        "PostedJob",
        post,
        description=(
            spoken(
                "The body of a job file (see the integrators' guide), with its recipients in it, or in a list that was"
                " uploaded. Answered once it is durable. The same job again changes nothing."
            )
        ),
        tag=spoken("Jobs"),
        status=202,
        body="NewJob",
        parameters=(ACCOUNT,),
        keyed=True,
        conflicts=True,
        body_max=BODY_MAX,
        examples=_EXAMPLES,
    ),
    Endpoint(
        *("GET", "/v1/jobs", "listJobs", "job.list", spoken("List jobs"), "Jobs", find),
        description=spoken("The newest first."),
        tag=spoken("Jobs"),
        parameters=(ACCOUNT, CURSOR, LIMIT),
    ),
    Endpoint(
        *("GET", "/v1/jobs/{job}", "showJob", "job.show", spoken("Show a job"), "Job", show),
        description=spoken("Its state, and its messages counted by state."),
        tag=spoken("Jobs"),
        parameters=(JOB, ACCOUNT),
    ),
    Endpoint(
        *("GET", "/v1/jobs/{job}/messages", "listMessagesOfJob", "job.messages", spoken("List a job's messages")),
        *("Messages", messages),
        description=spoken("In the order of its recipients."),
        tag=spoken("Jobs"),
        parameters=(JOB, ACCOUNT, STATE, CURSOR, LIMIT),
    ),
    Endpoint(
        *("POST", "/v1/jobs/{job}/pause", "pauseJob", "job.pause", spoken("Pause a job"), "Job", pause),
        description=spoken("What has not left waits."),
        tag=spoken("Jobs"),
        parameters=(JOB, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", "/v1/jobs/{job}/resume", "resumeJob", "job.resume", spoken("Resume a job"), "Job", resume),
        tag=spoken("Jobs"),
        parameters=(JOB, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", "/v1/jobs/{job}/cancel", "cancelJob", "job.cancel", spoken("Cancel a job"), "Job", cancel),
        description=spoken("What has not left is withdrawn, for good."),
        tag=spoken("Jobs"),
        parameters=(JOB, ACCOUNT),
        conflicts=True,
    ),
)
