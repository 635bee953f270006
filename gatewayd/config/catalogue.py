"""Says what is wrong with a value and what to do about it, in the language of the configuration.

Keys are the types of pydantic's errors and those that `values`, `sections` and `reader` raise.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from drivers.base import spoken
from gatewayd.words.translation import gettext_in

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "file_missing": (
        spoken("the file does not exist"),
        spoken("create it, or name another with --config or $GATEWAYD_CONFIG"),
    ),
    "file_unreadable": (
        spoken("the file cannot be read: {why}"),
        spoken("check the permissions of the file and its folders"),
    ),
    "toml_invalid": (spoken("not valid TOML: {why}"), spoken("correct that line")),
    "extra_forbidden": (spoken("unknown key"), spoken("remove it{hint}")),
    "missing": (spoken("the key is missing"), spoken("add it")),
    "table_expected": (spoken("must be a table"), spoken("write {written} and its keys below")),
    "string_type": (spoken("must be text"), spoken("put the text in quotes")),
    "int_type": (spoken("must be a whole number"), spoken("write it without quotes or decimals")),
    "bool_type": (spoken("must be true or false"), spoken("write it without quotes")),
    "float_type": (spoken("must be a number"), spoken("write it without quotes, with a decimal point")),
    "tuple_type": (spoken("must be a list"), spoken('write it as ["…", "…"]')),
    "list_type": (spoken("must be a list"), spoken('write it as ["…", "…"]')),
    "dict_type": (spoken("must be a table"), spoken('write it as {{ key = "…" }}')),
    "path_type": (spoken("must be a path"), spoken("put it in quotes")),
    "literal_error": (spoken("value not allowed: {input}"), spoken("use one of: {expected}")),
    "enum": (spoken("value not allowed: {input}"), spoken("use one of: {expected}")),
    "greater_than_equal": (spoken("{input} is too small"), spoken("the minimum is {ge}")),
    "greater_than": (spoken("{input} is too small"), spoken("it must be greater than {gt}")),
    "less_than_equal": (spoken("{input} is too large"), spoken("the maximum is {le}")),
    "less_than": (spoken("{input} is too large"), spoken("it must be less than {lt}")),
    "too_short": (spoken("the list is empty"), spoken("add at least one value, or remove the key")),
    "too_long": (spoken("the list has more than {max_length} values"), spoken("shorten the list")),
    "string_too_short": (spoken("is shorter than {min_length} characters"), spoken("write a longer text")),
    "string_too_long": (spoken("is longer than {max_length} characters"), spoken("write a shorter text")),
    "word_expected": (spoken("a word needs letters or digits"), spoken("write for example: saldo")),
    "answer_variable": (
        spoken("{value} is no variable of this answer"),
        spoken("the page on answers says which there are; a percent sign by itself is written %%"),
    ),
    "answer_amount": (
        spoken("this text must not name an amount"),
        spoken("only the answers about a balance and about a payment do; take the variable out"),
    ),
    "line_expected": (spoken("must be one line of text"), spoken("write letters and digits, no line breaks")),
    "duration_invalid": (
        spoken("'{value}' is not a duration"),
        spoken('write for example "15s", "10m", "72h" or "2d"'),
    ),
    "rate_invalid": (
        spoken("'{value}' is not a rate"),
        spoken('write for example "10/min", "1/s", "200/h" or "500/day"'),
    ),
    "window_invalid": (
        spoken("'{value}' is not a window"),
        spoken('write a count and a duration, for example "200/2h"'),
    ),
    "money_invalid": (
        spoken("'{value}' is not an amount"),
        spoken('write it in quotes, with at most six decimals: "0.85"'),
    ),
    "zone_unknown": (
        spoken("unknown time zone: {value}"),
        spoken('write for example "America/Argentina/Buenos_Aires"'),
    ),
    "name_invalid": (
        spoken("'{value}' cannot be used as a name"),
        spoken("use 1 to 64 letters, digits, '.', '_' and '-'; no spaces"),
    ),
    "prefix_invalid": (spoken("'{value}' is not a prefix"), spoken('write + and digits, for example "+549"')),
    "region_unknown": (
        spoken("unknown country: {value}"),
        spoken('write its two-letter code in capitals, for example "AR"'),
    ),
    "currency_invalid": (
        spoken("'{value}' is not a currency"),
        spoken('write its three-letter code in capitals, for example "ARS"'),
    ),
    "digits_invalid": (spoken("'{value}' is not an area code"), spoken('write digits only, without the 0: "11"')),
    "listen_invalid": (
        spoken("'{value}' is not address:port"),
        spoken('write for example "127.0.0.1:8080", or "" for none'),
    ),
    "network_invalid": (
        spoken("'{value}' is neither an address nor a network"),
        spoken('write for example "127.0.0.1" or "10.0.0.0/8"'),
    ),
    "tls_half": (spoken("tls_cert and tls_key go together"), spoken("give both, or neither")),
    "web_bare": (
        spoken("others could read passwords on the way: listen leaves this machine without TLS"),
        spoken('give tls_cert and tls_key, or name the proxy that does TLS here, or listen on "127.0.0.1:8081"'),
    ),
    "url_invalid": (spoken("'{value}' is not a web address"), spoken("it must begin with https:// or http://")),
    "store_unknown": (
        spoken("unknown store: {value}"),
        spoken('write "sqlite:////path/gatewayd.db" or "postgresql://…"'),
    ),
    "secret_twice": (spoken("is given twice, here and in {other}"), spoken("remove one of the two")),
    "secret_unreadable": (
        spoken("the file {path} cannot be read: {why}"),
        spoken("check the path and the permissions"),
    ),
    "secret_blank": (
        spoken("is empty"),
        spoken("write the secret, or put it in a file and give the file's path under this key plus _file"),
    ),
    "string_pattern_mismatch": (
        spoken("does not have the right form"),
        spoken("it must match the expression {pattern}"),
    ),
    "retention_short": (spoken("'{value}' would delete what is still needed"), spoken('the minimum is one day: "1d"')),
    "secret_empty": (spoken("the file {path} is empty"), spoken("write the secret into it, on one line")),
    "driver_unknown": (spoken("there is no driver '{value}'"), spoken("use one of those installed: {expected}")),
    "driver_broken": (
        spoken("the driver '{value}' cannot be loaded: {why}"),
        spoken("reinstall the package that provides it"),
    ),
    "webhook_secret": (
        spoken("is no secret of a webhook: whsec_ and 24 to 64 octets in base64"),
        spoken("make one: gatewayd webhook secret"),
    ),
    "webhook_repeated": (
        spoken("another webhook of the account has the address '{value}'"),
        spoken("name the events of both in one table"),
    ),
    "feed_url": (
        spoken("is no address of a database"),
        spoken('write "mysql://user:password@host/name", "postgresql://…" or "sqlite:////path", best into a file'),
    ),
    "feed_driver": (
        spoken("names a package that is not used here for this kind of database"),
        spoken("write mysql://, postgresql:// or sqlite:/// without one"),
    ),
    "feed_query": (spoken("is no query that only reads"), spoken("begin it with SELECT or WITH")),
    "feed_empty": (
        spoken("asks the database for nothing"),
        spoken("give at least one of customers, invoices, payments, credit_notes"),
    ),
    "feed_repeated": (
        spoken("another feed of the account has the name '{value}'"),
        spoken("give each feed a name of its own"),
    ),
    "feed_own_store": (spoken("is gatewayd's own store"), spoken("name the database of the billing system")),
    "line_repeated": (spoken("another line has the name '{value}'"), spoken("give each line a name of its own")),
    "file_only": (
        spoken("may only stand in the configuration file"),
        spoken("leave it out here, or write this line into the file"),
    ),
    "secret_apart": (spoken("is a secret"), spoken("enter it by itself, where it is never shown again")),
    "secret_among": (
        spoken("has a secret in it that everybody who looks at the line would read"),
        spoken("write {{password}} or {{key}} in its place, and enter the secret by itself"),
    ),
    "secret_missing": (spoken("is still to be entered"), spoken("enter it by itself, where it is never shown again")),
    "secret_sealed": (spoken("cannot be opened: {why}"), spoken("enter it again")),
    "device_taken": (spoken("line {other} has this device already"), spoken("give each line a device of its own")),
    "name_taken": (
        spoken("the configuration file has a line of this name as well"),
        spoken("rename the one in the file, or remove this one"),
    ),
    "contact_rule": (
        spoken("is no rule of contact: {why}"),
        spoken("write it as docs/contact-rules.md shows, or leave it to the preset"),
    ),
    "path_too_long": (
        spoken("the path is longer than {limit} bytes"),
        spoken("choose a shorter one: sockets allow no more"),
    ),
    "": ("{reason}", spoken("correct the value")),
}
_DID_YOU_MEAN: Final = spoken(", or write '{name}'")

_SAME_AS: Final = {
    "int_parsing": "int_type",
    "int_from_float": "int_type",
    "bool_parsing": "bool_type",
    "float_parsing": "float_type",
    "finite_number": "float_type",
    "model_type": "table_expected",
    "mapping_type": "dict_type",
    "is_instance_of": "string_type",
}


def texts(kind: str, locale: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Returns message and remedy for an error of that kind; an unknown kind says what `values["reason"]` says."""
    message, remedy = _SENTENCES.get(_SAME_AS.get(kind, kind), _SENTENCES[""])
    return gettext_in(locale, message).format_map(values), gettext_in(locale, remedy).format_map(values)


_MAY_SHOW: Final = frozenset(
    {"literal_error", "enum", "greater_than_equal", "greater_than", "less_than_equal", "less_than"}
)


def error_values(error: Any, locale: str, known: Sequence[str] = ()) -> dict[str, Any]:
    """Returns what `texts` fills in for one of pydantic's errors; for an unknown key, the nearest of those `known`."""
    given, kind, loc = error["input"], error["type"], error["loc"]
    context = dict(error.get("ctx") or {})
    if "expected" in context:  # pydantic's "'es' or 'en'": a list in any language, quoted as TOML does
        context["expected"] = str(context["expected"]).replace(" or ", ", ").replace("'", '"')
    hint = ""
    if kind == "extra_forbidden" and loc:
        close = difflib.get_close_matches(str(loc[-1]), known, n=1)
        hint = gettext_in(locale, _DID_YOU_MEAN).format(name=close[0]) if close else ""
    # What was given is shown only where it is a plain value of ours: it may be a secret everywhere else.
    shown = given if isinstance(given, str | int | float | bool) and kind in _MAY_SHOW else ""
    # A driver's model says what it has to say in English, marked by `spoken`.
    reason = gettext_in(locale, error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
    return {"input": shown, "hint": hint, "reason": reason, "written": "", **context}
