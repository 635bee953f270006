"""The network's record of every submit it took: exact, in order, on disk as well where a file is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from drivers.gsm import pdu as codec
from drivers.gsm.simulator.envelope import Envelope
from drivers.simulation.record import RecordFile


def iso(at: float) -> str:
    """Unix time as ISO 8601 with this machine's offset."""
    return datetime.fromtimestamp(at, UTC).astimezone().isoformat()


@dataclass(frozen=True)
class Taken:
    """One submit that the network took. What it says is only read when somebody asks."""

    seq: int
    modem: int
    sender: str
    """Number of the SIM it came from."""
    pdu: str
    """As it came, service centre octets included; its TP-MR is the host's."""
    reference: int
    """TP-MR, given by the modem."""
    envelope: Envelope
    wall: float
    monotonic: float

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The entry as JSON has it; with `error` in place of the text where the PDU says nothing readable."""
        entry: dict[str, Any] = {
            "seq": self.seq,
            "modem": self.modem,
            "from": self.sender,
            "reference": self.reference,
            "at": iso(self.wall),
            "monotonic": self.monotonic,
            "report": self.envelope.wants_report,
            "pdu": self.pdu,
        }
        try:
            submit = codec.decode(self.pdu, direction="from_mobile")
            assert isinstance(submit, codec.Submit)
        except codec.PduError as error:
            return {**entry, "to": None, "text": None, "concat": None, "error": str(error)}
        concat = submit.concat
        until = submit.valid_until
        return {
            **entry,
            "to": submit.destination,
            "text": submit.text,
            "encoding": submit.encoding,
            "data": submit.data.hex() or None,
            "concat": concat and {"reference": concat.reference, "total": concat.total, "number": concat.number},
            "validity_s": submit.validity_s,
            "valid_until": until.isoformat() if until else None,
            "flash": submit.flash,
            "smsc": submit.smsc,
        }


class Record:
    """All that was taken, oldest first; `path` gets each entry as one line of JSON before the modem answers."""

    def __init__(self, path: Path | None = None) -> None:
        self._taken: list[Taken] = []
        self._file = RecordFile(path) if path else None
        if self._file is not None:
            self._file.open()

    def __len__(self) -> int:
        return len(self._taken)

    def __iter__(self) -> Iterator[Taken]:
        return iter(self._taken)

    def append(self, taken: Taken) -> None:
        self._taken.append(taken)
        if self._file is not None:
            self._file.write(taken.fields)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def texts(self, since: int = 0, limit: int | None = None, modem: int | None = None) -> list[dict[str, Any]]:
        """Entries with `seq` above `since`."""
        rows = self._taken[since:] if modem is None else [each for each in self._taken[since:] if each.modem == modem]
        return [each.fields for each in rows[:limit]]

    def joined(self, since: int = 0) -> list[dict[str, Any]]:
        """Whole messages in the order of their first part, of the entries above `since`.

        A part that comes again begins a message of its own, as a duplicate should be seen; `complete` tells whether
        all parts are there.
        """
        messages: list[dict[str, Any]] = []
        open_ones: dict[tuple[Any, ...], dict[str, Any]] = {}
        for taken in self._taken[since:]:
            entry = taken.fields
            concat = entry["concat"] or {"reference": None, "total": 1, "number": 1}
            key = (entry["from"], entry["to"], concat["reference"], concat["total"])
            message = open_ones.get(key)
            if message is None or concat["number"] in message["parts"] or concat["total"] == 1:
                message = {"to": entry["to"], "from": entry["from"], "modem": entry["modem"], "at": entry["at"]}
                message |= {"concat": concat["reference"], "total": concat["total"], "parts": {}}
                messages.append(message)
                open_ones[key] = message
            message["parts"][concat["number"]] = entry
        return [_joined(message) for message in messages]


def _joined(message: dict[str, Any]) -> dict[str, Any]:
    parts = [message["parts"][number] for number in sorted(message["parts"])]
    return {
        **message,
        "text": "".join(each["text"] or "" for each in parts),
        "complete": len(parts) == message["total"],
        "references": [each["reference"] for each in parts],
        "seqs": [each["seq"] for each in parts],
        "parts": len(parts),
    }
