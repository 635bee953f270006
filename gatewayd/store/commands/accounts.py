"""Accounts and their credit."""

from __future__ import annotations

from dataclasses import dataclass

from gatewayd.store.commands.base import Command


@dataclass(frozen=True, slots=True)
class AccountInfo:
    id: int
    name: str
    currency: str
    balance: int
    held: int
    charged: int
    granted: int


@dataclass(frozen=True, slots=True)
class CreateAccount(Command[AccountInfo]):
    """ConflictError when the name is taken."""

    name: str
    currency: str
    now: int


@dataclass(frozen=True, slots=True)
class Credit(Command[AccountInfo]):
    """Grants, or withdraws when negative; InsufficientCreditError below zero. Wakes queues held for credit."""

    account: str
    amount: int
    now: int
    note: str = ""
