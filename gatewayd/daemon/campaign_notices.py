"""Mails to the people who run an account: a campaign has finished, was missed, or has come to a standstill."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.intake.reception import IntakeDesk
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.commands import CreateAccount
from gatewayd.store.people import users
from gatewayd.store.people.users import UserView
from gatewayd.values.actor import Role, Scope
from gatewayd.values.errors import ConflictError, GatewayError
from gatewayd.values.staff import ACCOUNT
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import speaking
from spool.document import parse
from spool.errors import JobFileError, SpoolError

log = structlog.get_logger()

FINISHED, MISSED, STUCK = "finished", "missed", "stuck"
TOLD: Final = frozenset({FINISHED, MISSED, STUCK})


class Notices:
    """Mails what happens to campaigns, by the way of every message: to the supervisors of the account, and to who
    launched the campaign. Where no line sends mails, nobody is told by mail."""

    def __init__(
        self, intake: IntakeDesk, *, ask: Callable[[Callable[..., Any]], Awaitable[Any]], now: Callable[[], int]
    ) -> None:
        self._intake = intake
        self._ask = ask
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()

    def told(self, campaign: Campaign, state: str, reason: str | None = None) -> None:
        """Something has happened to a campaign."""
        mails = any(line.driver == "smtp" and line.enabled for line in self._intake.config.lines)
        if state in TOLD and mails:
            task = asyncio.create_task(self._mail(campaign, state, reason), name=f"notice of campaign {campaign.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _mail(self, campaign: Campaign, state: str, reason: str | None) -> None:
        config = self._intake.config
        try:
            readers = await self._ask(partial(_readers, campaign=campaign))
            if readers:
                await self._prepare()
            for user, language in readers:
                with speaking(language):
                    job = _job(campaign, state, reason, user, now=self._now(), base_url=config.web.base_url)
                data = json.dumps(job, ensure_ascii=False).encode()
                document = parse(data, f"{job['job']}.json")
                await self._intake.submit(ACCOUNT, document, data, lambda _result: None)
        except (GatewayError, SpoolError, JobFileError, OSError) as error:
            log.error("a notice was not mailed", campaign=campaign.id, error=str(error))  # noqa: TRY400

    async def _prepare(self) -> None:
        """Makes the account of the gateway's own where it is missing."""
        await asyncio.to_thread(self._intake.spool.create_account, ACCOUNT, None)
        with suppress(ConflictError):
            currency = self._intake.config.tariff.currency
            await self._intake.writer.do(CreateAccount(ACCOUNT, currency, self._now()))


def _readers(connection: Any, *, campaign: Campaign) -> list[tuple[UserView, str | None]]:
    """Returns who is told, each with the language that they read."""
    found = [
        one
        for one in users.users(connection, scope=Scope.of(campaign.account))
        if one.mail and not one.disabled and (one.role is Role.SUPERVISOR or one.name == campaign.launched_by)
    ]
    return [(one, users.language_of(connection, number=one.id)) for one in found]


def _job(
    campaign: Campaign, state: str, reason: str | None, user: UserView, *, now: int, base_url: str | None
) -> Mapping[str, Any]:
    subject, text = _words(state)
    said = [text.format(campaign=campaign.name, account=campaign.account)]
    if reason:
        said.append(reason)
    if base_url is not None:
        said.append(f"{base_url.rstrip('/')}/campanas/{campaign.id}")
    return {
        "job": f"campaign-{campaign.id}-{state}-{user.id}-{now}",
        "channel": "email",
        "subject": subject.format(campaign=campaign.name).replace("%", "%%"),
        "text": "\n\n".join(said).replace("%", "%%"),
        "recipients": [{"to": user.mail}],
    }


def _words(state: str) -> tuple[str, str]:
    """Returns subject and text of a notice."""
    if state == FINISHED:
        return _("Campaign {campaign} has finished"), _(
            "All messages of campaign {campaign} of {account} have an outcome."
        )
    if state == MISSED:
        return _("Campaign {campaign} was missed"), _(
            "A run of campaign {campaign} of {account} did not begin at its time. Say whether it begins now or is left"
            " out."
        )
    return _("Campaign {campaign} has come to a standstill"), _(
        "No message of campaign {campaign} of {account} has left for a quarter of an hour, although some wait."
    )
