"""The driver's own keys of a `[[line]]` table. A preset is a table of the same keys, kept as data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from drivers.base import spoken
from drivers.provider.grammar import GrammarError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(value: Any) -> Any:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|[smh])", value) if isinstance(value, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=86_400, allow_inf_nan=False)]
Texts = dict[str, str | int]


class Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Call(Keys):
    """How a question other than a send is asked; without `form` and `json` it is a GET."""

    query: Texts = {}
    form: Texts | None = None
    json_body: Annotated[Any, Field(alias="json")] = None


class ReportKeys(Call):
    """Where the answer of `poll_url`, or a hook's body, says what became of a message."""

    state: str = "$.status"
    """JSON path, or a pattern whose first group is the state."""
    states: dict[str, Literal["delivered", "read", "undelivered", "pending"]] = {}
    """The provider's word (any case) to ours; any other word is `pending`."""
    reason: str | None = None
    reference: str | None = None
    """Where a hook names the provider's id of the message; also where `by` is `id` and it names ours."""
    by: Literal["reference", "id"] = "reference"
    own: str | None = None
    """Where a hook names our id of the message."""
    to: str | None = None
    """Where a hook names the recipient."""
    items: str | None = None
    """Where a hook's list of reports is, if it brings several."""
    ask: Texts = {}
    """Pairs that join a send's query or form where `hook_url` is set: they ask the provider to call us."""
    call: str = ""
    """Template of the query that `{report_url}` bears: what the provider puts in by itself, and our `{id}`."""


class InboxKeys(Call):
    """Where a received message is in the answer of `inbox_url` or in a hook's body."""

    format: Literal["json", "tsv"] = "json"
    charset: str | None = None
    """Default: the line's."""
    items: str = "$"
    """The list of messages; an object is a list of one."""
    id: str = "$.id"
    sender: str = "$.from"
    text: str = "$.text"
    at: str | None = None
    """Unix time (s or ms), ISO 8601, or `at_format` (as strptime) in the line's `timezone`."""
    at_format: str | None = None
    to: str | None = None
    ack_url: str | None = None
    """Asked with `{reference}` once the message is durable."""


class BalanceKeys(Call):
    value: str = r"-?\d+(?:[.,]\d+)*"
    """JSON path or pattern of the balance in the answer."""


class ResultKeys(Call):
    """Where an answer about a block says what became of each of its messages."""

    format: Literal["json", "tsv"] = "json"
    items: str = "$"
    """The list of messages; an object is a list of one."""
    id: str = "$.id"
    """Where our id of the message is."""
    state: str = "$.status"
    """Where the word is that the rules judge."""
    rules: tuple[dict[str, Any], ...] = ()
    """What that word means, by `body` as of an answer; one that no rule knows means *not yet*."""


class BlockKeys(Call):
    """Several messages in one request."""

    url: str = ""
    row: str | dict[str, Any] = ""
    """One message: a text whose rows are joined by `join` and stand for `{rows}`, or a JSON object, `{rows}` then being
    the list of them."""
    join: str = "\n"
    most: Annotated[int, Field(ge=1, le=250)] = 50
    """Messages in one request; 1: none share one."""
    least: Annotated[int, Field(ge=2)] = 5
    """Fewer than that go by themselves: a request each."""
    gather: Seconds = 0.05
    """How long the first waits for company."""
    rules: tuple[dict[str, Any], ...] = ()
    """What the answer means for all of them; default: the line's rules."""
    answer: ResultKeys | None = None
    """Where that same answer tells of each, if it does."""
    result_url: str | None = None
    """Asked with `{id}` once the block is taken; `result` says how, and how to read the answer."""
    result: ResultKeys = ResultKeys()
    result_interval: Seconds = 1.0
    result_wait: Seconds = 60.0
    """Seconds until a message that was taken, but about which nothing is told, is `submitted` all the same."""


