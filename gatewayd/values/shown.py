"""What people may see of a message: one text for its receipts, for `message show` and for every list. Pure.

What a message tells its line alone (rendered scripts, what tries have used up) has a column of its own and never comes
here.
"""

from __future__ import annotations

from json.encoder import encode_basestring

from gatewayd.values.money import format_money


def quoted(value: str | None) -> str:
    """Returns a JSON string, or `null`."""
    return "null" if value is None else encode_basestring(value)


def shown(
    *,
    at: str,
    job: str,
    message: str | None,
    ref: str | None,
    row: int | None,
    to: str | None,
    channel: str,
    state: str,
    final: bool,
    reason: str | None,
    line: str | None,
    attempt: int | None,
    segments: int | None,
    cost: int,
    detail: str | None,
    klass: str = "collections",
) -> str:
    """Returns the JSON of a message, or of a queue that waits, from behind a receipt's `seq` to its end.

    `job` is a JSON string already, for all messages of a job share it; `detail` is a JSON object or None. What is no
    SMS has no segments, whatever is counted for it.
    """
    where = f'"{message}"' if message is not None else "null"
    return (
        f',"at":"{at}","job":{job},"message":{where},"ref":{quoted(ref)},"row":{"null" if row is None else row},'
        f'"to":{quoted(to)},"channel":"{channel}","class":"{klass}","state":"{state}",'
        f'"final":{"true" if final else "false"},'
        f'"reason":{quoted(reason)},"line":{quoted(line)},"attempt":{"null" if attempt is None else attempt},'
        f'"segments":{"null" if segments is None or channel != "sms" else segments},'
        f'"cost":"{format_money(cost)}","detail":{detail or "{}"}}}'
    )
