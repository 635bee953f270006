"""Which addresses an endpoint may lead to: public ones, unless the configuration file says otherwise. Pure.

A name is resolved once a connection and the connection goes to what was judged, so that a second answer of its DNS
changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

URL_MAX: Final = 2_000
_URL: Final = re.compile(r"https?://[^\s/?#@\\]+(?:[/?][!$-\[\]-~]*)?", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)

_UNICAST: Final = ip_network("2000::/3")
"""The only part of IPv6 that is given out (RFC 4291 §2.4, IANA)."""
_NAT64: Final = ip_network("64:ff9b::/96")
"""An IPv4 address, as a network without IPv4 writes it (RFC 6052 §2.1)."""
_BESIDE: Final = tuple(map(ip_network, ("192.0.0.0/24", "2002::/16", "3fff::/20")))
"""Protocol assignments, 6to4 (an IPv4 address inside) and documentation, which Python takes for global."""


class TargetError(ValueError):
    """The text is no address of an endpoint; says why in a code of one word."""


def checked_url(text: str) -> str:
    """Returns the address of an endpoint as it is; TargetError. No user in it, no fragment, ASCII (IDNA) alone."""
    if len(text) > URL_MAX:
        raise TargetError("too_long")
    if not _URL.fullmatch(text):
        raise TargetError("url_invalid")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise TargetError("url_invalid") from None
    netloc = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.removesuffix(":")
    if not host or port == 0 or not _HOST.fullmatch(netloc):
        raise TargetError("url_invalid")
    return text


def origin(url: str) -> str:
    """Returns scheme, host and port of an address: what may stand in a log."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def literal(host: str) -> str | None:
    """Returns the IP address that a host's name is, None for a name proper."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return None


def forbidden(address: str, *, allow_private: bool) -> bool:
    """Returns whether nothing may be posted to an IP address.

    Nobody may be a group or nowhere; private, loopback, link-local and all that is not public is for endpoints of the
    configuration file that say so.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if found.is_multicast or found.is_unspecified or found == IPv4Address("255.255.255.255"):
        return True
    return not allow_private and not _public(found)


def _public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return _public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _UNICAST:
            return False
    beside = any(
        address in network for network in _BESIDE if isinstance(network, IPv6Network) == (address.version == 6)
    )
    return address.is_global and not beside


def any_forbidden(addresses: Iterable[str], *, allow_private: bool) -> bool:
    """Returns whether one of a name's addresses is forbidden: a name that mixes them is up to something."""
    return any(forbidden(each, allow_private=allow_private) for each in addresses)
