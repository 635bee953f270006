"""What people and customers say about debts: novelties, promises, pauses, disputes; feeds; answers by the gateway."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.dunning.novelty import NOVELTY_KINDS
from gatewayd.web.v1 import forms
from gatewayd.web.v1.bills import OF_CUSTOMER
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.claim_schemas import PROMISE_STATES
from gatewayd.web.v1.customers import CUSTOMER
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Handler, Parameter
from gatewayd.web.v1.house import in_account
from gatewayd.web.v1.policy_schemas import DAY
from gatewayd.web.words import spoken

_COLLECTIONS: Final = spoken("Collections")
_FEEDS: Final = spoken("Bills and payments")
_ANSWERS: Final = spoken("Answers")
NOVELTY: Final = Parameter("novelty", forms.named(forms.DIGITS), spoken("The novelty's number."), "path")
PROMISE: Final = Parameter("promise", forms.named(forms.DIGITS), spoken("The promise's number."), "path")
PAUSE: Final = Parameter("pause", forms.named(forms.DIGITS), spoken("The pause's number."), "path")
FEED: Final = Parameter("feed", forms.named("^[^/\\u0000-\\u001f\\u007f]{1,64}$"), spoken("The feed's name."), "path")
INVOICE: Final = Parameter(
    "invoice",
    forms.named("^[^/\\u0000-\\u001f\\u007f]{1,200}$"),
    spoken("The invoice's id in your system."),
    "path",
)
_DUE: Final = Parameter("cursor", forms.text(40, least=1), spoken("The `next` of the page before."))
_DISPUTE: Final = "/v1/customers/{customer}/disputes/{invoice}"
_PAUSES: Final = "/v1/customers/{customer}/pauses"


def _numbered(operation: str, name: str) -> Handler:
    async def handle(call: Call) -> Response:
        said: dict[str, Any] = dict(call.body or {})
        return answer(await call.ask(operation, **{name: max(1, int(call.path[name]))}, **said))

    return handle


async def feeds(call: Call) -> Response:
    return answer(await call.ask("feed.list", **call.query))


async def notices(call: Call) -> Response:
    given: dict[str, Any] = dict(call.query)
    asked = given.pop("which", "waiting") == "waiting"
    return answer(await call.ask("notice.list", asked=asked, **given))


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/novelties", "listNovelties", "novelty.list", spoken("List novelties"), "Novelties"),
        *(in_account("novelty.list"),),
        description=spoken("What somebody is to do about a customer, the oldest day first; or what is done."),
        tag=_COLLECTIONS,
        parameters=(
            ACCOUNT,
            Parameter("state", {"enum": ["open", "done"], "default": "open"}, spoken("Which ones.")),
            Parameter("kind", {"enum": list(NOVELTY_KINDS)}, spoken("Only these.")),
            Parameter("due_by", DAY, spoken("That are to be done by this day.")),
            OF_CUSTOMER,
            _DUE,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/novelties", "addNovelty", "novelty.add", spoken("Write a novelty"), "Novelty"),
        *(in_account("novelty.add", 201),),
        description=spoken("What somebody is to do about a customer, from a day on."),
        tag=_COLLECTIONS,
        status=201,
        body="NewNovelty",
        parameters=(ACCOUNT,),
        examples={"note": {"customer": "C1", "text": "Llamar después de las 18"}},
    ),
    Endpoint(
        *("POST", "/v1/novelties/{novelty}/result", "endNovelty", "novelty.done", spoken("Say what came of a novelty")),
        *("Novelty", _numbered("novelty.done", "novelty")),
        description=spoken("With `next_date` it comes back on that day, as the novelty in `next`."),
        tag=_COLLECTIONS,
        body="NoveltyResult",
        parameters=(NOVELTY,),
        conflicts=True,
        examples={"talked": {"result": "talked", "note": "Paga el viernes"}},
    ),
    Endpoint(
        *("GET", "/v1/promises", "listPromises", "promise.list", spoken("List promises to pay"), "Promises"),
        *(in_account("promise.list"),),
        description=spoken("The newest first."),
        tag=_COLLECTIONS,
        parameters=(
            ACCOUNT,
            Parameter("state", {"enum": list(PROMISE_STATES)}, spoken("Only those in this state.")),
            OF_CUSTOMER,
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/promises", "addPromise", "promise.add", spoken("Write a promise to pay"), "Promise"),
        *(in_account("promise.add", 201),),
        description=spoken(
            "By a day within a year: all of it, or an amount. Claims wait until then, and what was on its way is"
            " withdrawn."
        ),
        tag=_COLLECTIONS,
        status=201,
        body="NewPromise",
        parameters=(ACCOUNT,),
        conflicts=True,
    ),
    Endpoint(
        *("POST", "/v1/promises/{promise}/withdraw", "withdrawPromise", "promise.withdraw"),
        *(spoken("Take a promise back"), "Promise", _numbered("promise.withdraw", "promise")),
        description=spoken("One that is pending: claims go on."),
        tag=_COLLECTIONS,
        parameters=(PROMISE,),
        conflicts=True,
    ),
    Endpoint(
        *("GET", _PAUSES, "listPauses", "pause.list", spoken("List a customer's pauses"), "Pauses"),
        *(in_account("pause.list"),),
        description=spoken("The newest first, those that are over too."),
        tag=_COLLECTIONS,
        parameters=(CUSTOMER, ACCOUNT),
    ),
    Endpoint(
        *("POST", _PAUSES, "addPause", "pause.add", spoken("Claim nothing from a customer for a while"), "Pause"),
        *(in_account("pause.add", 201),),
        description=spoken("A block (`blocked`, without `days` until it is lifted), or whoever says it has paid."),
        tag=_COLLECTIONS,
        status=201,
        body="NewPause",
        parameters=(CUSTOMER, ACCOUNT),
        examples={"block": {"note": "En juicio", "days": 30}},
    ),
    Endpoint(
        *("POST", "/v1/pauses/{pause}/lift", "liftPause", "pause.lift", spoken("End a pause"), "Pause"),
        *(_numbered("pause.lift", "pause"),),
        description=spoken("Claims go on."),
        tag=_COLLECTIONS,
        parameters=(PAUSE,),
        conflicts=True,
    ),
    Endpoint(
        *("PUT", _DISPUTE, "setDispute", "dispute.set", spoken("Say that an invoice is in dispute"), "Dispute"),
        *(in_account("dispute.set"),),
        description=spoken("It neither triggers a claim nor is listed in one, until a day or until the dispute ends."),
        tag=_COLLECTIONS,
        body="NewDispute",
        parameters=(CUSTOMER, INVOICE, ACCOUNT),
        conflicts=True,
        examples={"double": {"note": "Dice que se facturó dos veces"}},
    ),
    Endpoint(
        *("DELETE", _DISPUTE, "endDispute", "dispute.end", spoken("End the dispute about an invoice"), "Dispute"),
        *(in_account("dispute.end"),),
        description=spoken("It is claimed as any other."),
        tag=_COLLECTIONS,
        parameters=(CUSTOMER, INVOICE, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("GET", "/v1/feeds", "listFeeds", "feed.list", spoken("List feeds"), "Feeds", feeds),
        description=spoken("Databases that bills and payments are read from, how old that is, and the last fault."),
        tag=_FEEDS,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/feeds/{feed}", "showFeed", "feed.show", spoken("Show a feed"), "Feed", in_account("feed.show")),
        tag=_FEEDS,
        parameters=(FEED, ACCOUNT),
    ),
    Endpoint(
        *("POST", "/v1/feeds/{feed}/run", "runFeed", "feed.run", spoken("Have a feed read now"), "Feed"),
        *(in_account("feed.run", 202),),
        description=spoken("It is read in the background: show the feed to see how it went."),
        tag=_FEEDS,
        status=202,
        parameters=(FEED, ACCOUNT),
    ),
    Endpoint(
        *("GET", "/v1/answers", "showAnswers", "answers.show", spoken("Show what is answered without a person")),
        *("Answers", in_account("answers.show")),
        description=spoken("Each kind with its switch and words; `defaults` are those of what has none of its own."),
        tag=_ANSWERS,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("PATCH", "/v1/answers", "changeAnswers", "answers.set", spoken("Change what is answered without a person")),
        *("Answers", in_account("answers.set")),
        description=spoken(
            "Only what is named, key by key within each kind. Answers speak of what happens from then on."
        ),
        tag=_ANSWERS,
        body="AnswersChange",
        conflicts=True,
        parameters=(ACCOUNT,),
        examples={"debt": {"debt": {"on": True, "words": ["saldo", "deuda"]}}},
    ),
    Endpoint(
        *("POST", "/v1/answers/try", "tryAnswer", "answers.try", spoken("Say what a text would be answered")),
        *("TrialAnswer", in_account("answers.try")),
        description=spoken("From an address, by the facts as they are. Nothing is done and nothing is sent."),
        tag=_ANSWERS,
        body="NewTrialText",
        parameters=(ACCOUNT,),
        examples={"balance": {"text": "SALDO", "address": "+5491159876543"}},
    ),
    Endpoint(
        *("GET", "/v1/notices", "listNotices", "notice.list", spoken("List batches of notices to many"), "Notices"),
        *(notices,),
        description=spoken("Thanks and mails that would reach many at once wait for a person's word, in the panel."),
        tag=_ANSWERS,
        parameters=(
            ACCOUNT,
            Parameter("which", {"enum": ["waiting", "all"], "default": "waiting"}, spoken("Which of them.")),
        ),
    ),
)
