"""Brands as data: how modems differ in what they answer. A profile says nothing that `modem` does not look up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Brand:
    name: str
    manufacturer: str
    model: str
    revision: tuple[str, ...]
    """Lines of +CGMR; empty: the command fails."""
    unknown: str = "ERROR"
    """Final result of a command the modem does not know."""
    unsupported: frozenset[str] = frozenset()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The maker's own commands: full line without AT, in capitals → information lines before OK."""
    hush: str = ""
    """The full line without AT that ends `chatter`."""
    own_line_end: str = "\r\n"
    """How the answers to the maker's own commands end."""
    memories: tuple[tuple[str, ...], ...] = (("SM", "ME", "MT"), ("SM", "ME"), ("SM", "ME"))
    """What CPMS=? offers for reading, writing and receiving."""
    clac: bool = True
    boot_lines: tuple[str, ...] = ()
    """Printed at power-up. A silent reboot prints none of them."""
    full_line: str = ""
    """Printed when a message finds no place."""
    cpin_ok: bool = True
    """False: `+CPIN: …` is not followed by OK."""
    cpin_lines: Mapping[str, str] = field(default_factory=dict)
    """The maker's own question for the tries left → format with {state}, {pin}, {puk}."""
    pin_first: bool = False
    """Until the PIN is entered even ATZ is refused."""
    busy_after_cfun: int = 0
    """After CFUN=1, so many commands are answered `+CMS ERROR: 515`."""
    csca_busy: int = 0
    """After power-up, so many CSCA? are answered `+CME ERROR: 14`."""
    cnmi: str = "(0-3),(0-3),(0-3),(0-2),(0,1)"
    """Answer of CNMI=?; a value out of these ranges is an ERROR."""
    ussd_hex: bool = False
    """USSD travels as packed 7-bit in hex, whatever CSCS says."""
    escape: str = "OK"
    """What ESC in the prompt is answered with; empty: nothing."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ from the defaults."""


_GENERIC = Brand("generic", "Simulated", "Modem 1", ("1.0",))

