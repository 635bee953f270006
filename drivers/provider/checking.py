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
                spoken("add one, such as {example}"),
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
    findings += _calls(options, whole)
    parts = urlsplit(whole.url or "")
    secret = whole.password is not None or whole.key is not None
    if parts.scheme == "http" and secret and (parts.hostname or "") not in _LOOPBACK:
        findings.append(
            Finding(
                "url",
                spoken("password or key travels in the clear"),
                spoken("use https, unless the network is your own"),
            )
        )
    password = whole.password.get_secret_value() if whole.password is not None else ""
    if password and plan.password is not None and plan.password.match(password) is None:
        what = spoken("the provider may not take a password of such characters")
        remedy = spoken("change it to one that fits {pattern}")
        findings.append(Finding("password", what, remedy, {"pattern": plan.password.regex.pattern}))
    return findings


def _calls(given: ProviderOptions, options: ProviderOptions) -> list[Finding]:
    """Returns what would keep the provider's calls from being understood; `given`: what the line says itself."""
    findings = []
    report = options.report
    if options.hook_secret is None:
        what, remedy = spoken("without hook_secret every call is refused"), spoken("give hook_secret, a long word")
        return [Finding(key, what, remedy) for key in ("hook_url", "hook_query") if getattr(given, key)]
    if options.hook_query and options.hook_proof == "hmac-sha256" and "hook_proof" in options.model_fields_set:
        what = spoken("calls prove themselves by a signature or by a word in their address, not by both")
        findings.append(Finding("hook_query", what, spoken("remove hook_query or hook_proof")))
    if report.states and report.reference is None and report.own is None and options.poll_url is None:
        what = spoken("no call names its message: every report would be dropped")
        remedy = spoken("say where a call names it: {example}")
        findings.append(Finding("report", what, remedy, {"example": 'reference = "$.id"'}))
    if not report.states and (report.reference is not None or report.own is not None):
        what = spoken('no word of the reports is known: every one would mean "not yet"')
        remedy = spoken("say what the provider's words mean: {example}")
        findings.append(Finding("report", what, remedy, {"example": 'states = { DELIVRD = "delivered" }'}))
    if "{id}" in report.call and report.own is None and report.by != "id":
        what = spoken("calls carry our id, and nothing says where")
        remedy = spoken("say where a call names it: {example}")
        findings.append(Finding("report.own", what, remedy, {"example": 'own = "$.id"'}))
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
