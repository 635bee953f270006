"""What a modem answers about itself, its SIM and its radio (V.250, 3GPP 27.007)."""

from __future__ import annotations

from drivers.gsm.simulator.modem import HANDLERS, PENDING, SILENT, Modem, Session, answers

OPERATOR_WAIT_S = 0.2
"""A scan of networks (COPS=?) takes a real modem half a minute; long enough here to be an answer that comes later."""
USSD_WAIT_S = 0.02
_FLAGS = (
    *("X", "&C", "&D", "&W", "&K", "&S", "&V", "H", "L", "M", "P", "T", "S", "+IPR", "+IFC", "+ICF"),
    *("+CLIP", "+CRC", "+CVHU", "+CCWA", "+CSDH", "+CMMS", "+CPMP", "+CTZU", "+CTZR", "+CGEREP", "+COLP", "+CSSN"),
    *("+CMER", "+CGACT", "+CPBS", "+CSTA", "+CMOD", "+CVMOD", "+CGATT", "+CREC", "+CSAS", "+CRES", "+CUSD"),
)
_DEFAULTS = {"+CPBS": '"SM",0,250', "+CGATT": "1", "+CSTA": "129", "+CMER": "0,0,0,0,0", "+CUSD": "0"}
_SPANS = {"+CRC": "(0,1)", "+CLIP": "(0,1)", "+CVHU": "(0,1)", "+CSDH": "(0,1)", "+CMMS": "(0-2)", "+CPBS": '("SM")'}
CHARSETS = ("GSM", "IRA", "UCS2", "HEX", "8859-1")


def unquoted(text: str) -> str:
    return text.strip().strip('"')


def _keep(name: str) -> None:
    """A command that only remembers its value."""

    def handler(modem: Modem, kind: str, arguments: str) -> str:
        if kind == "?":
            modem.line(f"{name}: {modem.session.values.get(name, _DEFAULTS.get(name, '0'))}")
        elif kind == "=?":
            modem.line(f"{name}: {_SPANS.get(name, '(0-255)')}")
        else:
            modem.session.values[name] = arguments
        return "OK"

    HANDLERS[name] = handler


for _name in _FLAGS:
    _keep(_name)


# ----------------------------------------------------------------------------------------------------------- session


@answers("E")
def _echo(modem: Modem, _kind: str, arguments: str) -> str:
    modem.session.echo = arguments not in ("", "0") or modem.settings.echo_stuck
    return "OK"


@answers("V")
def _words(modem: Modem, _kind: str, arguments: str) -> str:
    modem.session.verbose = arguments not in ("", "0")
    return "OK"


@answers("Q")
def _quiet(modem: Modem, _kind: str, arguments: str) -> str:
    modem.session.quiet = arguments not in ("", "0")
    return "OK"


@answers("Z", "&F")
def _reset(modem: Modem, _kind: str, _arguments: str) -> str:
    modem.session = Session(memories=list(modem.session.memories), text_mode=modem.settings.text_mode_only)
    return "OK"


