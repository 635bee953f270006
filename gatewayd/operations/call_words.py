"""Calls that would say an amount to whoever picks up, or to a machine: said before anybody is called."""

from __future__ import annotations

import json
from functools import partial
from operator import methodcaller

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.operations.ports import Backend
from gatewayd.store.campaigns import templates
from gatewayd.values import call_amounts
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language
from spool import stored
from spool.document import JobDocument, parse
from spool.errors import JobFileError


def said_early(document: JobDocument) -> str | None:
    """Returns what is wrong with a job that calls, in the language of who asks; None: it says no amount too early."""
    place = call_amounts.early(document.text, document.call) if document.channel == "call" else None
    return None if place is None else JobFileError("value_invalid", "value_amount_early", field=place).text(language())


async def calls_are_discreet(backend: Backend, account: str, document: CampaignDocument) -> None:
    """Raises UsageError where a call of a campaign says an amount too early, NotFoundError without a template."""
    for place, rung in enumerate(document.ladder):
        if rung.channel != "call":
            continue
        field, content = f"ladder[{place}]", None
        if rung.template is not None:
            field = _("the template {template}").format(template=rung.template)
            question = partial(
                templates.version_of,
                account=account,
                name=rung.template,
                version=rung.version,
                channel=rung.channel,
            )
            content = (await backend.read(methodcaller("ask", question))).content
        try:
            own = {"job": "c", "channel": rung.channel, **(rung.content or {}), "recipients": [{"to": "-"}]}
            sentence = said_early(
                parse(json.dumps(own, ensure_ascii=False).encode(), "c.json")
                if content is None
                else stored.judged(rung.channel, content)
            )
        except JobFileError:
            continue  # its review says what is wrong
        if sentence is not None:
            raise UsageError(f"{field}: {sentence}")
