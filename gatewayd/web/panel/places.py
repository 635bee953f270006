"""Where things are shown: the address of a message, a job, a line, an account. One place that knows all of them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlencode

from gatewayd.web.panel.page import PAGES


def message(public_id: str) -> str:
    """Returns the address of a message, open beside the log of interactions."""
    return f"/interacciones?row=out-{quote(public_id, safe='')}"


def doubts() -> str:
    """Returns the address of all messages in doubt, where they are settled."""
    return "/interacciones/dudas"


def messages(**filters: str) -> str:
    """Returns the address of the log with filters."""
    return f"/interacciones?{urlencode(filters)}" if filters else "/interacciones"


def job(account: str, name: str) -> str:
    return f"/campanas/trabajos/{quote(account, safe='')}/{quote(name, safe='')}"


def line(name: str) -> str:
    return f"/lineas/{quote(name, safe='')}"


def account(name: str) -> str:
    return f"/ajustes/creditos/{quote(name, safe='')}"


def with_query(path: str, **values: str) -> str:
    """Returns an address with the values that are not empty behind it."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path


@lru_cache(256)
def _form(path: str) -> re.Pattern[str]:
    """Returns what addresses of a page look like, as Starlette reads its path."""
    form = re.escape(path)
    return re.compile(re.sub(r"\\\{\w+(:path)?\\\}", lambda found: ".+" if found[1] else "[^/]+", form))


def exists(address: str) -> bool:
    """Returns whether there is a page at an address: what has none yet is shown without a link."""
    return _found(address.partition("?")[0], len(PAGES))


@lru_cache(4096)
def _found(path: str, pages: int) -> bool:  # noqa: ARG001 - pages that join later are looked at
    return any(one.method == "GET" and _form(one.path).fullmatch(path) for one in PAGES)


def link(address: str) -> str:
    """Returns the address where there is a page at it, else ""."""
    return address if exists(address) else ""