@answers("+CMEE")
def _errors(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "?":
        modem.line(f"+CMEE: {modem.session.errors}")
    elif kind == "=?":
        modem.line("+CMEE: (0-2)")
    elif arguments in ("0", "1", "2"):
        modem.session.errors = int(arguments)
    else:
        raise modem.cme(50)
    return "OK"


@answers("+CSCS")
def _charset(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "?":
        modem.line(f'+CSCS: "{modem.session.charset}"')
    elif kind == "=?":
        modem.line("+CSCS: (" + ",".join(f'"{each}"' for each in CHARSETS) + ")")
    elif unquoted(arguments).upper() in CHARSETS:
        modem.session.charset = unquoted(arguments).upper()
    else:
        raise modem.cme(50)
    return "OK"


@answers("+CLAC")
def _commands(modem: Modem, _kind: str, _arguments: str) -> str:
    own = {each.partition("=")[0].rstrip("?") for each in modem.brand.extra}
    known = sorted((set(HANDLERS) - modem.brand.unsupported - {""}) | own)
    end = modem.settings.line_end
    modem.line(end.join(known))
    return "OK"


@answers("+CFUN")
def _functionality(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "?":
        modem.line(f"+CFUN: {1 if modem.radio else modem.settings.radio_off}")
        return "OK"
    if kind == "=?":
        modem.line("+CFUN: (0,1,4),(0,1)")
        return "OK"
    level, _, restart = arguments.partition(",")
    if level not in ("0", "1", "4"):
        raise modem.cme(50)
    settings = modem.settings
    if level == "1" and not modem.radio and settings.searching_until == "cfun":
        settings.searching_until = ""
    modem.radio = level == "1"
    settings.radio_off = 0 if modem.radio else int(level)
    if restart == "1":
        modem.line("OK")
        modem.flush()
        modem.reboot(silent=False)
        return SILENT
    modem.after_cfun()
    registration_changed(modem)
    if modem.registered:
        modem.on_ready()
    return "OK"


@answers("+CPAS")
def _activity(modem: Modem, _kind: str, _arguments: str) -> str:
    modem.line("+CPAS: 0")
    return "OK"


@answers("+CCLK")
def _clock(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "?":
        modem.line(f"+CCLK: {modem.session.values.get('+CCLK', chr(34) + '26/11/22,10:00:00-12' + chr(34))}")
    else:
        modem.session.values["+CCLK"] = arguments
    return "OK"


@answers("+CBC")
def _battery(modem: Modem, _kind: str, _arguments: str) -> str:
    modem.line("+CBC: 0,100")
    return "OK"


@answers("A", "D")
def _call(_modem: Modem, _kind: str, _arguments: str) -> str:
    return "NO CARRIER"


# ---------------------------------------------------------------------------------------------------------- identity


@answers("+CGMI", "+GMI")
def _manufacturer(modem: Modem, kind: str, _arguments: str) -> str:
    if kind != "=?":
        modem.line(modem.brand.manufacturer)
    return "OK"


@answers("+CGMM", "+GMM")
def _model(modem: Modem, kind: str, _arguments: str) -> str:
    if kind != "=?":
        modem.line(modem.brand.model)
    return "OK"


@answers("+CGMR", "+GMR")
def _revision(modem: Modem, kind: str, _arguments: str) -> str:
    if kind != "=?":
        if not modem.brand.revision:
            raise modem.cme(4)
        modem.line(modem.settings.line_end.join(modem.brand.revision))
    return "OK"


@answers("I")
def _identify(modem: Modem, _kind: str, _arguments: str) -> str:
    brand = modem.brand
    modem.line(f"Manufacturer: {brand.manufacturer.strip()}{modem.settings.line_end}Model: {brand.model.strip()}")
    return "OK"


@answers("+GCAP")
def _capabilities(modem: Modem, _kind: str, _arguments: str) -> str:
    modem.line("+GCAP: +CGSM,+DS,+ES")
    return "OK"


@answers("+CGSN", "+GSN")
def _imei(modem: Modem, kind: str, _arguments: str) -> str:
    if kind != "=?":
        modem.line(modem.imei)
    return "OK"


@answers("+CIMI")
def _imsi(modem: Modem, kind: str, _arguments: str) -> str:
    if kind != "=?":
        modem.line(modem.card.imsi)
    return "OK"


@answers("+CCID", "+ICCID")
def _iccid(modem: Modem, kind: str, _arguments: str) -> str:
    if kind != "=?":
        modem.line(f"+CCID: {modem.card.iccid}")
    return "OK"


@answers("+CNUM")
def _own_number(modem: Modem, kind: str, _arguments: str) -> str:
    if kind != "=?":
        modem.line(f'+CNUM: "","{modem.card.number}",145')
    return "OK"


# --------------------------------------------------------------------------------------------------------------- PIN


@answers("+CPIN")
def _pin(modem: Modem, kind: str, arguments: str) -> str:
    card = modem.card
    if not modem.settings.sim_present:
        raise modem.cme(10)
    if kind == "?":
        state = "NOT READY" if modem.sim_waits else "SIM PUK" if card.state == "BLOCKED" else card.state
        modem.line(f"+CPIN: {state}")
        return "OK" if modem.brand.cpin_ok else SILENT
    if kind == "=?":
        return "OK"
    given = [unquoted(each) for each in arguments.split(",")]
    if card.state == "SIM PIN" and len(given) == 1:
        accepted = card.enter_pin(given[0])
    elif card.state == "SIM PUK" and len(given) == 2:
        accepted = card.enter_puk(*given)
    else:
        raise modem.cme({"READY": 3, "SIM PIN": 50}.get(card.state, 12))
    if not accepted:
        modem.counts["wrong_pins"] += 1
        raise modem.cme(16 if card.state == "SIM PIN" else 12)
    modem.on_ready()
    return "OK"


@answers("+CPINR")
def _pin_tries(modem: Modem, _kind: str, _arguments: str) -> str:
    card = modem.card
    modem.line(f"+CPINR: SIM PIN,{card.pin_left},3")
    modem.line(f"+CPINR: SIM PUK,{card.puk_left},10")
    return "OK"


# ------------------------------------------------------------------------------------------------------------- radio


@answers("+CSQ")
def _signal(modem: Modem, kind: str, _arguments: str) -> str:
    if kind == "=?":
        modem.line("+CSQ: (0-31,99),(0-7,99)")
    else:
        modem.line(f"+CSQ: {modem.settings.rssi if modem.radio else 99},99")
    return "OK"


def registration_status(modem: Modem) -> int:
    if not (modem.radio and modem.unlocked):
        return 0
    return 2 if modem.settings.searching_until else modem.settings.registration


def _registration(name: str) -> None:
    def handler(modem: Modem, kind: str, arguments: str) -> str:
        reports = modem.session.registration_reports
        if kind == "=?":
            modem.line(f"{name}: (0-2)")
        elif kind == "?":
            place = ',"00A1","12C4"' if reports.get(name) == 2 else ""
            modem.line(f"{name}: {reports.get(name, 0)},{registration_status(modem)}{place}")
        elif arguments in ("0", "1", "2"):
            reports[name] = int(arguments)
        else:
            raise modem.cme(50)
        return "OK"

    HANDLERS[name] = handler


for _name in ("+CREG", "+CGREG", "+CEREG"):
    _registration(_name)


def registration_changed(modem: Modem) -> None:
    """Tell the host where it asked for it (27.007 §7.2)."""
    for name, level in modem.session.registration_reports.items():
        if level:
            modem.unsolicited(f"{name}: {registration_status(modem)}")


@answers("+COPS")
def _operator(modem: Modem, kind: str, arguments: str) -> str | None:
    session, settings = modem.session, modem.settings
    if kind == "=?":
        modem.later(OPERATOR_WAIT_S, _scan, modem)
        return PENDING
    if kind == "?":
        if not modem.registered:
            modem.line(f"+COPS: {session.operator_mode}")
        else:
            shown = settings.operator_code if session.operator_format == 2 else settings.operator
            modem.line(f'+COPS: {session.operator_mode},{session.operator_format},"{shown}",2')
        return "OK"
    given = arguments.split(",")
    if given[0] == "3":
        session.operator_format = int(given[1]) if len(given) > 1 and given[1].isdigit() else 0
    elif given[0] in ("0", "1", "2", "4"):
        session.operator_mode = int(given[0])
        modem.radio = given[0] != "2"
        if given[0] == "0" and settings.searching_until == "cops":
            settings.searching_until = ""
        registration_changed(modem)
        if modem.registered:
            modem.on_ready()
    else:
        raise modem.cme(50)
    return "OK"


def _scan(modem: Modem) -> None:
    settings = modem.settings
    name, code = settings.operator, settings.operator_code
    modem.line(f'+COPS: (2,"{name}","{name}","{code}",2),(1,"Other","Other","72234",2),,(0-4),(0-2)')
    modem.finish("OK")


# -------------------------------------------------------------------------------------------------------------- USSD


@answers("+CUSD")
def _ussd(modem: Modem, kind: str, arguments: str) -> str:
    if kind == "=?":
        modem.line("+CUSD: (0-2)")
        return "OK"
    if kind == "?":
        modem.line(f"+CUSD: {modem.session.values.get('+CUSD', '0')}")
        return "OK"
    fields = arguments.split(",")
    modem.session.values["+CUSD"] = fields[0]
    if len(fields) > 1:
        modem.later(USSD_WAIT_S, _ussd_answer, modem, unquoted(fields[1]))
    return "OK"


def _ussd_answer(modem: Modem, sent: str) -> None:
    from drivers.gsm.simulator import textmode

    coded = "HEX7" if modem.brand.ussd_hex else modem.session.charset
    answer = modem.settings.ussd.get(textmode.from_charset(sent, coded))
    if answer is None:
        modem.unsolicited("+CUSD: 4")
    else:
        modem.unsolicited(f'+CUSD: 0,"{textmode.to_charset(answer, coded)}",15')
    modem.flush()
