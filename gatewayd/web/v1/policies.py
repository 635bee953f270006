"""Rules for claims: read, written, tried; what their runs would do, did and decided; what they achieve."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.bills import OF_CUSTOMER
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.customers import CUSTOMER
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.house import in_account
from gatewayd.web.v1.policy_schemas import DAY, RULE_NAME
from gatewayd.web.words import spoken

TAG: Final = spoken("Collections")
POLICY: Final = Parameter("policy", forms.named(RULE_NAME), spoken("The rule's name."), "path")
_ONE: Final = "/v1/policies/{policy}"
_RULE: Final[dict[str, Any]] = {
    "levels": [
        {"id": "aviso", "days": -3, "name": "Aviso", "channels": ["email"], "templates": {"email": "por-vencer"}},
        {"id": "primero", "days": 5, "name": "Primer reclamo", "templates": {"sms": "reclamo"}},
        {"id": "corte", "days": 30, "name": "suspension_due", "action": "event"},
    ],
    "tolerance_days": 3,
    "minimums": {"ARS": "500"},
    "hour": "10:00",
}


async def policies(call: Call) -> Response:
    return answer(await call.ask("policy.list", **_words(call, "archived")))


def _words(call: Call, *flags: str) -> dict[str, Any]:
    """Returns the query, its flags as such."""
    return {name: value == "true" if name in flags else value for name, value in call.query.items()}


async def standing(call: Call) -> Response:
    return answer(await call.ask("collections.show", **call.query))


async def run(call: Call) -> Response:
    return answer(await call.ask("collections.run"), 202)


async def effectiveness(call: Call) -> Response:
    return answer(await call.ask("effectiveness.show", **call.query))


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/policies", "listPolicies", "policy.list", spoken("List the rules for claims"), "Policies"),
        *(policies,),
        description=spoken("The company's first."),
        tag=TAG,
        parameters=(
            ACCOUNT,
            Parameter("archived", {"enum": ["true", "false"], "default": "false"}, spoken("Those put aside as well.")),
        ),
    ),
    Endpoint(
        *("GET", _ONE, "showPolicy", "policy.show", spoken("Show a rule"), "Policy", in_account("policy.show")),
        description=spoken("With all its versions."),
        tag=TAG,
        parameters=(POLICY, ACCOUNT),
    ),
    Endpoint(
        *("PUT", _ONE, "savePolicy", "policy.save", spoken("Write a rule"), "Policy", in_account("policy.save")),
        description=spoken(
            "It holds from now on. Levels keep their `id`, so that nobody is claimed twice for one, however often the"
            " rule is saved. `version` is the one that was seen."
        ),
        tag=TAG,
        body="NewPolicy",
        parameters=(POLICY, ACCOUNT),
        conflicts=True,
        examples={"rule": {"document": _RULE}, "nothing": {"document": {"nothing": True}}},
    ),
    Endpoint(
        *("POST", f"{_ONE}/archive", "archivePolicy", "policy.archive", spoken("Put a rule aside"), "PolicyState"),
        *(in_account("policy.archive"),),
        description=spoken("It is nobody's any more. What was decided by it stays; written anew, it holds again."),
        tag=TAG,
        parameters=(POLICY, ACCOUNT),
    ),
    Endpoint(
        *("POST", f"{_ONE}/try", "tryPolicy", "policy.try", spoken("Try a rule before it is saved"), "PolicyTrial"),
        *(in_account("policy.try"),),
        description=spoken(
            "A worked calendar of a sample invoice, how many people would move from one level to another, and how many"
            " would be contacted today. Writes nothing."
        ),
        tag=TAG,
        body="TriedPolicy",
        parameters=(POLICY, ACCOUNT),
        examples={"calendar": {"document": _RULE, "due": "2026-12-10", "people": False}},
    ),
    Endpoint(
        *("PUT", "/v1/customers/{customer}/policy", "givePolicy", "policy.give"),
        *(spoken("Give a customer a rule of its own"), "CustomerPolicy", in_account("policy.give")),
        description=spoken("Before that of any audience; null: none of its own."),
        tag=TAG,
        body="GivenPolicy",
        parameters=(CUSTOMER, ACCOUNT),
        examples={"none": {"policy": None}},
    ),
    Endpoint(
        *("GET", "/v1/collections", "showCollections", "collections.show", spoken("Show where everybody stands")),
        *("Collections", standing),
        description=spoken(
            "Customers by reason and level, the newest runs, and batches that wait for a person's word."
        ),
        tag=TAG,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/collections/simulation", "simulateCollections", "collections.simulate"),
        *(spoken("Say what the run of a day would do"), "Simulation", in_account("collections.simulate")),
        description=spoken(
            "Who would be claimed, by which rule and level, over which channel, with what in the text, and what it"
            " would cost. Writes nothing; `complete` is false where there was no time for everybody."
        ),
        tag=TAG,
        parameters=(Parameter("date", DAY, spoken("The day; today.")), ACCOUNT),
    ),
    Endpoint(
        *("POST", "/v1/collections/run", "runCollections", "collections.run", spoken("Look for what is due now")),
        *("WokenCollections", run),
        description=spoken("Facts that have changed, and runs whose hour has come; nobody is claimed twice by it."),
        tag=TAG,
        status=202,
    ),
    Endpoint(
        *("GET", "/v1/decisions", "listDecisions", "decision.list", spoken("List what was decided, and why")),
        *("Decisions", in_account("decision.list")),
        description=spoken(
            "Why a customer was claimed, or was not: of a `customer` all of it, else what holds now; the newest first."
        ),
        tag=TAG,
        parameters=(
            ACCOUNT,
            OF_CUSTOMER,
            Parameter("reason", forms.named("^[a-z_]{1,40}$"), spoken("Only those with this reason.")),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("GET", "/v1/reports/effectiveness", "reportEffectiveness", "effectiveness.show"),
        *(spoken("Report what claims achieve"), "Effectiveness", effectiveness),
        description=spoken(
            "Who paid within 3, 7 and 15 days of a contact, held against those who were left alone to compare with."
        ),
        tag=TAG,
        parameters=(
            ACCOUNT,
            Parameter(
                "by", {"enum": ["level", "channel", "template", "hour"], "default": "level"}, spoken("In groups.")
            ),
            Parameter(
                "days", {"type": "integer", "minimum": 1, "maximum": 366, "default": 60}, spoken("How far back.")
            ),
        ),
    ),
)
