"""Campaigns and the lists of people that they go to."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.model import State
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Handler, Parameter
from gatewayd.web.v1.forms import DIGITS, named, text
from gatewayd.web.v1.house import account_of, in_account, performed
from gatewayd.web.words import spoken

TAG: Final = spoken("Campaigns")
CAMPAIGN: Final = Parameter("campaign", named(DIGITS), spoken("The campaign's number."), "path")
LIST: Final = Parameter("list", named("^[1-9][0-9]{0,17}$"), spoken("The list's number."), "path")
Q: Final = Parameter("q", text(100), spoken("Part of the name."))
STATE: Final = Parameter(
    "state",
    {"enum": ["draft", "awaiting_approval", "scheduled", "running", "paused", "finished", "cancelled"]},
    spoken("Only those in this state."),
)

RUN: Final = Parameter("run", {"type": "integer", "minimum": 1, "maximum": 1 << 31}, spoken("Of which run; the last."))
REACHED: Final = Parameter("state", {"enum": sorted(State)}, spoken("Only those whose message is so."))
OFFSET: Final = Parameter("offset", {"type": "integer", "minimum": 0, "maximum": (1 << 40) - 1}, spoken("In octets."))


def _number(call: Call, name: str) -> int:
    """Returns a number of the path; what no row bears is not found."""
    return max(1, int(call.path[name]))


async def listed(call: Call) -> Response:
    wanted: dict[str, Any] = dict(call.query)
    if "state" in wanted:
        wanted["state"] = [wanted["state"]]
    return answer(await call.ask("campaign.list", **wanted))


async def saved(call: Call) -> Response:
    body: dict[str, Any] = dict(call.body)
    title = body.pop("name")
    version = body.pop("seen_version", None)
    uploads = body.pop("uploads", [])
    account = await account_of(call)
    arguments: dict[str, Any] = {"title": title, "document": body, "uploads": uploads, "account": account}
    if "campaign" in call.path:
        arguments |= {"campaign": _number(call, "campaign"), "version": version}
    made = await call.ask("campaign.save", **arguments)
    return answer(made, 200 if "campaign" in call.path else 201)


async def shown(call: Call) -> Response:
    return answer(await call.ask("campaign.show", campaign=_number(call, "campaign"), **call.query))


async def removed(call: Call) -> Response:
    return answer(await call.ask("campaign.remove", campaign=_number(call, "campaign"), **call.query))


async def events(call: Call) -> Response:
    return answer(await call.ask("campaign.events", campaign=_number(call, "campaign"), **call.query))


async def people(call: Call) -> Response:
    wanted: dict[str, Any] = dict(call.query)
    if "state" in wanted:
        wanted["state"] = [wanted["state"]]
    return answer(await call.ask("campaign.people", campaign=_number(call, "campaign"), **wanted))


async def left_out(call: Call) -> Response:
    return answer(await call.ask("campaign.left_out", campaign=_number(call, "campaign"), **call.query))


def _acted(action: str) -> Handler:
    async def acted(call: Call) -> Response:
        said: dict[str, Any] = dict(call.body or {})
        if "name" in said:
            said["title"] = said.pop("name")
        return answer(await call.ask(f"campaign.{action}", campaign=_number(call, "campaign"), **call.query, **said))

    return acted


_ONE: Final = {"channel": "sms", "template": "aviso", "audience": {"filter": {"tags": ["zona-3"]}}}

ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/campaigns", "listCampaigns", "campaign.list", spoken("List campaigns, newest first")),
        *("Campaigns", listed),
        tag=TAG,
        parameters=(ACCOUNT, STATE, Q, CURSOR, LIMIT),
    ),
    Endpoint(
        *("POST", "/v1/campaigns", "createCampaign", "campaign.save", spoken("Save a campaign as a draft")),
        *("Campaign", saved),
        description=spoken(
            "People (a list, a filter, a selection, or an uploaded file), a template or words of its own, a channel or"
            " a ladder of them, and when. Nothing is sent until it is launched."
        ),
        tag=TAG,
        status=201,
        body="NewCampaign",
        conflicts=True,
        parameters=(ACCOUNT,),
        examples={"one": {"name": "Agosto", **_ONE}},
    ),
    Endpoint(
        *("GET", "/v1/campaigns/{campaign}", "showCampaign", "campaign.show", spoken("Show a campaign")),
        *("Campaign", shown),
        description=spoken("Its runs, counts by state, cost, and messages a minute."),
        tag=TAG,
        parameters=(CAMPAIGN, ACCOUNT),
    ),
    Endpoint(
        *("PUT", "/v1/campaigns/{campaign}", "changeCampaign", "campaign.save", spoken("Change a campaign")),
        *("Campaign", saved),
        description=spoken("It is a draft again, that nobody approved. `seen_version` is the one that was looked at."),
        tag=TAG,
        body="NewCampaign",
        conflicts=True,
        parameters=(CAMPAIGN, ACCOUNT),
        examples={"one": {"name": "Agosto", "seen_version": 1, **_ONE}},
    ),
    Endpoint(
        *("DELETE", "/v1/campaigns/{campaign}", "removeCampaign", "campaign.remove", spoken("Remove a draft")),
        *("Removed", removed),
        tag=TAG,
        conflicts=True,
        parameters=(CAMPAIGN, ACCOUNT),
    ),
    *(
        Endpoint(
            *("POST", f"/v1/campaigns/{{campaign}}/{action}", f"{action}Campaign", f"campaign.{action}", summary),
            *("Review" if action == "review" else "Campaign", _acted(action)),
            description=description,
            tag=TAG,
            body=body,
            conflicts=True,
            parameters=(CAMPAIGN, ACCOUNT),
            examples={} if body is None else {"one": example},
        )
        for action, summary, description, body, example in (
            (
                "review",
                spoken("Review a campaign before it is launched"),
                spoken("Whom it reaches with what, who is left out and why, and what it costs. Of many people: again."),
                "CampaignReview",
                {"wait": 5},
            ),
            (
                "launch",
                spoken("Launch a campaign"),
                spoken("Now, or at its time. To more than one person a token needs the scope `mass`."),
                "CampaignLaunch",
                {"version": 1},
            ),
            ("pause", spoken("Pause a campaign"), "", None, {}),
            ("resume", spoken("Resume a campaign"), "", None, {}),
            (
                "pace",
                spoken("Bound how fast a campaign goes"),
                spoken("So many segments a minute over all its lines; null: as fast as they go."),
                "CampaignPace",
                {"segments": 600},
            ),
            (
                "lines",
                spoken("Have a campaign go over other lines"),
                spoken("From now on. An empty list: over those that it was launched with."),
                "CampaignLines",
                {"lines": ["claro-2"]},
            ),
            ("cancel", spoken("Cancel a campaign"), spoken("What has not left is withdrawn, for good."), None, {}),
            (
                "resend",
                spoken("Send part of a campaign again"),
                spoken("As a draft that names its origin; by default of those that failed."),
                "CampaignResend",
                {"states": ["failed", "undelivered"]},
            ),
        )
    ),
    Endpoint(
        *("GET", "/v1/campaigns/{campaign}/events", "listCampaignEvents", "campaign.events", spoken("List its events")),
        *("CampaignEvents", events),
        tag=TAG,
        parameters=(CAMPAIGN, ACCOUNT, CURSOR, LIMIT),
    ),
    Endpoint(
        *("GET", "/v1/campaigns/{campaign}/people", "listCampaignPeople", "campaign.people"),
        *(spoken("List whom a run reaches"), "CampaignPeople", people),
        description=spoken("In the order of its list, each with what became of the last message."),
        tag=TAG,
        parameters=(CAMPAIGN, ACCOUNT, RUN, REACHED, CURSOR, LIMIT),
    ),
    Endpoint(
        *("GET", "/v1/campaigns/{campaign}/left-out", "readLeftOut", "campaign.left_out"),
        *(spoken("Read the sheet of those whom a review leaves out"), "LeftOut", left_out),
        description=spoken("A stretch of it from `offset` on, in base64; an empty one at its end."),
        tag=TAG,
        parameters=(CAMPAIGN, ACCOUNT, OFFSET),
    ),
    Endpoint(
        *("GET", "/v1/lists", "listLists", "list.list", spoken("List the lists of people")),
        *("Lists", performed("list.list")),
        tag=TAG,
        parameters=(ACCOUNT, Q, CURSOR, LIMIT),
    ),
    Endpoint(
        *("POST", "/v1/lists", "createList", "list.create", spoken("Make a list of people")),
        *("List", in_account("list.create", 201, name="title")),
        description=spoken("Fixed, of an uploaded file that is read in the background; or live, of a filter."),
        tag=TAG,
        status=201,
        body="NewList",
        conflicts=True,
        parameters=(ACCOUNT,),
        examples={"one": {"name": "Zona 3", "filter": {"tags": ["zona-3"]}}},
    ),
    Endpoint(
        *("GET", "/v1/lists/{list}", "showList", "list.show", spoken("Show a list of people")),
        *("List", performed("list.show")),
        tag=TAG,
        parameters=(LIST, ACCOUNT),
    ),
    Endpoint(
        *("GET", "/v1/lists/{list}/members", "listMembers", "list.members", spoken("List the members of a fixed list")),
        *("Members", performed("list.members")),
        tag=TAG,
        parameters=(LIST, ACCOUNT, CURSOR, LIMIT),
    ),
    Endpoint(
        *("PATCH", "/v1/lists/{list}", "changeList", "list.set", spoken("Change a list of people"), "List"),
        *(performed("list.set", name="title"),),
        description=spoken("Its name; of a live one its filter, too."),
        tag=TAG,
        body="ListChange",
        conflicts=True,
        parameters=(LIST, ACCOUNT),
        examples={"one": {"name": "Zona 3 y 4", "version": 1}},
    ),
    Endpoint(
        *("POST", "/v1/lists/{list}/archive", "archiveList", "list.archive", spoken("Put a list aside, or back")),
        *("List", performed("list.archive")),
        description=spoken("Campaigns that use it go on."),
        tag=TAG,
        body="ListArchived",
        conflicts=True,
        parameters=(LIST, ACCOUNT),
        examples={"one": {"archived": True}},
    ),
)
