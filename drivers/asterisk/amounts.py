"""Amounts of money as a billing system writes them, and as they are said. Pure.

An amount is read in one way or not at all: what could be two amounts, or none, is refused before anybody is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LENGTH_MAX: Final = 64
"""Characters of an amount, its currency included."""
DIGITS_MAX: Final = 12
"""Digits before the decimal mark: nobody owes a million millions."""
DECIMALS_MAX: Final = 15
"""What a sheet keeps of a number."""


class AmountError(ValueError):
    """It is no amount, or could be read in two ways."""


@dataclass(frozen=True, slots=True)
class Amount:
    cents: int
    """Hundredths, never below zero."""
    credit: bool = False
    """The person called is owed it."""
    currency: str = ""
    """ISO 4217, `peso` for pesos of any country; empty where it is not written, or only as `$`."""


CURRENCIES: Final[Mapping[str, str]] = {
    "$": "",
    "$U": "peso",
    "$B": "BOB",
    "AR$": "peso",
    "ARS": "peso",
    "CLP": "peso",
    "COP": "peso",
    "COL$": "peso",
    "COP$": "peso",
    "COP $": "peso",
    "CLP$": "peso",
    "CLP $": "peso",
    "ARS$": "peso",
    "ARS $": "peso",
    "MXN$": "peso",
    "MXN $": "peso",
    "M.N.": "peso",
    "MN": "peso",
    "$UY": "peso",
    "UYU$": "peso",
    "UYU $": "peso",
    "MXN": "peso",
    "MX$": "peso",
    "UYU": "peso",
    "PESO": "peso",
    "PESOS": "peso",
    "USD": "USD",
    "US$": "USD",
    "U$S": "USD",
    "U$D": "USD",
    "U$": "USD",
    "USD$": "USD",
    "USD $": "USD",
    "DLS": "USD",
    "DLS.": "USD",
    "DLLS": "USD",
    "DOLAR": "USD",
    "DÓLAR": "USD",
    "DOLARES": "USD",
    "DÓLARES": "USD",
    "DOLLAR": "USD",
    "DOLLARS": "USD",
    "EUR": "EUR",
    "€": "EUR",
    "EURO": "EUR",
    "EUROS": "EUR",
    "GBP": "GBP",
    "£": "GBP",
    "BRL": "BRL",
    "R$": "BRL",
    "REAL": "BRL",
    "REAIS": "BRL",
    "REALES": "BRL",
    "PEN": "PEN",
    "S/": "PEN",
    "S/.": "PEN",
    "SOL": "PEN",
    "SOLES": "PEN",
    "BOB": "BOB",
    "BS": "BOB",
    "BS.": "BOB",
    "PYG": "PYG",
    "GS": "PYG",
    "GS.": "PYG",
    "G.": "PYG",
    "₲.": "PYG",
    "GUARANIES": "PYG",
    "GUARANÍES": "PYG",
    "BOLIVIANOS": "BOB",
    "₲": "PYG",
}
"""How a currency is written beside an amount, in upper case."""

_WORDS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "es": {
        "peso": ("peso", "pesos"),
        "USD": ("dólar", "dólares"),
        "EUR": ("euro", "euros"),
        "GBP": ("libra", "libras"),
        "BRL": ("real", "reales"),
        "PEN": ("sol", "soles"),
        "BOB": ("boliviano", "bolivianos"),
        "PYG": ("guaraní", "guaraníes"),
    },
    "en": {
        "peso": ("peso", "pesos"),
        "USD": ("dollar", "dollars"),
        "EUR": ("euro", "euros"),
        "GBP": ("pound", "pounds"),
        "BRL": ("real", "reais"),
        "PEN": ("sol", "soles"),
        "BOB": ("boliviano", "bolivianos"),
        "PYG": ("guarani", "guaranies"),
    },
    "pt": {
        "peso": ("peso", "pesos"),
        "USD": ("dólar", "dólares"),
        "EUR": ("euro", "euros"),
        "GBP": ("libra", "libras"),
        "BRL": ("real", "reais"),
        "PEN": ("sol", "sóis"),
        "BOB": ("boliviano", "bolivianos"),
        "PYG": ("guarani", "guaranis"),
    },
}
"""One and several of a currency, by language."""

_BETWEEN: Final[Mapping[str, tuple[str, str, str]]] = {
    "es": ("con", "con", "a favor"),
    "en": ("point", "and", "in your favor"),
    "pt": ("com", "e", "a seu favor"),
}
"""What is said between whole and hundredths, without and with a currency, and after what is owed to the person."""

_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
_DASHES: Final = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d", "-") | {"\u2019": "'"})
_OWED: Final = {"CR": True, "CR.": True, "DR": False, "DR.": False, "DB": False}
"""Bookkeepers' marks behind an amount: a credit, a debit."""


