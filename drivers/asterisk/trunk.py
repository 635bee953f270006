"""What `gatewayd check` finds at the way out that a line dials: a trunk's endpoint, or a context of a dial plan."""

from __future__ import annotations

import re
from typing import Final

from drivers.asterisk.abilities import CODECS, context_version, missing_modules
from drivers.asterisk.ami import Connection
from drivers.base import Finding, spoken

CONTEXTS_MAX: Final = 50
"""Contexts that include one another are followed so far."""


class TrunkExamination:
    """One look at what `dial` names; nobody is called for it."""

    def __init__(self, connection: Connection, dial: str) -> None:
        self._connection, self._dial = connection, dial
        self._found: list[Finding] = []

    def _tell(self, key: str, message: str, remedy: str, **values: str) -> None:
        self._found.append(Finding(key, message, remedy, values))

    async def findings(self) -> list[Finding]:
        """Raises LinkError."""
        technology, _, rest = self._dial.partition("/")
        if technology.upper() == "LOCAL":
            context = rest.partition("@")[2].partition("/")[0]
            if context and await context_version(self._connection, context) is None:
                self._tell(
                    "dial",
                    spoken("Asterisk knows no context [{context}]"),
                    spoken("name a context that leads to your trunks"),
                    context=context,
                )
            elif context:
                await self._numbers(context)
        elif technology.upper() == "PJSIP":
            endpoint = (rest.partition("@")[2] or rest).partition("/")[0]
            answer = await self._connection.action("PJSIPShowEndpoint", {"Endpoint": endpoint})
            if not answer.success and "Unable to retrieve" in answer.message:
                self._tell(
                    "dial",
                    spoken("Asterisk knows no endpoint {endpoint}"),
                    spoken("name one of pjsip.conf, or one of: asterisk -rx 'pjsip show endpoints'"),
                    endpoint=endpoint,
                )
            elif answer.success:
                await self._codecs(endpoint)
                await self._registered(endpoint)
        return self._found

    async def _numbers(self, context: str) -> None:
        """Whether the context, or one that it includes, has an extension that a telephone number can be."""
        seen: set[str] = set()
        waiting = [context]
        while waiting and len(seen) < CONTEXTS_MAX:
            name = waiting.pop()
            seen.add(name)
            answer = await self._connection.action("ShowDialPlan", {"Context": name})
            if not answer.success:
                if "Did not find" not in answer.message:
                    return  # may not be asked: believe it
                continue
            answer = await self._connection.action("ShowDialPlan", {"Context": name}, listing=True)
            for event in answer.events:
                if event["includecontext"]:
                    waiting += [event["includecontext"]] if event["includecontext"] not in seen else []
                elif event["switch"] or re.match(r"_|\+?\d", event["extension"]):
                    return
        self._tell(
            "dial",
            spoken("no extension of the context [{context}] is a telephone number"),
            spoken("name the context that your telephones dial from, or give it a pattern such as _X."),
            context=context,
        )

    async def _registered(self, endpoint: str) -> None:
        """Whether the provider knows us and answers, where Asterisk registers there or asks."""
        answer = await self._connection.action("PJSIPShowEndpoint", {"Endpoint": endpoint}, listing=True)
        contacts = [event for event in answer.events if event.name == "ContactStatusDetail"]
        hosts = {_host(event["uri"]) for event in contacts} - {""}
        if contacts and all(event["status"] in {"Unreachable", "Removed"} for event in contacts):
            self._tell(
                "dial",
                spoken("nothing answers at the address of the endpoint {endpoint}"),
                spoken("check its address in pjsip.conf, the network, and: asterisk -rx 'pjsip show contacts'"),
                endpoint=endpoint,
            )
        answer = await self._connection.action("PJSIPShowRegistrationsOutbound")
        if not answer.success:
            return  # nothing registers anywhere
        answer = await self._connection.action("PJSIPShowRegistrationsOutbound", listing=True)
        for event in answer.events:
            ours = event["endpoint"] == endpoint or _host(event["serveruri"]) in hosts
            if event.name == "OutboundRegistrationDetail" and ours and event["status"] != "Registered":
                self._tell(
                    "dial",
                    spoken("the trunk {endpoint} is not registered: {status}"),
                    spoken("check its user and password in pjsip.conf, and: asterisk -rx 'pjsip show registrations'"),
                    endpoint=endpoint,
                    status=event["status"] or "-",
                )

    async def _codecs(self, endpoint: str) -> None:
        answer = await self._connection.action("PJSIPShowEndpoint", {"Endpoint": endpoint}, listing=True)
        allowed = next((event["allow"] for event in answer.events if event.name == "EndpointDetail"), "")
        wanted = [CODECS[name] for name in re.findall(r"\w+", allowed) if name in CODECS]
        # One that we have no module's name for is believed to work.
        if not wanted or len(wanted) < len(re.findall(r"\w+", allowed)):
            return
        missing = await missing_modules(self._connection, wanted)
        if len(missing) == len(wanted):
            self._tell(
                "dial",
                spoken("the endpoint {endpoint} allows {codecs}, and Asterisk has loaded none of: {modules}"),
                spoken("load one of the modules, or allow another codec in pjsip.conf"),
                endpoint=endpoint,
                codecs=allowed.strip("()"),
                modules=", ".join(missing),
            )


def _host(uri: str) -> str:
    """The host of a SIP address: `sip:user@host:5060;transport=udp`."""
    return re.split(r"[:;>]", uri.partition("sip:")[2].rpartition("@")[2] or "", maxsplit=1)[0].lower()