_BRANDS = (
    _GENERIC,
    Brand(
        "wavecom",
        " WAVECOM MODEM",
        " MULTIBAND  900E  1800",
        (" 641b09gg.Q2403A 1320676 061804 14:38",),
        unsupported=frozenset(
            {"+CLAC", "+CVHU", "+CGREG", "+CEREG", "+CPINR", "+CNUM", "+COPN", "+ICCID", "+CCID", "+CMGC"}
        ),
        extra={"+WIND?": ("+WIND: 0",), "+WIND=50": (), "+WIND=0": (), "+WIND=255": ()},
        memories=(("SM", "BM", "SR"), ("SM",), ("SM",)),
        clac=False,
        cpin_ok=False,
        busy_after_cfun=2,
        settings={"capacity": 20},
    ),
    Brand(
        "huawei",
        "huawei",
        "E173",
        ("11.126.85.00.209",),
        unknown="COMMAND NOT SUPPORT",
        unsupported=frozenset({"+CPINR", "+CEREG", "+CVHU"}),
        extra={
            "^PORTSEL=0": (),
            "^PORTSEL=1": (),
            "^CURC=0": (),
            "^CURC=1": (),
            "^CURC?": ("^CURC: 1",),
            "^CVOICE=0": (),
            "^CVOICE?": ("^CVOICE:0,8000,16,20",),
            "^USSDMODE=0": (),
            "^USSDMODE=1": (),
            "^SYSINFO": ("^SYSINFO:2,3,0,5,1,,4",),
            "^ICCID?": ("^ICCID: 8954079144009876543F",),
            "^DTMF=?": ("^DTMF: (1-7),(0-9,*,#)",),
            "^HCSQ?": ('^HCSQ:"WCDMA",34,33,50',),
            "^U2DIAG?": ("^U2DIAG: 0",),
        },
        memories=(("ME", "SM"), ("ME", "SM"), ("ME", "SM")),
        boot_lines=("^SRVST:2", "^RSSI:20", "^MODE:5,4", "^SIMST:1"),
        full_line='^SMMEMFULL: "{memory}"',
        cpin_lines={"^CPIN?": "^CPIN: {state},{puk},{puk},{pin},10,3"},
        hush="^CURC=0",
        ussd_hex=True,
        cnmi="(0,1,2),(0,1,2,3),(0,2,3),(0,1,2),(0,1)",
        own_line_end="\r\r\n",
        settings={
            "noise": ("^RSSI:17", "^BOOT:35287453,0,0,0,75", "^DSFLOWRPT:0000000A,00000000,00000000"),
            "noise_probability": 0.1,
            "storage": "SM",
        },
    ),
    Brand(
        "qualcomm",
        "QUALCOMM INCORPORATED",
        "HSDPA Modem",
        ("M6280_V6.2.0  1  [Mar 05 2009 10:00:00]",),
        unsupported=frozenset({"+CPINR", "+CVHU"}),
        memories=(("ME", "MT", "SM", "SR"), ("ME", "MT", "SM", "SR"), ("ME", "MT", "SM", "SR")),
        pin_first=True,
        csca_busy=2,
        settings={"csmp_wipes_smsc": True},
    ),
    Brand(
        "zte",
        "ZTE INCORPORATED",
        "MF190",
        ("BD_TELEF_MF190V1.0.0B04",),
        unsupported=frozenset({"+CPINR"}),
        extra={
            "+ZPAS?": ('+ZPAS: "UMTS","CS_PS"',),
            "+ZOPRT=5": (),
            "+ZSNT=0,0,0": (),
            "+ZPINPUK=?": ("+ZPINPUK: 3,10",),
        },
        memories=(("ME", "SM"), ("ME", "SM"), ("ME", "SM")),
        boot_lines=('+ZDONR: "Simunet",722,99,"CS_PS","ROAM_OFF"', '+ZPASR: "UMTS"'),
        full_line='+ZSMGS: "{memory}"',
        hush="+CPMS?",
        cpin_lines={"+ZPINPUK?": "+ZPINPUK: {pin},{puk}"},
        settings={"storage": "ME", "missing_message": "ok"},
    ),
    Brand(
        "nokia",
        "Nokia",
        "Nokia N79",
        ("V ICPR72_08w44.1", "24-11-08", "RM-348", "(c) Nokia"),
        unsupported=frozenset({"+CMGL", "+CMGR", "+CMGD", "+CMGW", "+CMSS", "+CPINR", "+CNMA", "+CMGC"}),
        memories=((), (), ()),
        clac=True,
        settings={"cnmi_supported": False},
    ),
    Brand(
        "siemens",
        "SIEMENS",
        "MC35i",
        ("REVISION 02.00",),
        unsupported=frozenset({"+CLAC", "+CPINR", "+CVHU", "+CGREG", "+CEREG"}),
        extra={"^SCID": ("^SCID: 89540791440098765430",), "^SCKS?": ("^SCKS: 0,1",), "^SSMSS=?": ("^SSMSS: (0-1)",)},
        memories=(("SM",), ("SM",), ("SM",)),
        clac=False,
        boot_lines=("^SYSSTART",),
        full_line="^SMGO: 1",
        cpin_lines={"^SPIC": "^SPIC: {pin}"},
        cnmi="(0-3),(0,1),(0,2,3),(0-2),(1)",
        settings={"delete_flags": False, "capacity": 25},
    ),
    Brand(
        "simcom",
        "SIMCOM_Ltd",
        "SIMCOM_SIM800L",
        ("Revision:1418B05SIM800L24",),
        unsupported=frozenset({"+CPINR", "+CVHU", "+CLAC", "+CEREG"}),
        extra={"+DDET=1": (), "+CIURC=0": (), "+CIURC=1": (), "+CMGHEX=1": ()},
        memories=(("SM", "ME", "SM_P", "ME_P", "MT"), ("SM", "ME", "SM_P", "ME_P", "MT"), ("SM", "ME", "MT")),
        clac=False,
        boot_lines=("RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready"),
        full_line="SMS FULL",
        cpin_lines={"+SPIC": "+SPIC: {pin},3,{puk},10"},
        settings={"capacity": 30},
    ),
    Brand(
        "quectel",
        "Quectel",
        "EC25",
        ("EC25AUTLAR02A03M4G",),
        unsupported=frozenset({"+CVHU"}),
        extra={
            "+QURCCFG?": ('+QURCCFG: "urcport","usbat"',),
            '+QURCCFG="URCPORT","USBAT"': (),
            '+QCFG="URC/RI/SMSINCOMING"': (),
            "+QINISTAT": ("+QINISTAT: 7",),
        },
        memories=(("ME", "MT", "SM", "SR"), ("ME", "MT", "SM", "SR"), ("ME", "MT", "SM", "SR")),
        boot_lines=("RDY", "+QIND: SMS DONE", "+QIND: PB DONE"),
        full_line='+QIND: "smsfull","{memory}"',
        cpin_lines={'+QPINC="SC"': '+QPINC: "SC",{pin},{puk}', "+QPINC?": '+QPINC: "SC",{pin},{puk}'},
        settings={"storage": "ME"},
    ),
    Brand(
        "sierra",
        "Sierra Wireless, Incorporated",
        "MC8790V",
        ("K2_0_7_8AP C:/WS/FW/K2_0_7_8AP/MSM6290/SRC 2009/08/28 15:00:00",),
        unsupported=frozenset({"+CPINR", "+CVHU", "+CEREG"}),
        extra={"!GSTATUS?": ("!GSTATUS:", "Mode:   ONLINE"), "+STSF=0": ()},
        memories=(("SM", "ME", "SR"), ("SM", "ME"), ("SM", "ME")),
        cpin_lines={"+CPINC?": "+CPINC: {pin},3,{puk},10"},
        settings={"missing_message": "ok"},
    ),
)

BRANDS: Mapping[str, Brand] = {brand.name: brand for brand in _BRANDS}
