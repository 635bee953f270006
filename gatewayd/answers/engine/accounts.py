"""Accounts as answers need to know them: what they let be answered, their language, their day."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from gatewayd.answers.settings import AnswerSettings
from gatewayd.config import Config
from gatewayd.store.accounts import language_in
from gatewayd.store.tickets import known


@dataclass(frozen=True, slots=True)
class Account:
    number: int
    name: str
    settings: AnswerSettings
    since: Mapping[str, int]
    company: str
    language: str
    zone: ZoneInfo
    region: str

    def day(self, at: int) -> date:
        """Returns the date that it is in the account's zone at an instant (Unix ms)."""
        return datetime.fromtimestamp(at / 1000, self.zone).date()


def read(session: Any, config: Config) -> dict[int, Account]:
    """Returns by number every account that has set what is answered."""
    return {row[0]: of_row(config, row) for row in known.accounts(session)}


def of_numbers(session: Any, config: Config, numbers: Collection[int]) -> dict[int, Account]:
    """Returns accounts by number, whether they have set anything or not."""
    return {row[0]: of_row(config, row) for row in known.accounts_of(session, numbers)} if numbers else {}


def of_row(config: Config, row: tuple[int, str, str | None, str | None, str | None]) -> Account:
    """Returns an account as the store has it; one that has set nothing answers nothing."""
    number, name, own, document, since = row
    given: Mapping[str, Any] = json.loads(own or "{}")
    return Account(
        number=number,
        name=name,
        settings=AnswerSettings() if document is None else _settings(document),
        since=json.loads(since or "{}"),
        company=str(given.get("company") or name),
        language=language_in(own) or config.locale,
        zone=ZoneInfo(str(given.get("zone") or config.timezone)),
        region=config.numbers.region,
    )


@lru_cache(maxsize=1024)
def _settings(document: str) -> AnswerSettings:
    """Reads settings as they are stored; the same ones are asked for with every portion."""
    return AnswerSettings.model_validate_json(document)


def max_age_ms(config: Config) -> int:
    """Returns how old what billing said may be for an amount to be named, where an account says nothing else."""
    return int(config.billing.max_age * 1000)
