"""What a job says beyond a text, as lines and outcomes need it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gatewayd.outcomes import Retries, Retry
from gatewayd.store.commands import Work


def options(work: Work, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job's own part (`call`, `email` …), and `texts`: its further templates, rendered for this recipient."""
    rendered = json.loads(work.detail or "{}").get("options", {})
    return {key: content[key] for key in ("call", "email") if key in content} | {"texts": rendered}


def retries(content: Mapping[str, Any]) -> Retries:
    """A call's rules by disposition."""
    rules = (content.get("call") or {}).get("retries") or {}
    return {disposition: Retry(rule["times"], rule["pause_s"]) for disposition, rule in rules.items()}
