"""Tickets: what customers complain of, who works on it, what became of it."""

from __future__ import annotations

from typing import Final

from gatewayd.answers.tickets import CATEGORY_MAX, NOTE_MAX, STATES, TEXT_MAX
from gatewayd.web.v1 import forms
from gatewayd.web.v1.endpoint import ACCOUNT, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.forms import COUNT, TEXT, TEXT_OR_NULL, Schema, closed, page, ref, shown, text
from gatewayd.web.v1.house import in_account, performed
from gatewayd.web.words import spoken

NUMBER: Final = "^[1-9][0-9]{0,8}$"
TICKET: Final = Parameter("ticket", forms.named(NUMBER), spoken("The ticket's number in its account."), "path")
CURSOR: Final = Parameter("cursor", text(60, least=1), spoken("The `next` of the page before."))

SCHEMAS: Final[dict[str, Schema]] = {
    "NewTicket": closed(
        {
            "customer": text(200, least=1),
            "text": text(TEXT_MAX, least=1),
            "category": text(CATEGORY_MAX),
            "operator": text(200, least=1),
        },
        ["text"],
    ),
    "TicketChange": closed(
        {
            "state": {"enum": list(STATES)},
            "operator": text(200),
            "category": text(CATEGORY_MAX),
            "note": text(NOTE_MAX),
            "version": COUNT,
        },
        [],
    ),
    "Ticket": shown(
        {
            "ticket": COUNT,
            "account": TEXT,
            "customer": TEXT_OR_NULL,
            "state": {"enum": list(STATES)},
            "text": TEXT,
            "operator": TEXT_OR_NULL,
            "category": TEXT,
            "opened_at": TEXT,
            "closed_at": TEXT_OR_NULL,
            "version": COUNT,
        },
        *("ticket", "account", "customer", "state", "text", "operator", "category", "opened_at", "version"),
    ),
    "Tickets": page(ref("Ticket")),
}


_TAG: Final = spoken("Tickets")

ENDPOINTS: Final = (
    Endpoint(
        *(
            "GET",
            "/v1/tickets",
            "listTickets",
            "ticket.list",
            spoken("List tickets"),
            "Tickets",
            performed("ticket.list"),
        ),
        description=spoken("The one that changed last first; open ones alone, unless `which` says otherwise."),
        tag=_TAG,
        parameters=(
            ACCOUNT,
            Parameter("which", {"enum": ["open", "closed", "all"], "default": "open"}, spoken("Which of them.")),
            Parameter("operator", text(200, least=1), spoken("Only those of this user.")),
            Parameter("customer", text(200, least=1), spoken("Of this customer, by its id.")),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *(
            "POST",
            "/v1/tickets",
            "openTicket",
            "ticket.add",
            spoken("Open a ticket"),
            "Ticket",
            in_account("ticket.add", 201),
        ),
        description=spoken("For a customer, or for nobody."),
        tag=_TAG,
        status=201,
        body="NewTicket",
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *(
            "GET",
            "/v1/tickets/{ticket}",
            "showTicket",
            "ticket.show",
            spoken("Show a ticket"),
            "Ticket",
            in_account("ticket.show"),
        ),
        description=spoken("With all that happened to it, the oldest first."),
        tag=_TAG,
        parameters=(TICKET, ACCOUNT),
    ),
    Endpoint(
        *(
            "PATCH",
            "/v1/tickets/{ticket}",
            "changeTicket",
            "ticket.set",
            spoken("Change a ticket"),
            "Ticket",
            in_account("ticket.set"),
        ),
        description=spoken("Its state, whose it is (empty: nobody's), its category; a note is written beside."),
        tag=_TAG,
        body="TicketChange",
        parameters=(TICKET, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", "/v1/tickets/{ticket}/notes", "noteTicket", "ticket.note", spoken("Write a note to a ticket")),
        *("Ticket", in_account("ticket.note")),
        tag=_TAG,
        body="TicketNote",
        parameters=(TICKET, ACCOUNT),
        conflicts=True,
        examples={"one": {"note": "Va el técnico mañana a las 9"}},
    ),
)
