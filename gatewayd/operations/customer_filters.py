"""Filters of customers, as an operation is given them: judged, with what they need to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gatewayd.customers.filters import CustomerFilter, contacts_since, filter_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.zones import zone_of
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

_DAY_S = 86_400


def judged_filter(backend: Backend, given: Mapping[str, Any]) -> CustomerFilter:
    """Returns the filter that a document says. UsageError names the key that is wrong; days of contacts beyond those
    that messages are kept for would call people not contacted whom nobody remembers."""
    wanted = filter_of(given)
    kept = int(backend.config.retention.messages // _DAY_S)
    if wanted.not_contacted_days is not None and wanted.not_contacted_days > kept:
        raise UsageError(
            _("not contacted: messages are kept for {kept} days; of earlier contacts nothing is known").format(
                kept=kept
            )
        )
    return wanted


async def since_of(backend: Backend, account: str | None, wanted: CustomerFilter) -> int | None:
    """Returns from when on (ms) a contact keeps a customer out; None: the filter does not ask. NotFoundError."""
    if wanted.not_contacted_days is None or account is None:
        return None
    zone = await zone_of(backend, account)
    return contacts_since(wanted, datetime.fromtimestamp(backend.now() / 1000, zone).date(), zone)
