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

from drivers.base import Blame, NotSent, Refused, spoken
from drivers.http.answer import NOTHING, Answer
from drivers.http.pattern import Pattern, TooLongError
from drivers.http.verdict import LINE_CODES, MOVED, TOO_LARGE
from drivers.provider.answer import Path, pattern, said
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
    blame: Blame = Blame.EITHER
    retry_after_s: float | None = None
    elsewhere: bool = False
    """Whether it is only this provider that cannot carry the message."""

    @property
    def refused(self) -> Refused:
        return Refused(self.reason, blame=self.blame, elsewhere=self.elsewhere)

    @property
    def not_sent(self) -> NotSent:
        return NotSent(self.reason, self.retry_after_s, blame=self.blame)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; all it names must hold."""

    result: Result
    low: int = 200
    high: int = 299
    path: Path | None = None
    pattern: Pattern | None = None
    """Matches all of the value at `path` or of `header` (None there: it only has to exist), or else all of the body."""
    reason: str = ""
    blame: Blame = Blame.EITHER
    retry_after_s: float | None = None
    elsewhere: bool = False
    header: str | None = None
    """Name of a header, in lower case."""

    def holds(self, answer: Answer) -> bool:
        """Raises `TooLongError` where the pattern may not be asked about that much text."""
        if not self.low <= answer.status <= self.high:
            return False
        if self.header is not None:
            value = answer.headers.get(self.header)
            return value is not None and (self.pattern is None or self.pattern.match(value) is not None)
        if self.path is None and self.pattern is None:
            # By the status alone nothing becomes a success that reads like a page for people.
            return not (self.result is Result.ACCEPTED and (answer.html or answer.truncated))
        if self.path is not None:
            found = self.path.find(answer.json)
            if found is NOTHING:
                return False
            return self.pattern is None or self.pattern.match(said(found)) is not None
        assert self.pattern is not None
        return not answer.truncated and not answer.html and self.pattern.match(answer.text) is not None


_KEYS: Final = frozenset(
    {"status", "header", "json", "body", "matches", "result", "reason", "blame", "elsewhere", "retry_after"}
)
_OLD_KEYS: Final = frozenset({"line_fault"})
"""Taken until 0.3."""


def parse_rules(tables: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules from their tables; `GrammarError` says which one is wrong, and why."""
    rules = []
    for number, table in enumerate(tables, start=1):
        try:
            rules.append(_rule(table))
        except GrammarError as error:
            raise error.in_rule(number) from None
        except (ValueError, TypeError):
            raise GrammarError(spoken("an invalid value")).in_rule(number) from None
    return tuple(rules)


def _rule(table: Mapping[str, Any]) -> Rule:
    if unknown := sorted(table.keys() - _KEYS - _OLD_KEYS):
        known = ", ".join(sorted(_KEYS))
        raise GrammarError(spoken("a rule has no key {key}; its keys are: {known}"), key=unknown[0], known=known)
    if "result" not in table or table["result"] not in tuple(Result):
        raise GrammarError(spoken("a rule's result is one of: {known}"), known=", ".join(Result))
    if len({"json", "body", "header"} & table.keys()) > 1:
        raise GrammarError(spoken("only one of json, body and header"))
    if "matches" in table and not {"json", "header"} & table.keys():
        raise GrammarError(spoken("matches goes with json or header"))
    low, high = _span(table.get("status", "2xx"))
    wanted = table.get("matches", table.get("body"))
    pause = table.get("retry_after")
    return Rule(
        result=Result(table["result"]),
        low=low,
        high=high,
        path=Path.parse(said(table["json"])) if "json" in table else None,
        pattern=None if wanted is None else pattern(said(wanted)),
        reason=str(table.get("reason", "")),
        blame=_blame(table),
        retry_after_s=None if pause is None else float(pause),
        elsewhere=bool(table.get("elsewhere", False)),
        header=str(table["header"]).lower() if "header" in table else None,
    )


def _blame(table: Mapping[str, Any]) -> Blame:
    """Whose fault it is; where the rule does not say, the same answer to several people is the line's."""
    if "blame" in table:
        if table["blame"] not in tuple(Blame):
            raise GrammarError(spoken("a rule's blame is one of: {known}"), known=", ".join(Blame))
        return Blame(table["blame"])
    if "line_fault" in table:
        return Blame.LINE if table["line_fault"] else Blame.PERSON
    return Blame.PERSON if table.get("elsewhere") else Blame.EITHER


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


def judge(rules: Sequence[Rule], answer: Answer, now: float) -> Verdict:
    """Returns the verdict on the answer to a send; `now` is Unix time, for a `Retry-After` that is a date."""
    for rule in rules:
        try:
            holds = rule.holds(answer)
        except TooLongError:
            # It might hold: what a later rule says of the answer is not to be trusted.
            return Verdict(Result.UNCERTAIN, "answer_too_long")
        if holds:
            pause = rule.retry_after_s
            if pause is None and rule.result is Result.RETRY:
                pause = answer.retry_after_s(now)
            reason = rule.reason or f"http_{answer.status}"
            return Verdict(rule.result, reason, rule.blame, pause, rule.elsewhere)
    return _unsaid(answer, now)


def judge_word(rules: Sequence[Rule], word: str) -> Verdict | None:
    """Returns the same of one word about one message; None where no rule knows it."""
    for rule in rules:
        if rule.path is not None or rule.header is not None or rule.pattern is None:
            continue
        try:
            holds = rule.pattern.match(word) is not None
        except TooLongError:
            return None
        if holds:
            return Verdict(rule.result, rule.reason or "rejected", rule.blame, rule.retry_after_s, rule.elsewhere)
    return None


def _unsaid(answer: Answer, now: float) -> Verdict:
    status = answer.status
    reason = f"http_{status}"
    if status in (408, 429):
        # The request was not received whole, or not let in: nothing was taken (RFC 9110 §15.5.9, RFC 6585 §4).
        return Verdict(Result.RETRY, reason, Blame.LINE, answer.retry_after_s(now))
    if status in LINE_CODES:
        return Verdict(Result.RETRY, LINE_CODES[status], Blame.LINE, answer.retry_after_s(now))
    if status in TOO_LARGE:
        return Verdict(Result.REFUSED, "too_large", Blame.PERSON, elsewhere=True)
    if 400 <= status <= 499:
        return Verdict(Result.REFUSED, reason)
    if 200 <= status <= 299:
        if answer.truncated:
            return Verdict(Result.UNCERTAIN, "answer_too_long")
        return Verdict(Result.UNCERTAIN, "html_page" if answer.html else "answer_unknown")
    if answer.upgraded:
        return Verdict(Result.RETRY, MOVED, Blame.LINE)
    # Another redirect, or a server that broke after it had the whole request: it may have been taken.
    return Verdict(Result.UNCERTAIN, reason)
