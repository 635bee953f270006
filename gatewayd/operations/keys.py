"""Sealing all secrets of the store anew, once there is a new key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Final

from gatewayd.credentials.vault import Vault, VaultError
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend
from gatewayd.operations.secondfactor import place_of
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import Change, Changed
from gatewayd.store.settings import sealed
from gatewayd.store.settings.sealed import Sealed
from gatewayd.values.actor import Actor
from gatewayd.values.added_lines import secret_place
from gatewayd.webhooks.signature import sealed_for

PORTION: Final = 20


class Reseal(Operation):
    """Seals with the newest key what older ones sealed. Cut short anywhere it goes on when it is asked again: what is
    not sealed anew yet opens with its own key, which stays in the file."""

    name: ClassVar[str] = "key.reseal"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        known: Sequence[Sealed] = await backend.read(lambda reader: reader.ask(sealed.sealed))
        older = [one for one in known if not backend.vault.is_fresh(one.text)]
        done, lost = 0, []
        for start in range(0, len(older), PORTION):
            anew, unread = await asyncio.to_thread(_anew, backend.vault, older[start : start + PORTION])
            lost += unread
            changed = await backend.execute(Change(partial(_write, anew), by.name))
            done += changed.answer
            hit("key.resealed")
        return {"resealed": done, "fresh": len(known) - len(older), "lost": lost}


def _anew(vault: Vault, some: Sequence[Sealed]) -> tuple[list[tuple[Sealed, str]], list[str]]:
    """Returns secrets as the newest key seals them, and the names of those that do not open any more."""
    anew, lost = [], []
    for one in some:
        place = _place(one)
        try:
            anew.append((one, vault.seal(vault.open(one.text, place), place)))
        except VaultError:
            lost.append(place)
    return anew, lost


def _place(one: Sealed) -> str:
    """Returns the place that a secret is sealed for."""
    if one.kind == "line":
        return secret_place(*one.row)
    return sealed_for(one.owner) if one.kind == "webhook" else place_of(one.row[0])


def _write(anew: Sequence[tuple[Sealed, str]], unit: Any) -> Changed[int]:
    done = sum(sealed.replace(unit.session, one, text) for one, text in anew)
    return Changed(done, None, {"resealed": done})
