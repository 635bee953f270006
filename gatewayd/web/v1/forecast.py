"""When a campaign, or so many messages, will begin and end."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, Endpoint, Parameter
from gatewayd.web.v1.forms import DIGITS, named
from gatewayd.web.v1.house import account_of
from gatewayd.web.words import spoken

TAG: Final = spoken("Forecasts")
CAMPAIGN: Final = Parameter("campaign", named(DIGITS), spoken("The campaign's number."), "path")


async def load(call: Call) -> Response:
    return answer(await call.ask("forecast.show", account=await account_of(call), **call.body))


async def campaign(call: Call) -> Response:
    number = max(1, int(call.path["campaign"]))
    return answer(await call.ask("campaign.forecast", campaign=number, **call.query))


ENDPOINTS: Final = (
    Endpoint(
        *("POST", "/v1/forecast", "forecastLoad", "forecast.show", spoken("Forecast a load")),
        *("Forecast", load),
        description=spoken(
            "When so many messages would begin and end over the lines as they are, what limits it, and what would"
            " change that. Nothing is recorded. `low` and `high` hold in nine cases of ten; without an `end` some"
            " would never go as things are, and `stops` says when the last one goes that can."
        ),
        tag=TAG,
        body="NewForecast",
        parameters=(ACCOUNT,),
        examples={"one": {"people": 2000, "channel": "sms"}},
    ),
    Endpoint(
        *("POST", "/v1/campaigns/{campaign}/forecast", "forecastCampaign", "campaign.forecast"),
        *(spoken("Forecast a campaign"), "Forecast", campaign),
        description=spoken("Of a draft by its people and words, of a running one by what waits. Nothing is recorded."),
        tag=TAG,
        parameters=(CAMPAIGN, ACCOUNT),
    ),
)