class ProviderOptions(Keys):
    """One account with one provider."""

    preset: str | None = None
    url: str | None = None
    method: Literal["GET", "POST", "PUT"] | None = None
    """Default: POST where there is a body, else GET."""
    user: str = ""
    password: SecretStr | None = None
    key: SecretStr | None = None
    password_pattern: str | None = None
    """What a password must look like for the provider to take it; another is told by `gatewayd check`."""
    sender: str = ""
    """`{sender}` of the templates: the number or name that messages come from."""
    device: str = ""
    """`{device}` of the templates."""
    auth: Literal["none", "basic", "bearer"] = "none"
    """`basic`: user with password, or else with key. `bearer`: key. Anything else goes into headers or templates."""
    query: Texts = {}
    form: Texts | None = None
    json_body: Annotated[Any, Field(alias="json")] = None
    body: str | None = None
    """Any other body, a template; with `content_type`."""
    content_type: str | None = None
    headers: dict[str, str] = {}
    charset: str = "utf-8"
    """Of URL, query and form. JSON is always UTF-8."""
    rules: tuple[dict[str, Any], ...] = ()
    """The line's own rules come before the preset's."""
    id: str | None = None
    """Where the provider's id of the message is: JSON path, or a pattern whose first group it is."""
    id_alphabet: Literal["alphanumeric", "digits", "hex", "uuid"] = "alphanumeric"
    id_length: Annotated[int, Field(ge=4, le=255)] = 64
    idempotent: bool = False
    """The provider takes each `{id}` once: after a lost answer the same request goes out again, and nothing is doubled.
    Only where the provider promises it; else a lost answer is `uncertain`."""
    number_rewrite: tuple[tuple[str, str], ...] = ()
    """Pattern of a whole number and its replacement; the first that matches is used."""
    number_pattern: str | None = None
    """What a number must look like then; any other is refused."""
    text_max: Annotated[int, Field(ge=1)] | None = None
    """Characters a text may have."""
    characters: str | None = None
    """Pattern of a character the provider takes."""
    replace: dict[Annotated[str, Field(min_length=1, max_length=1)], str] = {}
    """What is written for a character, where a person would rather have it so than refused."""
    capacity: Annotated[int, Field(ge=1, le=500)] = 8
    """Requests at once."""
    timeout: Seconds = 30.0
    """How long an answer may take, connecting included."""
    ca_file: Path | None = None
    """Certificates to trust in place of the system's, for a provider in one's own house."""
    block: BlockKeys | None = None
    poll_url: str | None = None
    poll_interval: Seconds = 20.0
    report: ReportKeys = ReportKeys()
    inbox_url: str | None = None
    inbox_interval: Seconds = 60.0
    inbox: Annotated[InboxKeys, Field(alias="replies")] = InboxKeys()
    """Written `replies` in a `[[line]]` table, where `inbox` names the account of any line."""
    balance_url: str | None = None
    balance: BalanceKeys = BalanceKeys()
    timezone: str = "UTC"
    """Of times the provider writes without an offset."""
    shared: bool = True
    """Whether other systems send over this account as well. Only where it is ours alone does a report that names no
    message we know, but its recipient, end the doubt of a message to that recipient."""
    hook_url: str = ""
    """Where the provider reaches us, as `https://gateway.example/hooks/LINE`."""
    hook_secret: SecretStr | None = None
    """What a hook must prove to know; without it hooks are refused."""
    hook_query: str = ""
    """Name of the pair in the address of a call whose value is `hook_secret`; in place of header and signature."""
    hook_answer: str = ""
    """What a call is answered with, for a provider that wants more than 200."""
    hook_header: str = "X-Signature"
    hook_proof: Literal["hmac-sha256", "token"] = "hmac-sha256"
    """HMAC-SHA256 of the raw body in hex, or the secret itself, in `hook_header`."""


@cache
def preset_names() -> tuple[str, ...]:
    return tuple(sorted(each.name[:-5] for each in _folder().iterdir() if each.name.endswith(".toml")))


@cache
def preset(name: str) -> Mapping[str, Any]:
    """Returns the table of a preset; raises `MisconfiguredError`."""
    if name not in preset_names():
        known = ", ".join(preset_names())
        raise GrammarError(spoken("no preset {name}; available: {known}"), name=name, known=known).at("preset")
    return tomllib.loads(_folder().joinpath(f"{name}.toml").read_text("utf-8"))


def _folder() -> Any:
    return files("drivers.provider.presets")


def effective(options: ProviderOptions) -> ProviderOptions:
    """The line's keys over those of its preset; tables are taken whole, but `rules` and tables of calls are joined.

    Raises `MisconfiguredError` where one without the other says nothing.
    """
    if options.preset is None:
        return options
    base = dict(preset(options.preset))
    given = _given(options)
    own_bodies = {"form", "json", "body", "query"} & given.keys()
    if own_bodies - {"query"}:
        for name in ("form", "json", "body"):
            base.pop(name, None)
    for name in ("block", "report", "inbox", "balance", "headers", "query"):
        if name in given and name in base:
            kept = base[name]
            if {"form", "json"} & given[name].keys():
                kept = {key: value for key, value in kept.items() if key not in ("form", "json")}
            given[name] = {**kept, **given[name]}
    given["rules"] = (*given.get("rules", ()), *base.get("rules", ()))
    return ProviderOptions.model_validate({**base, **given})


def _given(options: Keys) -> dict[str, Any]:
    """Returns the keys that somebody wrote, by the names they are written with; secrets stay secrets."""
    table = {}
    for name in options.model_fields_set:
        value = getattr(options, name)
        table["json" if name == "json_body" else name] = _given(value) if isinstance(value, Keys) else value
    return table
