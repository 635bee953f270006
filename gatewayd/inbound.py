"""How what comes in is judged and whose it is, by the configuration of the moment."""

from __future__ import annotations

from typing import Final

from gatewayd.config import Config
from gatewayd.contact.optout import judge, opt_out_words
from gatewayd.contact.said import Verdict
from gatewayd.store.commands import EndParts

PARTS_WAIT_MS: Final = 3 * 3_600_000
"""After the latest part of a long text: networks try again for hours, but an opt-out among the others must not wait."""


class InboundRules:
    """Follows a reloaded configuration: lines that go on judge by it, too."""

    def __init__(self, config: Config) -> None:
        self.take_over(config)

    def take_over(self, config: Config) -> None:
        self._default = config.inbox.default
        self._accounts = {line.name: line.inbox for line in config.lines if line.inbox is not None}
        self._words = opt_out_words(config.opt_out.words)

    def judge(self, text: str, subject: str = "") -> Verdict:
        """Returns whether a text says that its sender wants no more messages."""
        return judge(text, subject, self._words)

    def account(self, line: str) -> str | None:
        """Returns the account of what comes in by a line and answers nothing; None where there is none."""
        return self._accounts.get(line, self._default)

    def end_parts(self, now: int) -> EndParts:
        """Returns what keeps the long texts that will never be complete."""
        return EndParts(now - PARTS_WAIT_MS, self._accounts, self._default, self.judge, now)
