"""A line's keys compiled once: messages in, requests out. Pure."""

from __future__ import annotations

import base64
import codecs
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

from pydantic import SecretStr

from drivers.base import Blame, MisconfiguredError, OutboundMessage, Refused, spoken
from drivers.base.plain_secrets import MASK, SECRET_NAMES
from drivers.http.answer import Request
from drivers.http.pattern import Pattern, TooLongError
from drivers.provider.answer import Finder, pattern
from drivers.provider.grammar import GrammarError
from drivers.provider.identity import foreign_id
from drivers.provider.options import Call, ProviderOptions
from drivers.provider.rules import Result, Rule, parse_rules
from drivers.provider.template import NAMES, Document, Pairs, Template

CALL_NAMES: Final = frozenset({"id"})


class UnsendableError(Exception):
    """The provider can never take this message; `reason` says why. Nothing was asked of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def refused(self) -> Refused:
        """Another line may have the alphabet, the length, the destination that this provider does not."""
        return Refused(self.reason, blame=Blame.PERSON, elsewhere=True)


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of request: where it goes and what it carries."""

    method: str
    url: Template
    query: Pairs
    form: Pairs | None
    json: Document | None
    body: Template | None
    headers: tuple[tuple[str, Template], ...]
    content_type: str
    charset: str

    def render(self, values: Mapping[str, Any], authorization: str | None) -> Request:
        """Raises `UnicodeEncodeError` for what the charset cannot say, `ValueError` for a number that is none."""
        url = self.url.url(values, self.charset)
        if self.query.pairs:
            query = self.query.encode(values, self.charset)
            if query:
                url += ("&" if "?" in url else "?") + query
        headers = {name: template.text(values) for name, template in self.headers}
        if authorization is not None:
            headers["Authorization"] = authorization
        body = None
        if self.form is not None:
            body = self.form.encode(values, self.charset).encode("ascii")
        elif self.json is not None:
            body = json.dumps(self.json.render(values), ensure_ascii=False, separators=(",", ":")).encode()
        elif self.body is not None:
            body = self.body.text(values).encode(self.charset)
        if body is not None:
            headers.setdefault("Content-Type", self.content_type)
        return Request(self.method, url, headers, body)


