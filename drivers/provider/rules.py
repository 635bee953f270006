"""What an answer means: rules in order, the status before the body. Pure.

A rule that gives neither `json` nor `body` judges by the status alone; one that gives no `status` holds for 2xx. What
no rule says is judged with the promise in mind: nothing is called sent that may not be, and nothing is called unsent
that may have left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from drivers.base import Blame, spoken
from drivers.http.answer import NOTHING, Answer
from drivers.provider.answer import NO_PATTERN, Path, said
from drivers.provider.grammar import GrammarError


class Result(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETRY = "retry"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Verdict:
    result: Result
    reason: str
    line_fault: bool = False
    """The account or the provider is to blame rather than this message."""
    retry_after_s: float | None = None

    @property
    def blame(self) -> Blame:
        return Blame.LINE if self.line_fault else Blame.PERSON


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; all it names must hold."""

    result: Result
    low: int = 200
    high: int = 299
    path: Path | None = None
    pattern: re.Pattern[str] | None = None
    """Matches all of the value at `path` (None there: it only has to exist), or else all of the body."""
    reason: str = ""
    line_fault: bool = False
    retry_after_s: float | None = None

    def holds(self, answer: Answer) -> bool:
        if not self.low <= answer.status <= self.high:
            return False
        if self.path is None and self.pattern is None:
            # By the status alone nothing becomes a success that reads like a page for people.
            return not (self.result is Result.ACCEPTED and (answer.html or answer.truncated))
        if self.path is not None:
            found = self.path.find(answer.json)
            if found is NOTHING:
                return False
            return self.pattern is None or self.pattern.fullmatch(said(found)) is not None
        assert self.pattern is not None
        return not answer.truncated and not answer.html and self.pattern.fullmatch(answer.text) is not None


_KEYS: Final = frozenset({"status", "json", "body", "matches", "result", "reason", "line_fault", "retry_after"})


def parse_rules(tables: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules from their tables; `GrammarError` says which one is wrong, and why."""
    rules = []
    for number, table in enumerate(tables, start=1):
        try:
            rules.append(_rule(table))
        except GrammarError as error:
            raise error.in_rule(number) from None
        except (ValueError, TypeError):
            raise GrammarError(spoken("a value that will not do")).in_rule(number) from None
    return tuple(rules)


def _rule(table: Mapping[str, Any]) -> Rule:
    if unknown := sorted(table.keys() - _KEYS):
        known = ", ".join(sorted(_KEYS))
        raise GrammarError(spoken("a rule knows no {key}, only: {known}"), key=unknown[0], known=known)
    if "result" not in table or table["result"] not in tuple(Result):
        raise GrammarError(spoken("a rule's result is one of: {known}"), known=", ".join(Result))
    if "json" in table and "body" in table:
        raise GrammarError(spoken("json or body, not both"))
    if "matches" in table and "json" not in table:
        raise GrammarError(spoken("matches belongs to json"))
    low, high = _span(table.get("status", "2xx"))
    pattern = table.get("matches", table.get("body"))
    try:
        compiled = None if pattern is None else re.compile(said(pattern), re.DOTALL)
    except re.error as error:
        raise GrammarError(NO_PATTERN, pattern=repr(pattern), fault=str(error)) from None
    pause = table.get("retry_after")
    return Rule(
        result=Result(table["result"]),
        low=low,
        high=high,
        path=Path.parse(said(table["json"])) if "json" in table else None,
        pattern=compiled,
        reason=str(table.get("reason", "")),
        line_fault=bool(table.get("line_fault", False)),
        retry_after_s=None if pause is None else float(pause),
    )


def _span(status: Any) -> tuple[int, int]:
    """`200`, `"2xx"`, `"500-599"`, `"any"`."""
    if isinstance(status, int) and 100 <= status <= 599:
        return status, status
    text = str(status)
    if text == "any":
        return 100, 599
    if re.fullmatch(r"[1-5]xx", text):
        return int(text[0]) * 100, int(text[0]) * 100 + 99
    if match := re.fullmatch(r"([1-5]\d\d)(?:-([1-5]\d\d))?", text):
        return int(match[1]), int(match[2] or match[1])
    raise GrammarError(spoken('status is a code, "2xx", "500-599" or "any", not {status}'), status=repr(status))


LINE_CODES: Final = {
    401: "unauthorized",
    402: "no_credit",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    407: "proxy_authentication",
}
"""Refusals of the account, the address or the way to it: they would meet every message alike, so the message rests and
the line is to blame. A provider that means the message by one of them gets a rule."""


def judge(rules: Sequence[Rule], answer: Answer, now: float) -> Verdict:
    """The verdict on the answer to a send; `now` is Unix time, for a `Retry-After` that is a date."""
    for rule in rules:
        if rule.holds(answer):
            pause = rule.retry_after_s
            if pause is None and rule.result is Result.RETRY:
                pause = answer.retry_after_s(now)
            reason = rule.reason or f"http_{answer.status}"
            return Verdict(rule.result, reason, rule.line_fault, pause)
    return _unsaid(answer, now)


def judge_word(rules: Sequence[Rule], word: str) -> Verdict | None:
    """The same of one word about one message; None where no rule knows it."""
    for rule in rules:
        if rule.path is None and rule.pattern is not None and rule.pattern.fullmatch(word):
            return Verdict(rule.result, rule.reason or "rejected", rule.line_fault, rule.retry_after_s)
    return None


def _unsaid(answer: Answer, now: float) -> Verdict:
    status = answer.status
    reason = f"http_{status}"
    if status in (408, 429):
        # The request was not received whole, or not let in: nothing was taken (RFC 9110 §15.5.9, RFC 6585 §4).
        return Verdict(Result.RETRY, reason, True, answer.retry_after_s(now))
    if status in LINE_CODES:
        return Verdict(Result.RETRY, LINE_CODES[status], True, answer.retry_after_s(now))
    if 400 <= status <= 499:
        return Verdict(Result.REFUSED, reason)
    if 200 <= status <= 299:
        if answer.truncated:
            return Verdict(Result.UNCERTAIN, "answer_too_long")
        return Verdict(Result.UNCERTAIN, "html_page" if answer.html else "answer_unknown")
    # A redirect, or a server that broke after it had the whole request: it may have been taken.
    return Verdict(Result.UNCERTAIN, reason)
