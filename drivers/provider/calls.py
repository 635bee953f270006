"""What a provider calls us for: reports and replies, by GET or POST, in the address or the body."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from drivers.base import Event, HookCall, HookRefusedError
from drivers.http.proof import prove, prove_token, prove_word
from drivers.provider.options import ProviderOptions
from drivers.provider.received import InboxReader, UnreadableError, call_document, pairs
from drivers.provider.reporting import Reporting

QUIET_S: Final = 60.0
"""Between two lines of the log about calls that say nothing."""


class Calls:
    """Reads the calls to one line. No I/O."""

    def __init__(self, line: str, options: ProviderOptions, reporting: Reporting, inbox: InboxReader) -> None:
        self._options, self._reporting, self._inbox = options, reporting, inbox
        self._quiet_until = 0.0
        self._log = structlog.get_logger("drivers.provider").bind(line=line)

    def read(self, call: HookCall) -> Sequence[Event]:
        """What the call tells; `HookRefusedError` names the status to answer with where it proves or says nothing."""
        headers = {name.lower(): value for name, value in call.headers.items()}
        query = pairs(call.query.encode("latin-1", "replace"), self._options.charset)
        self._prove(headers, query, call)
        query.pop(self._options.hook_query, None)
        try:
            document = call_document(headers, query, call.body, self._options.charset)
            now = time.time()
            reports = self._reporting.reader.of(document)
            if reports:
                return [self._reporting.of(each, now) for each in reports]
            received = list(self._inbox.of(document, now))
        except UnreadableError as error:
            raise HookRefusedError(400, error.reason) from None
        if not received:
            self._wonder(document)
        return received

    def _prove(self, headers: Mapping[str, str], query: Mapping[str, str], call: HookCall) -> None:
        options = self._options
        if options.hook_secret is None:
            raise HookRefusedError(403, "the line has no hook_secret")
        secret = options.hook_secret.get_secret_value()
        if options.hook_query:
            prove_word(query.get(options.hook_query, ""), call.body, secret=secret)
        elif options.hook_proof == "token":
            prove_token(headers, call.body, header=options.hook_header, secret=secret)
        elif call.method == "GET":
            raise HookRefusedError(403, "a GET has no body to sign: the line needs hook_query")
        else:
            prove(headers, call.body, header=options.hook_header, secret=secret)

    def _wonder(self, document: object) -> None:
        """A line in the log, now and then, with the names that a call bore: what it says is nobody's to read."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_S
            names = sorted(map(str, document))[:20] if isinstance(document, dict) else []
            self._log.warning("call holds neither report nor reply", names=names)