def read(text: str) -> Amount:
    """Reads an amount; hundredths beyond the second are rounded, half a cent up. Raises AmountError."""
    if len(text) > LENGTH_MAX:
        raise AmountError("too long")
    rest = text.translate(_SPACES).translate(_DASHES).strip()
    credit, rest = _sign(rest)
    currency, rest = _currency(rest)
    if not credit:
        # "-$ 5" and "$ -5" are the same.
        credit, rest = _sign(rest)
    whole, decimals = _number(rest)
    cents = int(whole or "0") * 100 + int(decimals[:2].ljust(2, "0")) + (decimals[2:3] >= "5")
    return Amount(cents, credit and cents > 0, currency)


def spoken(amount: Amount, language: str = "es") -> str:
    """Returns the words of an amount: `1500 con 50 a favor`, `12 dólares`."""
    short = language.split("-", maxsplit=1)[0]
    words = short if short in _WORDS else "en"
    plain, beside, favor = _BETWEEN[words]
    whole, cents = divmod(amount.cents, 100)
    said = [str(whole)]
    if amount.currency:
        said.append(_WORDS[words][amount.currency][whole != 1])
    if cents:
        said += [beside if amount.currency else plain, f"{cents:02d}"]
    return " ".join([*said, favor] if amount.credit else said)


def _sign(text: str) -> tuple[bool, str]:
    """Takes away one sign: before, behind, as parentheses, or as a bookkeeper's mark."""
    if text.startswith("(") and text.endswith(")"):
        inner = text[1:-1].strip()
        if _sign(inner)[1] != inner:
            raise AmountError("two signs")
        return True, inner
    if text[:1] in {"-", "+"}:
        return text[0] == "-", text[1:].strip()
    if re.search(r"\d[.,] ?-{1,2}$", text):
        # "1.500,-" has no hundredths; it is no credit.
        return False, text.rstrip("-").rstrip()[:-1]
    if text.endswith("-"):
        return True, text[:-1].rstrip()
    mark = re.search(r"[A-Za-z]{2}\.?$", text)
    if mark is not None and mark.group().upper() in _OWED and not text[: mark.start()].rstrip()[-1:].isalpha():
        return _OWED[mark.group().upper()], text[: mark.start()].rstrip()
    return False, text


def _currency(text: str) -> tuple[str, str]:
    """Takes away the currency, before or behind."""
    first = next((at for at, letter in enumerate(text) if letter in "0123456789.,-+("), len(text))
    last = len(text)
    while last > first and text[last - 1] not in "0123456789)-":
        last -= 1
    before, behind = text[:first].strip().upper(), text[last:].strip().upper()
    if text[first : first + 1] in {".", ","} and (before + text[first]) in CURRENCIES:
        before, first = before + text[first], first + 1
    if (before and before not in CURRENCIES) or (behind and behind not in CURRENCIES):
        raise AmountError("a unit that is no currency")
    known = {CURRENCIES[each] for each in (before, behind) if each} - {""}
    if len(known) > 1:
        raise AmountError("two currencies")
    return next(iter(known), ""), text[first:last].strip()


def _number(text: str) -> tuple[str, str]:
    """Returns the digits before and after the decimal mark."""
    if not text or text.strip("0123456789.,' ") or not any(letter in "0123456789" for letter in text):
        raise AmountError("no number")
    # Millions and thousands may have marks of their own: "1'500.000", "1'234,567.89".
    millions = re.match(r"[1-9]\d{0,2}'(?=\d{3}[.,]\d{3}(?!\d))", text)
    if text.startswith("0") and "'" in text:
        raise AmountError("digits that are in no groups of thousands")
    if millions is not None:
        text = text[: millions.end() - 1] + text[millions.end() + 3] + text[millions.end() :]
    marks = [letter for letter in text if letter in ".,"]
    decimal = ""
    if len(set(marks)) == 2:
        # Of two kinds of mark the last one parts the hundredths, and comes once.
        decimal = marks[-1]
    elif len(marks) == 1:
        whole, _, after = text.partition(marks[0])
        # Three digits are thousands, unless what is before them cannot be: "0.990", "1500.505", "1 500.505".
        thousands = len(after) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole) is not None
        decimal = "" if thousands else marks[0]
    whole, _, decimals = text.partition(decimal) if decimal else (text, "", "")
    if (decimal and (text.count(decimal) > 1 or not decimals)) or (decimals and not decimals.isdigit()):
        raise AmountError("no number")
    groups = re.split(r"[.,' ]", whole)
    marks = list(re.sub(r"\d", "", whole))
    if len(groups) > 1 and (
        len(set(marks)) > 1 or not 1 <= len(groups[0]) <= 3 or any(len(each) != 3 for each in groups[1:])
    ):
        raise AmountError("digits that are in no groups of thousands")
    digits = "".join(groups)
    if len(digits.lstrip("0")) > DIGITS_MAX or len(decimals) > DECIMALS_MAX:
        raise AmountError("too large")
    return digits, decimals
