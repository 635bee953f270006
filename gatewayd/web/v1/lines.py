"""Lines: what each is doing, and those that administrators add."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1 import forms
from gatewayd.web.v1.endpoint import ACCOUNT, LINE, Endpoint, Parameter
from gatewayd.web.v1.house import performed
from gatewayd.web.words import spoken

KEY: Final = Parameter("key", forms.named("^[a-z][a-z0-9_]{0,63}$"), spoken("The secret's key: password, pin."), "path")
_TAG: Final = spoken("Lines")
_ONE: Final = "/v1/lines/{line}"

ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/lines", "listLines", "line.list", spoken("List lines"), "Lines", performed("line.list")),
        description=spoken("With what each is doing now."),
        tag=_TAG,
    ),
    Endpoint(
        *("GET", _ONE, "showLine", "line.show", spoken("Show a line"), "Line", performed("line.show")),
        tag=_TAG,
        parameters=(LINE,),
    ),
    Endpoint(
        *("POST", f"{_ONE}/enable", "enableLine", "line.enable", spoken("Enable a line"), "Line"),
        *(performed("line.enable"),),
        tag=_TAG,
        parameters=(LINE,),
    ),
    Endpoint(
        *("POST", f"{_ONE}/disable", "disableLine", "line.disable", spoken("Disable a line"), "Line"),
        *(performed("line.disable"),),
        description=spoken("Nothing more is sent over it."),
        tag=_TAG,
        parameters=(LINE,),
    ),
    Endpoint(
        *("POST", "/v1/lines", "addLine", "line.add", spoken("Add a line"), "Line"),
        *(performed("line.add", 201, name="line"),),
        description=spoken(
            "Its keys are those of a [[line]] table, but for secrets and what names files. It starts at once, or waits"
            " for the secrets that it lacks."
        ),
        tag=_TAG,
        status=201,
        body="NewLine",
        conflicts=True,
        examples={
            "phone": {
                "name": "celular-1",
                "driver": "android",
                "keys": {"app": "rest", "url": "192.168.1.20", "country_code": "54"},
            }
        },
    ),
    Endpoint(
        *("PATCH", _ONE, "changeLine", "line.set", spoken("Change a line"), "Line", performed("line.set")),
        description=spoken(
            "One that was added, not one of the file. null takes a key away. It goes on with them at once."
        ),
        tag=_TAG,
        body="LineChange",
        conflicts=True,
        parameters=(LINE,),
    ),
    Endpoint(
        *("PUT", f"{_ONE}/secrets/{{key}}", "setLineSecret", "line.secret", spoken("Set a secret of a line"), "Line"),
        *(performed("line.secret"),),
        description=spoken("It is kept sealed and never shown again; null takes it away."),
        tag=_TAG,
        body="LineSecret",
        conflicts=True,
        parameters=(LINE, KEY),
    ),
    Endpoint(
        *("DELETE", _ONE, "removeLine", "line.remove", spoken("Remove a line"), "", performed("line.remove", 204)),
        description=spoken("One that was added. What is in work over it ends first."),
        tag=_TAG,
        status=204,
        conflicts=True,
        parameters=(LINE,),
    ),
    Endpoint(
        *("POST", f"{_ONE}/test", "testLine", "line.test", spoken("Send one message over a line"), "Message"),
        *(performed("line.test", to="number"),),
        description=spoken("At the account's cost, and ahead of what waits."),
        tag=_TAG,
        body="LineTest",
        conflicts=True,
        parameters=(LINE, ACCOUNT),
    ),
    Endpoint(
        *("POST", f"{_ONE}/ask", "askLine", "line.ask", spoken("Ask a line"), "LineAnswer", performed("line.ask")),
        description=spoken("What its driver can ask: balance, ussd with its code as the argument."),
        tag=_TAG,
        body="LineQuestion",
        conflicts=True,
        parameters=(LINE,),
    ),
    Endpoint(
        *("GET", "/v1/devices", "discoverLines", "line.discover", spoken("Find devices without a line"), "Devices"),
        *(performed("line.discover"),),
        description=spoken("Modems with their make, IMEI, SIM and operator. Those of lines at work are left alone."),
        tag=_TAG,
    ),
)
