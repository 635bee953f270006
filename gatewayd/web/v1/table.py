"""All endpoints, in the order of the documentation."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1 import campaigns, contact, hooks, house, jobs, log, messages, people, streaming
from gatewayd.web.v1.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *jobs.ENDPOINTS,
    *messages.ENDPOINTS,
    *streaming.ENDPOINTS,
    *house.ENDPOINTS,
    *log.ENDPOINTS,
    *campaigns.ENDPOINTS,
    *contact.ENDPOINTS,
    *hooks.ENDPOINTS,
    *people.ENDPOINTS,
)
