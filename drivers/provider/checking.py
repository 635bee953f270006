"""What can be said of a provider's line before anything is sent. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from drivers.base import Finding, spoken
from drivers.provider.block import BlockPlan
from drivers.provider.options import ProviderOptions, effective
from drivers.provider.plan import Plan

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check(options: ProviderOptions) -> list[Finding]:
    """Raises `MisconfiguredError` for keys that cannot work at all."""
    whole = effective(options)
    plan = Plan(whole)
    if whole.block is not None:
        BlockPlan(plan, whole.block)
    findings = []
    if not plan.can_accept:
        findings.append(
            Finding(
                "rules",
                spoken("no rule says which answer means accepted: every message would end in doubt"),
                spoken("add one, as {example}"),
                {"example": '{ json = "$.status", matches = "ok", result = "accepted" }'},
            )
        )
    if not (plan.send_shape.url.names | _said(plan)) & {"number", "to"}:
        findings.append(
            Finding(
                "url",
                spoken("the request names no destination"),
                spoken("put {variable} into url, query, form or json"),
                {"variable": "{number}"},
            )
        )
    parts = urlsplit(whole.url or "")
    secret = whole.password is not None or whole.key is not None
    if parts.scheme == "http" and secret and (parts.hostname or "") not in _LOOPBACK:
        findings.append(
            Finding(
                "url",
                spoken("password or key travel in the clear"),
                spoken("use https, unless it is one's own network"),
            )
        )
    password = whole.password.get_secret_value() if whole.password is not None else ""
    if password and plan.password is not None and plan.password.match(password) is None:
        what = spoken("the provider may not take a password of such characters")
        remedy = spoken("change it to one that fits {pattern}")
        findings.append(Finding("password", what, remedy, {"pattern": plan.password.regex.pattern}))
    return findings


def _said(plan: Plan) -> frozenset[str]:
    """Variables that the send's request mentions outside its path."""
    shape = plan.send_shape
    names: set[str] = set()
    for pairs in (shape.query, shape.form):
        for _, template in pairs.pairs if pairs is not None else ():
            names |= template.names
    if shape.body is not None:
        names |= shape.body.names
    if shape.json is not None:
        names |= shape.json.names
    return frozenset(names)
