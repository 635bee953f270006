"""Who is left alone, to compare with: a stable share of the customers by a hash, whatever their order or number."""

from __future__ import annotations

import hashlib


def left_alone(account: str, external_id: str, salt: str, share: int) -> bool:
    """Returns whether a customer is among the `share` per cent that a rule leaves alone; `salt` is the rule's own."""
    if not share:
        return False
    digest = hashlib.blake2b(f"{account}\0{external_id}\0{salt}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 100 < share
