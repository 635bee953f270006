"""When a campaign will begin and end, what limits it, and what would change that: a simulation of the lines as they
are. Pure: the same situation gives the same forecast, and nothing here knows a store or a clock."""

from __future__ import annotations

from gatewayd.campaigns.forecast.forecast import Forecast, Remedy, foresee
from gatewayd.campaigns.forecast.line import DEVICE_S, Line, LineState, quantiles
from gatewayd.campaigns.forecast.situation import Again, Batch, Hours, Others, Situation

__all__ = [
    "DEVICE_S",
    "Again",
    "Batch",
    "Forecast",
    "Hours",
    "Line",
    "LineState",
    "Others",
    "Remedy",
    "Situation",
    "foresee",
    "quantiles",
]
