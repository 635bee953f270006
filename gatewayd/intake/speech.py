"""What the words of a call must be besides filled in: amounts that are amounts, texts that can be spoken. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drivers.asterisk import amounts
from gatewayd.values.callscript import amount_words
from spool.callplan import SPEECH_LIMIT
from spool.document import JobDocument
from spool.errors import JobFileError

VALUE_INVALID: Final = "value_invalid"


@dataclass(frozen=True, slots=True)
class Speech:
    """What is looked at in each recipient's words."""

    amounts: frozenset[str]
    """Places of the script where an amount stands."""

    @classmethod
    def of(cls, document: JobDocument) -> Speech | None:
        """Returns what to look at, None where nobody is called. Raises JobFileError for what is wrong for everybody."""
        if document.channel != "call":
            return None
        script = (document.call or {}).get("script")
        if script is None:
            if len(document.text or "") > SPEECH_LIMIT:
                raise JobFileError(VALUE_INVALID, "value_long", file=document.file, field="text", limit=SPEECH_LIMIT)
            return cls(frozenset())
        places = set()
        for place, words in amount_words(script).items():
            if "%" in words:
                places.add(place)
            elif not _is_amount(words):
                field = f"call.script.{place}"
                raise JobFileError(VALUE_INVALID, "value_amount", file=document.file, field=field)
        return cls(frozenset(places))

    def wrong_amount(self, rendered: Mapping[str, str | None]) -> bool:
        """Returns whether an amount of this recipient is none, or could be two."""
        return any(not _is_amount(rendered[place] or "") for place in self.amounts)


def too_long(words: str | None) -> bool:
    """Returns whether a text is more than can be spoken in one call."""
    return words is not None and len(words) > SPEECH_LIMIT


def _is_amount(words: str) -> bool:
    try:
        amounts.read(words)
    except amounts.AmountError:
        return False
    return True
