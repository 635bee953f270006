"""What a modem answers about short messages (3GPP 27.005): memories, routing, and the texts themselves."""

from __future__ import annotations

import re

from drivers.gsm.simulator import textmode
from drivers.gsm.simulator.card import ALL, REC_READ, REC_UNREAD, STATUS_NAMES, STO_SENT, Memory, StoredMessage
from drivers.gsm.simulator.commands import unquoted
from drivers.gsm.simulator.modem import Modem, Prompt, answers

NO_SUCH_MESSAGE, INVALID_TEXT_PARAMETER, NOT_SUPPORTED, NO_ACKNOWLEDGEMENT_EXPECTED = 321, 305, 303, 340


# ---------------------------------------------------------------------------------------------------------- settings


@answers("+CMGF")
def _format(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "?":
        modem.line(f"+CMGF: {int(modem.session.text_mode)}")
    elif kind == "=?":
        modem.line("+CMGF: (1)" if modem.settings.text_mode_only else "+CMGF: (0,1)")
    elif arguments == "1" or (arguments in ("", "0") and not modem.settings.text_mode_only):
        modem.session.text_mode = arguments == "1"
    else:
        raise modem.cms(NOT_SUPPORTED)
    return "OK"


@answers("+CSMS")
def _service(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "?":
        modem.line(f"+CSMS: {modem.session.service},1,1,1")
    elif kind == "=?":
        modem.line("+CSMS: (0,1)")
    elif arguments in ("0", "1"):
        modem.session.service = int(arguments)
        modem.line("+CSMS: 1,1,1")
    else:
        raise modem.cms(NOT_SUPPORTED)
    return "OK"


def _ranges(text: str) -> list[set[int]]:
    """`(0-3),(0,1)` → the numbers that each place allows."""
    allowed: list[set[int]] = []
    for group in re.findall(r"\(([^)]*)\)", text):
        numbers: set[int] = set()
        for item in group.split(","):
            low, _, high = item.partition("-")
            numbers.update(range(int(low), int(high or low) + 1))
        allowed.append(numbers)
    return allowed


@answers("+CNMI")
def _indications(modem: Modem, kind: str, arguments: str) -> str:
    session = modem.session
    if not modem.settings.cnmi_supported:
        raise modem.cme(4)
    if kind == "?":
        modem.line("+CNMI: " + ",".join(map(str, session.cnmi)))
        return "OK"
    if kind == "=?":
        modem.line(f"+CNMI: {modem.brand.cnmi}")
        return "OK"
    given = [each.strip() for each in arguments.split(",")]
    values = list(session.cnmi)
    for place, (text, allowed) in enumerate(zip(given, _ranges(modem.brand.cnmi), strict=False)):
        if text:
            if not text.isdigit() or int(text) not in allowed:
                raise modem.cms(NOT_SUPPORTED)
            values[place] = int(text)
    session.cnmi = (values[0], values[1], values[2], values[3], values[4])
    modem.reception.resume()
    return "OK"


@answers("+CNMA")
def _acknowledge(modem: Modem, kind: str, arguments: str) -> str | None:
    if kind == "=?":
        modem.line("+CNMA: (0-2)")
        return "OK"
    if modem.session.service != 1:
        raise modem.cms(NO_ACKNOWLEDGEMENT_EXPECTED)
    how, _, length = arguments.partition(",")
    if length:  # an SMS-DELIVER-REPORT of the host's own follows in a prompt
        modem.open_prompt(Prompt(lambda _body: _acknowledged(modem, how != "2"), modem.session.text_mode))
        return None
    return _acknowledged(modem, how != "2")


def _acknowledged(modem: Modem, positive: bool) -> str:
    if not modem.reception.acknowledge(positive):
        raise modem.cms(NO_ACKNOWLEDGEMENT_EXPECTED)
    return "OK"


@answers("+CSCA")
def _service_centre(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "?":
        if modem.csca_busy():
            raise modem.cme(14)
        number = modem.settings.smsc
        shown = textmode.to_charset(number, modem.session.charset) if number else ""
        modem.line(f'+CSCA: "{shown}",{145 if number.startswith("+") else 129}')
    elif kind == "=":
        number = textmode.from_charset(unquoted(arguments.split(",", maxsplit=1)[0]), modem.session.charset)
        international = arguments.endswith(",145") and not number.startswith("+")
        modem.settings.smsc = f"+{number}" if international else number
    return "OK"


@answers("+CSMP")
def _text_parameters(modem: Modem, kind: str, arguments: str) -> str:
    session = modem.session
    if kind == "?":
        modem.line("+CSMP: " + ",".join(map(str, session.csmp)))
    elif kind == "=":
        given = [unquoted(each) for each in arguments.split(",")]
        values = [str(each) for each in session.csmp]
        values[: len(given)] = [new or old for new, old in zip(given, values, strict=False)]
        if not (values[0].isdigit() and values[2].isdigit() and values[3].isdigit()):
            raise modem.cms(INVALID_TEXT_PARAMETER)
        session.csmp = (int(values[0]), values[1], int(values[2]), int(values[3]))
        if modem.settings.csmp_wipes_smsc:
            modem.settings.smsc = ""
    return "OK"


# ---------------------------------------------------------------------------------------------------------- memories


def _parts(modem: Modem, name: str) -> list[Memory]:
    """The memories behind a name: MT is the device's own and the SIM's in one row."""
    if name == "MT":
        return [modem.memories[each] for each in ("ME", "SM") if each in modem.memories]
    return [modem.memories[name]] if name in modem.memories else []


def _place(modem: Modem, index: int) -> tuple[Memory, int] | None:
    for memory in _parts(modem, modem.session.memories[0]):
        if index <= memory.capacity:
            return memory, index
        index -= memory.capacity
    return None


def _listing(modem: Modem) -> list[tuple[int, StoredMessage]]:
    rows: list[tuple[int, StoredMessage]] = []
    offset = 0
    for memory in _parts(modem, modem.session.memories[0]):
        rows.extend((offset + index, memory.places[index]) for index in sorted(memory.places))
        offset += memory.capacity
    return rows


@answers("+CPMS")
def _memories(modem: Modem, kind: str, arguments: str) -> str:
    offered, chosen = modem.brand.memories, modem.session.memories
    if kind == "=?":
        modem.line("+CPMS: " + ",".join("(" + ",".join(f'"{name}"' for name in group) + ")" for group in offered))
        return "OK"
    if kind == "=":
        if not any(offered):
            raise modem.cms(NOT_SUPPORTED)
        names = [unquoted(each).upper() for each in arguments.split(",")]
        for place, name in enumerate(names[:3]):
            if name and name not in offered[place]:
                raise modem.cms(NOT_SUPPORTED)
        chosen[: len(names)] = [name or old for name, old in zip(names, chosen, strict=False)]
    figures = []
    for name in chosen:
        parts = _parts(modem, name)
        used, total = sum(len(each.places) for each in parts), sum(each.capacity for each in parts)
        figures.append(f'"{name}",{used},{total}' if kind == "?" else f"{used},{total}")
    modem.line("+CPMS: " + ",".join(figures))
    return "OK"


@answers("+CMGL")
def _list(modem: Modem, kind: str, arguments: str) -> str:
    text_mode, charset = modem.session.text_mode, modem.session.charset
    if kind == "=?":
        modem.line('+CMGL: ("REC UNREAD","REC READ","STO UNSENT","STO SENT","ALL")' if text_mode else "+CMGL: (0-4)")
        return "OK"
    wanted = arguments.split(",", maxsplit=1)[0].strip()
    if text_mode:
        named = unquoted(wanted) or STATUS_NAMES[REC_UNREAD]
        if named not in STATUS_NAMES:
            raise modem.cms(INVALID_TEXT_PARAMETER)
        status = STATUS_NAMES.index(named)
    else:
        if wanted not in ("", "0", "1", "2", "3", "4"):
            raise modem.cms(NOT_SUPPORTED)
        status = int(wanted or REC_UNREAD)
    end = modem.settings.line_end
    for index, message in _listing(modem):
        if status in (ALL, message.status):
            if text_mode:
                modem.line(end.join(textmode.listed(index, message, charset)))
            else:
                modem.line(f"+CMGL: {index},{message.status},,{message.tp_length}{end}{message.pdu}")
            _mark_read(modem, message)
    return "OK"


def _mark_read(modem: Modem, message: StoredMessage) -> None:
    if message.status == REC_UNREAD:
        message.status = REC_READ
        modem.counts["inbound_read" if message.kind == "deliver" else "reports_read"] += 1


@answers("+CMGR")
def _read(modem: Modem, _kind: str, arguments: str) -> str:
    index = arguments.split(",", maxsplit=1)[0].strip()
    place = _place(modem, int(index)) if index.isdigit() else None
    message = place[0].places.get(place[1]) if place else None
    if message is None:
        if modem.settings.missing_message == "ok":
            return "OK"
        raise modem.cms(NO_SUCH_MESSAGE)
    end = modem.settings.line_end
    if modem.session.text_mode:
        modem.line(end.join(textmode.shown(message, modem.session.charset)))
    else:
        modem.line(f"+CMGR: {message.status},,{message.tp_length}{end}{message.pdu}")
    _mark_read(modem, message)
    return "OK"


@answers("+CMGD")
def _delete(modem: Modem, kind: str, arguments: str) -> str:
    rows = _listing(modem)
    if kind == "=?":
        places = ",".join(str(index) for index, _ in rows)
        modem.line(f"+CMGD: ({places}),(0-4)" if modem.settings.delete_flags else f"+CMGD: ({places})")
        return "OK"
    index, _, flag = (each.strip() for each in arguments.partition(","))
    if flag and not modem.settings.delete_flags:
        raise modem.cms(NOT_SUPPORTED)
    if flag not in ("", "0", "1", "2", "3", "4") or not (index.isdigit() or flag not in ("", "0")):
        raise modem.cms(NOT_SUPPORTED)
    if flag in ("", "0"):
        doomed = [int(index)]
    else:
        kept = {"1": (REC_UNREAD, 2, STO_SENT), "2": (REC_UNREAD, 2), "3": (REC_UNREAD,), "4": ()}[flag]
        doomed = [place for place, message in rows if message.status not in kept]
    for each in doomed:
        place = _place(modem, each)
        if place is None:
            raise modem.cms(NO_SUCH_MESSAGE)
        if place[0].places.pop(place[1], None) is not None:
            modem.counts["deleted"] += 1
    modem.on_ready()
    return "OK"


# ----------------------------------------------------------------------------------------------------------- sending


@answers("+CMGS")
def _send(modem: Modem, kind: str, arguments: str) -> str | None:
    return "OK" if kind == "=?" else modem.transmission.send(arguments)


@answers("+CMGW")
def _write(modem: Modem, kind: str, arguments: str) -> str | None:
    return "OK" if kind == "=?" else modem.transmission.write(arguments)


@answers("+CMSS")
def _send_stored(modem: Modem, kind: str, arguments: str) -> str | None:
    if kind == "=?":
        return "OK"
    index = arguments.split(",", maxsplit=1)[0].strip()
    place = _place(modem, int(index)) if index.isdigit() else None
    message = place[0].places.get(place[1]) if place else None
    if message is None or message.kind != "submit":
        raise modem.cms(NO_SUCH_MESSAGE)
    message.status = STO_SENT
    return modem.transmission.send_stored(message.pdu)