class Plan:
    """All that a line does, told by its effective keys. Raises `MisconfiguredError`, naming the key."""

    def __init__(self, options: ProviderOptions) -> None:
        self.options = options
        try:
            codecs.lookup(options.charset)
        except LookupError:
            raise GrammarError(spoken("no charset {charset}"), charset=options.charset).at("charset") from None
        self.rules: tuple[Rule, ...] = _checked("rules", lambda: parse_rules(options.rules))
        self.reference = _finder("id", options.id)
        self._characters = _pattern("characters", options.characters)
        self._number = _pattern("number_pattern", options.number_pattern)
        self.password = _pattern("password_pattern", options.password_pattern)
        self._replaced = str.maketrans(dict(options.replace))
        self._rewrites = [
            (_checked("number_rewrite", lambda text=each: pattern(text)), to) for each, to in options.number_rewrite
        ]
        self._fixed = {
            "user": options.user,
            "sender": options.sender,
            "device": options.device,
            "password": _secret(options.password),
            "key": _secret(options.key),
        }
        self._word = quote(_secret(options.hook_secret), safe="")
        """The secret of calls, as an address bears it."""
        self._authorization = self._authorize()
        if options.url is None:
            raise MisconfiguredError("url", spoken("the line names no provider; give url or preset"))
        self._url = options.url
        self._call = _checked("report.call", lambda: Template.parse(options.report.call, CALL_NAMES))
        self.send_shape = self._shape("", options.url, _asking(options), options.method)
        json_body = self.send_shape.json
        self._encoded = json_body is None and codecs.lookup(options.charset).name != "utf-8"
        """Whether the charset may lack a character of a message."""
        self._counts = json_body is not None and json_body.counts("number")
        self.poll_shape = self.call("poll_url", options.poll_url, options.report)
        self.inbox_shape = self.call("inbox_url", options.inbox_url, options.inbox)
        self.ack_shape = self.call("inbox.ack_url", options.inbox.ack_url, Call())
        self.balance_shape = self.call("balance_url", options.balance_url, options.balance)
        self.balance = _finder("balance.value", options.balance.value)

    @property
    def can_accept(self) -> bool:
        return any(rule.result is Result.ACCEPTED for rule in self.rules)

    def foreign_id(self, attempt: str) -> str:
        """Returns the id the provider knows this attempt by."""
        return foreign_id(attempt, self.options.id_alphabet, self.options.id_length)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the provider."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def reported(self) -> bool:
        """Whether anything is ever told of a message that was taken."""
        return self.poll_shape is not None or self.options.hook_secret is not None

    def send(self, message: OutboundMessage, *, masked: bool = False) -> Request:
        """Returns the request that sends `message`; raises `UnsendableError`. `masked`: as a person may see it."""
        values = self.values(message)
        try:
            return self.render(self.send_shape, values, masked)
        except UnicodeEncodeError:
            raise UnsendableError("characters") from None
        except ValueError:
            raise UnsendableError("number") from None

    def carries(self, message: OutboundMessage) -> str | None:
        """Returns why the provider can never take `message`, None where it can: what `send` would raise, sooner."""
        try:
            values = self.values(message)
            if self._encoded:
                "".join(values.values()).encode(self.options.charset)
            elif self._counts:
                int(values["number"])
        except UnsendableError as error:
            return error.reason
        except UnicodeEncodeError:
            return "characters"
        except ValueError:
            return "number"
        return None

    def values(self, message: OutboundMessage) -> dict[str, str]:
        """Returns what the templates' variables say of `message`; raises `UnsendableError`."""
        options = self.options
        text = message.text.translate(self._replaced)
        if options.text_max is not None and len(text) > options.text_max:
            raise UnsendableError("text_too_long")
        if self._characters is not None and not all(_match(self._characters, char) for char in set(text)):
            raise UnsendableError("characters")
        own = self.foreign_id(message.attempt)
        return {
            "number": self.number(message.address),
            "to": message.to,
            "text": text,
            "id": own,
            "report_url": self._report_url(own),
            "coding": "2" if message.encoding == "ucs2" else "0",
            "ttl": "" if message.valid_until is None else str(max(int(message.valid_until - time.time()), 1)),
        }

    def _report_url(self, own: str) -> str:
        """Returns where the provider shall call about the message; empty where it shall not."""
        options = self.options
        if not options.hook_url:
            return ""
        proof = f"{quote(options.hook_query, safe='')}={self._word}" if options.hook_query else ""
        return options.hook_url + "?" + "&".join(filter(None, (proof, self._call.text({"id": own}))))

    def ask(self, shape: Shape, values: Mapping[str, str]) -> Request:
        """Returns the request of a question: poll, inbox, acknowledgement, balance."""
        return self.render(shape, values, masked=False)

    def number(self, address: str) -> str:
        """Returns the destination as this provider writes it; raises `UnsendableError`."""
        for written, replacement in self._rewrites:
            match = _match(written, address)
            if match is not None:
                address = match.expand(replacement)
                break
        if self._number is not None and _match(self._number, address) is None:
            raise UnsendableError("number")
        return address

    def mask(self, text: str) -> str:
        """`text`, of a provider that may echo what it was told, without the line's secrets."""
        authorization = (self._authorization or "").partition(" ")[2]
        for secret in (self._fixed["password"], self._fixed["key"], authorization, self._word):
            if secret:
                text = text.replace(secret, MASK)
        return text

    def render(self, shape: Shape, values: Mapping[str, Any], masked: bool) -> Request:
        """Raises `UnicodeEncodeError` for what the charset cannot say, `ValueError` for a number that is none."""
        if not masked:
            return shape.render({**self._fixed, **values}, self._authorization)
        fixed = {name: MASK if name in ("password", "key") and value else value for name, value in self._fixed.items()}
        authorization = self._authorization and f"{self._authorization.partition(' ')[0]} {MASK}"
        shown = dict(values)
        if self._word and values.get("report_url"):
            shown["report_url"] = str(values["report_url"]).replace(self._word, MASK)
        request = shape.render({**fixed, **shown}, authorization)
        headers = {name: MASK if SECRET_NAMES.search(name) else value for name, value in request.headers.items()}
        if authorization:
            headers["Authorization"] = authorization
        body = request.body
        if body is not None and shape.form is not None:
            body = _without_secrets(body.decode()).encode()
        elif body is not None and shape.json is not None:
            body = json.dumps(_document_without_secrets(json.loads(body)), ensure_ascii=False).encode()
        base, mark, query = request.url.partition("?")
        url = re.sub(r"(?<=://)[^/@]*@", f"{MASK}@", base) + mark + _without_secrets(query)
        return Request(request.method, url, headers, body)

    # ------------------------------------------------------------------------------------------------------ compiling

    def _authorize(self) -> str | None:
        options = self.options
        if options.auth == "basic":
            secret = self._fixed["password"] or self._fixed["key"]
            if not secret:
                raise MisconfiguredError("password", spoken("auth = basic needs password or key"))
            return "Basic " + base64.b64encode(f"{options.user}:{secret}".encode()).decode()
        if options.auth == "bearer":
            if not self._fixed["key"]:
                raise MisconfiguredError("key", spoken("auth = bearer needs key"))
            return f"Bearer {self._fixed['key']}"
        return None

    def call(self, key: str, url: str | None, call: Call, names: Iterable[str] = NAMES) -> Shape | None:
        """The shape of a question at `url`, which may be relative to the line's own; None where there is none."""
        return None if url is None else self._shape(key, urljoin(self._url, url), call, None, names)

    def _shape(
        self,
        key: str,
        url: str,
        call: Call | ProviderOptions,
        method: str | None,
        names: Iterable[str] = NAMES,
    ) -> Shape:
        options = self.options
        own = call if isinstance(call, ProviderOptions) else None
        bodies = [name for name in ("form", "json_body", "body") if getattr(call, name, None) is not None]
        if len(bodies) > 1:
            raise MisconfiguredError(bodies[1].removesuffix("_body"), spoken("only one of form, json and body"))
        has_body = bool(bodies)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise MisconfiguredError(key or "url", spoken("an http or https address is needed"))
        return Shape(
            method=method or ("POST" if has_body else "GET"),
            url=_checked(key or "url", lambda: Template.parse(url, names)),
            query=_checked("query", lambda: Pairs.parse(call.query, names)),
            form=None if call.form is None else _checked("form", lambda: Pairs.parse(call.form or {}, names)),
            json=None if call.json_body is None else _checked("json", lambda: Document.parse(call.json_body, names)),
            body=None if own is None or own.body is None else _checked("body", lambda: Template.parse(own.body or "")),
            headers=_checked(
                "headers", lambda: tuple((name, Template.parse(text)) for name, text in options.headers.items())
            ),
            content_type=(own.content_type if own is not None and own.content_type else None)
            or ("application/x-www-form-urlencoded" if call.form is not None else None)
            or ("application/json" if call.json_body is not None else f"text/plain; charset={options.charset}"),
            charset=options.charset,
        )


