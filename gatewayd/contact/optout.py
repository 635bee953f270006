"""Whether a received text says that its sender wants no more messages. Pure.

A short text that says so, in the words of each country, is an opt-out (`YES`); one that may be about a service, a price
or another person is for a person to judge (`DOUBTFUL`). Case, accents, signs and emoji do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from gatewayd.contact.phrases import (
    COMMANDS,
    ELSEWHERE,
    FOR_GOOD,
    LATER,
    MAY_BE_COMMANDS,
    MAY_SAY_SO,
    MENTIONS,
    NEGATED,
    NO_SLIPS,
    OFTEN,
    OTHERWISE,
    POLITE,
    REFUSING,
    SAYS_SO,
    SMALL_WORDS,
    TOPICS,
)
from gatewayd.contact.said import Verdict, words_of

_READ_MOST: Final = 3_000
"""Characters of a text that are looked at: nobody opts out on the second page."""
_SUBJECT_MOST: Final = 300
_SHORT: Final = 20
"""Words of a text that speaks of one thing."""
_SIGNATURE: Final = 8
"""Words of a name and a number behind what was said."""
_NAME: Final = 4
_SQUEEZED: Final = 12
_LONG: Final = 80
"""Words of the head of a text: what comes behind is a signature, a disclaimer, or about something else."""

_CLAUSES: Final = re.compile(r"[\n\r.,;:!¡?¿/|()\"“”«»*_<>\[\]{}=+]|\s[-–—~]+\s|--")
_REPLY: Final = re.compile(r"(?:re|rv|fw|fwd|aw|res|enc)\s{0,3}:", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0-9]+")
_SUMS: Final = ("cancelar", "cancel")
"""Commands behind which a number is what is paid."""


def opt_out_words(added: Iterable[str]) -> frozenset[str]:
    """Returns words of a configuration in the form in which `judge` compares them."""
    return frozenset(filter(None, (words_of(word) for word in added)))


def judge(text: str, subject: str = "", added: frozenset[str] = frozenset()) -> Verdict:
    """Returns what a text, or the subject of the mail that it came in, says.

    `added` are words of one's own (`opt_out_words`) that count as the built-in ones do.
    """
    told = _judged(text[:_READ_MOST], added)
    if told is Verdict.YES or not subject:
        return told
    # The subject of a reply is ours: there, only a command is the sender's.
    whole = subject[:_SUBJECT_MOST].strip()
    reply = _REPLY.match(whole)
    whole = whole[reply.end() :] if reply else whole
    about = _judged(whole, added)
    if about is Verdict.YES and (reply is None or _is_command(_bare(whole), added)):
        return Verdict.YES
    return about if reply is None and told is Verdict.NO else told


def _judged(text: str, added: frozenset[str]) -> Verdict:
    """What the head of a text says; what stands further down can only make it doubtful."""
    words = words_of(text)
    if words.count(" ") < _LONG:
        return _told(text, words, added)
    head = _head(text)
    told = _told(head, words_of(head), added)
    if told is Verdict.NO and (SAYS_SO.search(words) or MAY_SAY_SO.search(words)):
        return Verdict.DOUBTFUL
    return told


def _head(text: str) -> str:
    """The first lines of a text, one at least."""
    lines: list[str] = []
    count = 0
    for line in text.splitlines():
        count += len(line.split())
        if lines and count > _LONG:
            break
        lines.append(line)
    return "\n".join(lines)


def _told(text: str, words: str, added: frozenset[str]) -> Verdict:
    """`words` are those of the text."""
    if not words:
        return Verdict.NO if REFUSING.isdisjoint(text) else Verdict.DOUBTFUL
    told = _plainly_told(text, words, added)
    return Verdict.DOUBTFUL if told is Verdict.YES and NEGATED.search(words) else told


def _plainly_told(text: str, words: str, added: frozenset[str]) -> Verdict:
    """What a text says, without regard to a "no" before it."""
    count, asks = words.count(" ") + 1, "?" in text
    bare = _bare(text)
    if _is_command(bare, added):
        return Verdict.DOUBTFUL if asks else Verdict.YES
    if SAYS_SO.search(bare):
        later = LATER.search(words) and not FOR_GOOD.search(words)
        return Verdict.DOUBTFUL if later or ELSEWHERE.search(bare) else Verdict.YES
    if _commanded(text, added, asks):
        return Verdict.YES
    if bare in MAY_BE_COMMANDS or _is_slip(bare):
        return Verdict.DOUBTFUL
    other = OTHERWISE.sub(" ", words)
    if MAY_SAY_SO.search(bare):
        certain = count <= _SHORT and not asks and not TOPICS.search(words) and not LATER.search(words)
        return Verdict.YES if certain else Verdict.DOUBTFUL
    return Verdict.DOUBTFUL if count <= _LONG and _mentions(other, added) else Verdict.NO


def _bare(text: str) -> str:
    """The words without the polite ones, none twice in a row."""
    words = POLITE.sub(" ", words_of(text)).split()
    return " ".join(word for word, _ in groupby(words))


def _is_command(bare: str, added: frozenset[str]) -> bool:
    if bare in COMMANDS or bare in added:
        return True
    # "BAJA 40404", "1 BAJA", "baja1", "ba ja"
    squeezed = _DIGITS.sub("", bare).replace(" ", "")
    if len(squeezed) > _SQUEEZED or (squeezed != bare and squeezed in _SUMS):
        return False
    return squeezed in COMMANDS or "".join(letter for letter, _ in groupby(squeezed)) in OFTEN


def _is_slip(word: str) -> bool:
    """Whether a text of one word is a usual command but for one letter: left out, put in, another, or two swapped."""
    if " " in word or word in NO_SLIPS:
        return False
    for command in OFTEN:
        if abs(len(word) - len(command)) > 1 or len(word) < 3:
            continue
        head = next(
            (at for at, (a, b) in enumerate(zip(word, command, strict=False)) if a != b), min(len(word), len(command))
        )
        mine, other = word[head:], command[head:]
        # One letter more at the end makes another word of it: bajar, bajan.
        if other and (mine[1:] in (other, other[1:]) or mine == other[1:] or mine[1::-1] + mine[2:] == other):
            return True
    return False


def _commanded(text: str, added: frozenset[str], asks: bool) -> bool:
    """Whether a line or the first sentence is a command, and the rest no more than a name, a number, a greeting."""
    lines = [bare for line in text.splitlines() if (bare := _bare(line))]
    if len(lines) > 1 and any(_is_command(line, added) for line in lines):
        rest = " ".join(line for line in lines if not _is_command(line, added))
        return not asks and (_is_command(lines[0], added) or not TOPICS.search(rest))
    clauses = [bare for clause in _CLAUSES.split(text) if (bare := _bare(clause))]
    for place in (0, -1):
        if len(clauses) > 1 and _is_command(clauses[place], added):
            rest = " ".join(clauses[1:] if place == 0 else clauses[:-1])
            if not asks and len(rest.split()) <= _SIGNATURE and not TOPICS.search(rest):
                return True
    return _signed(text, added)


def _signed(text: str, added: frozenset[str]) -> bool:
    """Whether a command of one word is followed by a name or a number: "BAJA Juan Pérez", "Stop 40404"."""
    head, *rest = [word for word in text.split() if words_of(word)] or [""]
    if not rest or len(rest) > _NAME or not _is_command(words_of(head), added):
        return False
    plain = [words_of(word) for word in rest]
    if words_of(head) in _SUMS and any(word.isdigit() for word in plain):
        return False
    if any(word in SMALL_WORDS or TOPICS.search(word) for word in plain):
        return False
    # "Baja velocidad" is no name; "BAJA VELOCIDAD" is kept from here by what it is about.
    return all(word.lstrip('("«“')[:1].isupper() or words_of(word).isdigit() for word in rest) and "?" not in text


def _mentions(words: str, added: frozenset[str]) -> bool:
    return MENTIONS.search(words) is not None or any(f" {word} " in f" {words} " for word in added)
