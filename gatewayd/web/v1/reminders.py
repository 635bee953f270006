"""Reminders: a customer is asked by hand for what it owes."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Handler, Parameter
from gatewayd.web.v1.forms import DIGITS, named, text
from gatewayd.web.v1.house import account_of
from gatewayd.web.words import spoken

TAG: Final = spoken("Reminders")
REMINDER: Final = Parameter("reminder", named(DIGITS), spoken("The reminder's number."), "path")
_TAB: Final = Parameter(
    "tab", {"enum": ["all", "active", "inactive", "archived"], "default": "all"}, spoken("Which ones.")
)
_Q: Final = Parameter("q", text(100), spoken("In customer, invoice or text."))
_CUSTOMER: Final = Parameter("customer", text(200, least=1), spoken("Of this customer alone, by external id."))
_ROOT: Final = "/v1/reminders"
_ONE: Final = f"{_ROOT}/{{reminder}}"


async def find(call: Call) -> Response:
    return answer(await call.ask("reminder.list", **call.query))


async def add(call: Call) -> Response:
    return answer(await call.ask("reminder.add", account=await account_of(call), **call.body), 201)


async def remove(call: Call) -> Response:
    await call.ask("reminder.remove", reminder=_number(call), **call.query)
    return Response(status_code=204)


def _number(call: Call) -> int:
    """Returns the number of the path; what no row bears is not found."""
    return max(1, int(call.path["reminder"]))


def _acted(action: str) -> Handler:
    async def acted(call: Call) -> Response:
        said: dict[str, Any] = dict(call.body or {})
        return answer(await call.ask(f"reminder.{action}", reminder=_number(call), **call.query, **said))

    return acted


ENDPOINTS: Final = (
    Endpoint(
        *("GET", _ROOT, "listReminders", "reminder.list", spoken("List reminders"), "Reminders", find),
        tag=TAG,
        parameters=(ACCOUNT, _TAB, _Q, _CUSTOMER, CURSOR, LIMIT),
    ),
    Endpoint(
        *("POST", _ROOT, "addReminder", "reminder.add", spoken("Write a reminder"), "Reminder", add),
        description=spoken("With `first` it is sent by itself from that day on, else when somebody sends it."),
        tag=TAG,
        body="NewReminder",
        status=201,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", _ONE, "showReminder", "reminder.show", spoken("Show a reminder"), "Reminder", _acted("show")),
        tag=TAG,
        parameters=(REMINDER, ACCOUNT),
    ),
    Endpoint(
        *("PUT", _ONE, "editReminder", "reminder.edit", spoken("Change a reminder"), "Reminder", _acted("edit")),
        description=spoken("`version` is the one looked at."),
        tag=TAG,
        body="ChangedReminder",
        parameters=(REMINDER, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("DELETE", _ONE, "removeReminder", "reminder.remove", spoken("Remove a reminder"), "", remove),
        description=spoken("One that was never sent; others are archived."),
        tag=TAG,
        status=204,
        parameters=(REMINDER, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", f"{_ONE}/send", "sendReminder", "reminder.send", spoken("Send a reminder now"), "Reminder"),
        _acted("send"),
        description=spoken("It is the customer's contact of the day: `anyway` where there was one already."),
        tag=TAG,
        body="ReminderSend",
        parameters=(REMINDER, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", f"{_ONE}/repeat", "repeatReminder", "reminder.repeat", spoken("Repeat a reminder"), "Reminder"),
        _acted("repeat"),
        description=spoken("From a first day on, each so many days; without `first`: no more."),
        tag=TAG,
        body="ReminderRepeat",
        parameters=(REMINDER, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", f"{_ONE}/state", "payReminder", "reminder.pay", spoken("Paid, cancelled or active"), "Reminder"),
        _acted("pay"),
        tag=TAG,
        body="ReminderState",
        parameters=(REMINDER, ACCOUNT),
    ),
    Endpoint(
        *("POST", f"{_ONE}/archive", "archiveReminder", "reminder.archive", spoken("Archive a reminder"), "Reminder"),
        _acted("archive"),
        tag=TAG,
        body="ReminderArchived",
        parameters=(REMINDER, ACCOUNT),
    ),
)