def _asking(options: ProviderOptions) -> ProviderOptions:
    """Returns the keys of a send, with what asks the provider to call us about it."""
    if not options.hook_url or not options.report.ask:
        return options
    if options.form is not None:
        return options.model_copy(update={"form": {**options.form, **options.report.ask}})
    if isinstance(options.json_body, dict):
        return options.model_copy(update={"json_body": {**options.json_body, **options.report.ask}})
    return options.model_copy(update={"query": {**options.query, **options.report.ask}})


def _secret(value: SecretStr | None) -> str:
    return "" if value is None else value.get_secret_value()


def _checked(key: str, make: Any) -> Any:
    try:
        return make()
    except GrammarError as error:
        raise error.at(key) from None


def _finder(key: str, text: str | None) -> Finder | None:
    finder: Finder | None = None if text is None else _checked(key, lambda: Finder.parse(text))
    return finder


def _pattern(key: str, text: str | None) -> Pattern | None:
    found: Pattern | None = None if text is None else _checked(key, lambda: pattern(text))
    return found


def _match(wanted: Pattern | None, text: str) -> re.Match[str] | None:
    try:
        return None if wanted is None else wanted.match(text)
    except TooLongError:
        return None


def _without_secrets(query: str) -> str:
    pairs = []
    for pair in query.split("&"):
        name, mark, value = pair.partition("=")
        pairs.append(f"{name}{mark}{MASK if value and SECRET_NAMES.search(name) else value}")
    return "&".join(pairs).replace("%2A%2A%2A", MASK)


def _document_without_secrets(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: MASK if SECRET_NAMES.search(name) and each else _document_without_secrets(each)
                for name, each in value.items()
            }
        case list():
            return [_document_without_secrets(each) for each in value]
    return value
