"""All endpoints, in the order of the documentation."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1 import (
    bills,
    campaigns,
    claims,
    contact,
    customers,
    forecast,
    hooks,
    house,
    jobs,
    lines,
    log,
    messages,
    people,
    policies,
    reminders,
    stored_templates,
    streaming,
    tasks,
    tickets,
)
from gatewayd.web.v1.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *jobs.ENDPOINTS,
    *messages.ENDPOINTS,
    *streaming.ENDPOINTS,
    *stored_templates.ENDPOINTS,
    *lines.ENDPOINTS,
    *house.ENDPOINTS,
    *log.ENDPOINTS,
    *tickets.ENDPOINTS,
    *campaigns.ENDPOINTS,
    *contact.ENDPOINTS,
    *customers.ENDPOINTS,
    *bills.ENDPOINTS,
    *reminders.ENDPOINTS,
    *policies.ENDPOINTS,
    *claims.ENDPOINTS,
    *forecast.ENDPOINTS,
    *hooks.ENDPOINTS,
    *people.ENDPOINTS,
    *tasks.ENDPOINTS,
)
