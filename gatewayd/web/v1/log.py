"""What was said: the log of interactions, the inbox, statistics."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.house import in_account, performed
from gatewayd.web.words import spoken

CURSOR: Final = Parameter("cursor", forms.text(2100, least=1), spoken("The `next` of the page before."))
ADDRESS: Final = Parameter("address", forms.named(forms.ADDRESS), spoken("Who it is with."), "path")
CHANNEL: Final = Parameter("channel", {"enum": forms.CHANNELS}, spoken("Only this channel."))
LINE: Final = Parameter("line", forms.named(forms.LINE_NAME), spoken("Only this line."))
TASK: Final = Parameter("task", forms.named(forms.DIGITS), spoken("The task's number."), "path")
DAY: Final = {"type": "string", "format": "date"}


async def interactions(call: Call) -> Response:
    wanted: dict[str, Any] = dict(call.query)
    for name in ("channel", "state"):
        if name in wanted:
            wanted[name] = [wanted[name]]
    return answer(await call.ask("interaction.list", **wanted))


async def task(call: Call) -> Response:
    return answer(await call.ask("task.faults", task=int(call.path["task"])))


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/interactions", "listInteractions", "interaction.list", spoken("List interactions")),
        *("Interactions", interactions),
        description=spoken(
            "Messages and what came in, over all channels, the newest first. Where little is found in the time that a"
            " page may take, `looked_to` says how far it looked, and `next` goes on from there."
        ),
        tag=spoken("Interactions"),
        parameters=(
            ACCOUNT,
            Parameter("direction", {"enum": ["out", "in"]}, spoken("Only what went out, or came in.")),
            CHANNEL,
            Parameter("state", {"enum": forms.STATES}, spoken("Only messages in this state.")),
            LINE,
            Parameter("job", forms.named(forms.NAME), spoken("Only messages of this job.")),
            Parameter("since", DAY, spoken("From this day on.")),
            Parameter("until", DAY, spoken("Up to this day, which is included.")),
            Parameter("q", forms.text(200, least=1), spoken("A number, an address, a reference, words of a text.")),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/interactions", "noteInteraction", "interaction.note", spoken("Enter a contact made elsewhere")),
        *("Interaction", in_account("interaction.note", 201)),
        description=spoken(
            "A call, a visit, a note, an access to a payment page, or what another system sent. It stands in the log"
            " beside messages and counts for caps at its time. The same `ref` again changes it."
        ),
        tag=spoken("Interactions"),
        status=201,
        body="NewInteraction",
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("POST", "/v1/interactions/uploads", "uploadInteractions", "interaction.upload"),
        *(spoken("Have a sheet of contacts read"), "Task", in_account("interaction.upload", 202)),
        description=spoken(
            "A CSV with the columns document_type, document_number or external_id, channel, sent_at (YYYY-MM-DD"
            " HH:mm:ss, UTC), recipients and state, uploaded before. It is read in the background."
        ),
        tag=spoken("Interactions"),
        status=202,
        body="NewContactUpload",
        parameters=(ACCOUNT,),
        conflicts=True,
    ),
    Endpoint(
        *("GET", "/v1/interactions/uploads/{task}", "showInteractionUpload", "task.faults"),
        *(spoken("Show what became of a sheet of contacts"), "Task", task),
        description=spoken("`outcome` counts rows; `items` are those that could not be taken: row, field and fault."),
        tag=spoken("Interactions"),
        parameters=(TASK,),
    ),
    Endpoint(
        *("GET", "/v1/inbox", "listConversations", "inbox.list", spoken("List conversations"), "Conversations"),
        *(performed("inbox.list"),),
        description=spoken("What people answered, by who it is with, the latest first."),
        tag=spoken("Inbox"),
        parameters=(
            ACCOUNT,
            Parameter(
                "which", {"enum": ["open", "unread", "done", "all"], "default": "open"}, spoken("Which of them.")
            ),
            Parameter("search", forms.text(100, least=1), spoken("A part of the address.")),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("GET", "/v1/inbox/{address}", "showConversation", "inbox.show", spoken("Show a conversation")),
        *("Conversation", in_account("inbox.show")),
        tag=spoken("Inbox"),
        parameters=(ADDRESS, ACCOUNT),
    ),
    Endpoint(
        *("POST", "/v1/inbox/{address}/read", "readConversation", "inbox.read", spoken("Mark a conversation as read")),
        *("Conversation", in_account("inbox.read")),
        tag=spoken("Inbox"),
        parameters=(ADDRESS, ACCOUNT),
    ),
    Endpoint(
        *("POST", "/v1/inbox/{address}/done", "finishConversation", "inbox.done", spoken("Put a conversation away")),
        *("Conversation", in_account("inbox.done")),
        description=spoken("Until something comes in."),
        tag=spoken("Inbox"),
        parameters=(ADDRESS, ACCOUNT),
    ),
    Endpoint(
        *(
            "POST",
            "/v1/inbox/{address}/open",
            "openConversation",
            "inbox.open",
            spoken("Take a conversation out again"),
        ),
        *("Conversation", in_account("inbox.open")),
        tag=spoken("Inbox"),
        parameters=(ADDRESS, ACCOUNT),
    ),
    Endpoint(
        *("POST", "/v1/inbox/{address}/assign", "assignConversation", "inbox.assign"),
        *(spoken("Give a conversation to a user"), "Conversation", in_account("inbox.assign")),
        description=spoken("null takes it from everybody."),
        tag=spoken("Inbox"),
        body="Assignment",
        conflicts=True,
        parameters=(ADDRESS, ACCOUNT),
        examples={"one": {"user": "ana"}},
    ),
    Endpoint(
        *("POST", "/v1/inbox/{address}/reply", "replyConversation", "inbox.reply", spoken("Reply to a conversation")),
        *("Replied", in_account("inbox.reply", 202)),
        description=spoken(
            "Over the line that the latest message came by, before other messages. The same `key` again sends nothing."
        ),
        tag=spoken("Inbox"),
        status=202,
        body="Reply",
        conflicts=True,
        parameters=(ADDRESS, ACCOUNT),
        examples={"one": {"text": "Buenas tardes, lo vemos enseguida.", "key": "r-77"}},
    ),
    Endpoint(
        *("GET", "/v1/reports/unread", "countUnread", "inbox.unread", spoken("Count unread conversations"), "Unread"),
        *(performed("inbox.unread"),),
        description=spoken("`more`: there are more than the count says."),
        tag=spoken("Inbox"),
    ),
    Endpoint(
        *("GET", "/v1/interactions/{direction}/{id}", "showInteraction", "interaction.show"),
        *(spoken("Show an interaction"), "Interaction", performed("interaction.show")),
        description=spoken("With its whole text, the way it went with its times, and what answered it."),
        tag=spoken("Interactions"),
        parameters=(
            Parameter("direction", {"enum": ["out", "in", "noted"]}, spoken("Which way it went."), "path"),
            Parameter("id", forms.named(forms.MESSAGE_ID), spoken("Its id."), "path"),
        ),
    ),
    Endpoint(
        *("POST", "/v1/interactions/resend", "resendInteractions", "interaction.resend"),
        *(spoken("Send messages again"), "Resent", in_account("interaction.resend", 202, filter="query")),
        description=spoken(
            "Those named, or all that a filter means; with `preview`, what that would be. Never those in doubt, blocked"
            " or on their way. To more than one person a token needs the scope `mass`."
        ),
        tag=spoken("Interactions"),
        status=202,
        body="Resend",
        conflicts=True,
        parameters=(ACCOUNT,),
        examples={"preview": {"filter": {"state": ["failed"]}, "preview": True}},
    ),
    *(
        Endpoint(
            *(
                "GET",
                path,
                name,
                "statistics.show",
                spoken("Sum up messages"),
                "Statistics",
                performed("statistics.show"),
            ),
            description=spoken("Of some days, in groups. Days are those of the gateway's zone."),
            tag=spoken("Statistics"),
            parameters=(
                Parameter("since", DAY, spoken("The first day."), required=True),
                Parameter("until", DAY, spoken("The last day, which is included."), required=True),
                Parameter("by", {"enum": forms.GROUPS, "default": "day"}, spoken("What makes a group.")),
                ACCOUNT,
                CHANNEL,
                LINE,
            ),
        )
        for path, name in (("/v1/statistics", "showStatistics"), ("/v1/reports/statistics", "reportStatistics"))
    ),
)
