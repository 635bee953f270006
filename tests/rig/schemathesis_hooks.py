"""What Schemathesis must know of our API that no schema can say.

- A key that stands for another request is 422 by design; each generated request is another one, so that each gets a key
  of its own.
"""

from __future__ import annotations

import uuid
from typing import Any

import schemathesis


@schemathesis.hook
def map_headers(context: Any, headers: Any) -> Any:
    """Makes the Idempotency-Key of each request unique."""
    if headers and isinstance(headers.get("Idempotency-Key"), str):
        headers["Idempotency-Key"] = headers["Idempotency-Key"][:100] + uuid.uuid4().hex
    return headers
