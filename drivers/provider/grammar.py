"""What a key's text fails to mean, told so that the core can say it in the person's language. Pure."""

from __future__ import annotations

from drivers.base import Finding, MisconfiguredError, spoken


class GrammarError(ValueError):
    """A template, path, pattern or rule that says nothing. `message` is a template of `values`, marked by `spoken`."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message.format_map(values) if values else message)
        self._message, self._values = message, values
        self._remedy = spoken("correct the key")

    def in_rule(self, number: int) -> GrammarError:
        """Returns the same as a fault of the rule of that number, from 1."""
        told = GrammarError(self._message, **self._values, rule=str(number))
        told._remedy = spoken("correct rule {rule}")
        return told

    def at(self, key: str) -> MisconfiguredError:
        """Returns the same as a fault of `key`."""
        finding = Finding(key, self._message, self._remedy, self._values)
        return MisconfiguredError(key, str(finding), finding)
