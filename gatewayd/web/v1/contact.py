"""When and how often people may be contacted: rules, presets, a year of them."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.contact.classes import MessageClass
from gatewayd.contact.presets import PRESETS
from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.house import account_of
from gatewayd.web.words import spoken

TAG: Final = spoken("Rules of contact")
CLASS: Final = Parameter("class", {"enum": [str(one) for one in MessageClass]}, spoken("What the message is for."))


async def rules(call: Call) -> Response:
    return answer(await call.ask("contact.rules", **call.query))


async def keep(call: Call) -> Response:
    return answer(await call.ask("contact.set", account=await account_of(call), **call.body))


async def presets(call: Call) -> Response:
    return answer(await call.ask("contact.presets"))


async def year(call: Call) -> Response:
    wanted: dict[str, Any] = dict(call.query)
    if "class" in wanted:
        wanted["message_class"] = wanted.pop("class")
    return answer(await call.ask("contact.year", **wanted))


async def waiting(call: Call) -> Response:
    return answer(await call.ask("contact.waiting", **call.query))


async def why(call: Call) -> Response:
    wanted: dict[str, Any] = {**call.query, "account": await account_of(call)}
    if "class" in wanted:
        wanted["message_class"] = wanted.pop("class")
    return answer(await call.ask("contact.why", **wanted))


async def evidence(call: Call) -> Response:
    return answer(await call.ask("evidence.list", **{**call.query, "account": await account_of(call)}))


CUSTOMER: Final = Parameter("customer", forms.text(200, least=1), spoken("A customer, by its external id."))
NUMBER: Final = Parameter(
    "number", forms.text(2048, least=1), spoken("A number or address, and the person whose it is.")
)

ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/contact-rules/waiting", "listKeptBack", "contact.waiting", spoken("Show what rules keep back")),
        *("KeptBack", waiting),
        description=spoken("Messages that wait for hours or caps, with the moment when the first may go."),
        tag=TAG,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *(
            "GET",
            "/v1/contact-rules/verdict",
            "showContactVerdict",
            "contact.why",
            spoken("May a person be contacted now"),
        ),
        *("ContactVerdict", why),
        description=spoken("Over a channel, and why not. Name a customer or a number."),
        tag=TAG,
        parameters=(
            ACCOUNT,
            CUSTOMER,
            NUMBER,
            CLASS,
            Parameter("channel", {"enum": forms.CHANNELS}, spoken("Default: sms.")),
        ),
    ),
    Endpoint(
        *("GET", "/v1/evidence", "listEvidence", "evidence.list", spoken("List evidence of contacts")),
        *("Evidence", evidence),
        description=spoken("Why each message of a person went or was kept back, the newest first."),
        tag=TAG,
        parameters=(
            ACCOUNT,
            CUSTOMER,
            NUMBER,
            Parameter("since", forms.TIME, spoken("From this time on.")),
            Parameter("until", forms.TIME, spoken("Before this time.")),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("GET", "/v1/contact-rules", "showContactRules", "contact.rules", spoken("Show the rules of contact")),
        *("ContactRules", rules),
        description=spoken("As a document and as sentences, with whether it is open now for each class."),
        tag=TAG,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("PUT", "/v1/contact-rules", "setContactRules", "contact.set", spoken("Set an account's rules of contact")),
        *("ContactRules", keep),
        description=spoken(
            "In place of what the account said before; null leaves it to the gateway's file. `version` is the one that"
            " was looked at."
        ),
        tag=TAG,
        body="NewContactRules",
        conflicts=True,
        parameters=(ACCOUNT,),
        examples={"one": {"contact": {"preset": "ar-cautious", "caps": {"week": {"most": 2}}}}},
    ),
    Endpoint(
        *("GET", "/v1/contact-rules/presets", "listContactPresets", "contact.presets", spoken("List the presets")),
        *("ContactPresets", presets),
        description=spoken("Each with its law and sources. Engineering input, no legal advice."),
        tag=TAG,
    ),
    Endpoint(
        *("GET", "/v1/contact-rules/year", "showContactYear", "contact.year", spoken("Show a year of the rules")),
        *("ContactYear", year),
        description=spoken("Each day with its open slots, or why it is closed."),
        tag=TAG,
        parameters=(
            ACCOUNT,
            Parameter("year", {"type": "integer", "minimum": 2000, "maximum": 2100}, spoken("The year.")),
            CLASS,
            Parameter("preset", {"enum": list(PRESETS)}, spoken("Of this preset, whatever the account has set.")),
        ),
    ),
)
