"""Programs that nobody here wrote send and receive through the simulated modems.

So the simulator is held against the device as others understand it, not only against our own driver.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.gsm.simulator import GsmSimulatorProcess
from tests.peers.process import EventPipe, Peer

pytestmark = [pytest.mark.peer, pytest.mark.timeout(120)]

TO = "+5491159876543"
SENDER = "+5491144443333"
SHORT = "Hola, su saldo es $ 100 ñ"
UNICODE = "día árbol 😀"
LONG = "Estimado cliente: su factura vence el día 30. " * 5
"""230 characters, one of them outside the GSM alphabet: four parts in UCS-2."""


def needs(program: str) -> str:
    found = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture
def sim() -> Iterator[GsmSimulatorProcess]:
    with GsmSimulatorProcess() as simulator:
        yield simulator


def joined(sim: GsmSimulatorProcess) -> list[tuple[str, str]]:
    texts = sim.ask("texts", joined=True)["texts"]
    assert all(each["complete"] for each in texts)
    return [(each["to"], each["text"]) for each in texts]


# ------------------------------------------------------------------------------------------------------------- gammu


@pytest.mark.parametrize("brand", ["generic", "huawei"])
def test_gammu_sends_and_reads(tmp_path: Path, brand: str) -> None:
    gammu = needs("gammu")
    with GsmSimulatorProcess("--brand", brand) as sim:
        sim.ask("inject", modem=0, **{"from": SENDER}, text=SHORT)
        sim.ask("inject", modem=0, **{"from": SENDER}, text=LONG, order=[3, 1, 4, 2])
        rc = tmp_path / "gammurc"
        rc.write_text(f"[gammu]\nport={sim.port}\nconnection=at115200\nsynchronizetime=no\nuse_locking=no\n")
        script = tmp_path / "batch"
        script.write_text(
            "identify\n"
            f'sendsms TEXT {TO} -report -text "{SHORT}"\n'
            f'sendsms TEXT {TO} -unicode -len 300 -text "{LONG}"\n'
            "geteachsms\n"
            "deleteallsms 1\n"
        )
        done = subprocess.run(
            [gammu, "-c", str(rc), "batch", str(script)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert sim.devices[0].imei in done.stdout
        assert joined(sim) == [(TO, SHORT), (TO, LONG)]
        shown = " ".join(done.stdout.split())
        assert SHORT in shown
        assert " ".join(LONG.split()) in shown
        assert sim.ask("stats")["total"]["stored"] == 0
        assert sim.ask("stats")["total"]["deleted"] == 5


# -------------------------------------------------------------------------------------------------------- gammu-smsd


def test_gammu_smsd_sends_receives_and_gets_reports(tmp_path: Path, sim: GsmSimulatorProcess) -> None:
    daemon, inject = needs("gammu-smsd"), needs("gammu-smsd-inject")
    for folder in ("inbox", "outbox", "sent", "error"):
        (tmp_path / folder).mkdir()
    events = EventPipe(tmp_path / "events")
    hook = tmp_path / "received"
    hook.write_text(f'#!/bin/sh\necho "received $SMS_MESSAGES $DECODED_PARTS" > {tmp_path}/events\n')
    hook.chmod(0o755)
    conf = tmp_path / "smsdrc"
    conf.write_text(
        f"[gammu]\nport={sim.port}\nconnection=at115200\nsynchronizetime=no\nuse_locking=no\n"
        "[smsd]\nservice=files\nlogfile=stderr\ndebuglevel=1\ncommtimeout=1\nsendtimeout=10\n"
        "receivefrequency=1\nstatusfrequency=0\nloopsleep=1\ndeliveryreport=log\nmultiparttimeout=20\n"
        f"inboxpath={tmp_path}/inbox/\noutboxpath={tmp_path}/outbox/\nsentsmspath={tmp_path}/sent/\n"
        f"errorsmspath={tmp_path}/error/\ninboxformat=unicode\nrunonreceive={hook}\n"
    )

    def put(*arguments: str) -> None:
        subprocess.run(
            [inject, "-L", "-c", str(conf), "TEXT", TO, *arguments],
            check=True,
            capture_output=True,
            timeout=30,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )

    put("-report", "-text", SHORT)
    put("-report", "-unicode", "-len", "300", "-text", LONG)
    try:
        with Peer([daemon, "-L", "-c", str(conf)], tmp_path) as smsd:
            assert sim.ask("wait", taken=5, timeout=60)["reached"]
            for _ in range(5):
                smsd.lines.until("Delivery report: Delivered", 30)
            sim.ask("inject", modem=0, **{"from": SENDER}, text=UNICODE)
            events.lines.until("received 1", 30)
            sim.ask("inject", modem=0, **{"from": SENDER}, text=LONG)
            events.lines.until("received 4", 30)
    finally:
        events.close()
    assert joined(sim) == [(TO, SHORT), (TO, LONG)]
    files = sorted((tmp_path / "inbox").iterdir())
    # It writes one code unit too many for each surrogate pair.
    said = [file.read_bytes().decode("utf-16").rstrip("\0") for file in files]
    assert said[0] == UNICODE
    assert "".join(said[1:]) == LONG


# ---------------------------------------------------------------------------------------------------------- smstools


def test_smstools_sends_receives_and_gets_reports(tmp_path: Path, sim: GsmSimulatorProcess) -> None:
    daemon = needs("smsd")
    for folder in ("outgoing", "checked", "incoming", "sent", "failed", "report", "stats"):
        (tmp_path / folder).mkdir()
    events = EventPipe(tmp_path / "events")
    hook = tmp_path / "event"
    hook.write_text(f'#!/bin/sh\necho "$1 $2" > {tmp_path}/events\n')
    hook.chmod(0o755)
    conf = tmp_path / "smsd.conf"
    folders = "".join(f"{each} = {tmp_path}/{each}\n" for each in ("outgoing", "checked", "incoming", "sent", "failed"))
    conf.write_text(
        f"devices = SIM\n{folders}report = {tmp_path}/report\nlogfile = {tmp_path}/smsd.log\nloglevel = 7\n"
        f"infofile = {tmp_path}/working\npidfile = {tmp_path}/smsd.pid\neventhandler = {hook}\n"
        "delaytime = 1\ndelaytime_mainprocess = 1\nerrorsleeptime = 1\nautosplit = 3\n"
        "decode_unicode_text = yes\nincoming_utf8 = yes\ninternal_combine = yes\n"
        f"[SIM]\ndevice = {sim.port}\nincoming = yes\nreport = yes\nbaudrate = 115200\n"
        "init = AT+CNMI=2,0,0,2,1\n"
    )

    def put(name: str, text: str, alphabet: str) -> None:
        body = text.encode("utf-16-be") if alphabet == "Unicode" else text.encode()
        draft = tmp_path / name
        draft.write_bytes(f"To: {TO[1:]}\nAlphabet: {alphabet}\n\n".encode() + body)
        draft.rename(tmp_path / "outgoing" / name)

    def message(path: str) -> tuple[str, str]:
        head, _, body = Path(path).read_text("utf-8").partition("\n\n")
        return head, body.rstrip("\n")

    put("1-short", SHORT, "UTF-8")
    put("2-long", LONG, "Unicode")
    try:
        with Peer([daemon, "-t", f"-c{conf}"], tmp_path):
            for _ in range(2):
                events.lines.until("^SENT ", 60)
            for _ in range(5):
                head, _ = message(events.lines.until("^REPORT (.*)", 30)[1])
                assert f"From: {TO[1:]}" in head
            unicode = UNICODE.removesuffix("😀")  # it knows no surrogate pairs
            sim.ask("inject", modem=0, **{"from": SENDER}, text=unicode)
            head, body = message(events.lines.until("^RECEIVED (.*)", 30)[1])
            assert f"From: {SENDER[1:]}" in head
            assert body == unicode
            sim.ask("inject", modem=0, **{"from": SENDER}, text=LONG, order=[2, 1, 4, 3])
            _, body = message(events.lines.until("^RECEIVED (.*)", 30)[1])
            assert body == LONG
    finally:
        events.close()
    assert sorted(joined(sim)) == sorted([(TO, SHORT), (TO, LONG)])


# ---------------------------------------------------------------------------------------------- python-gsmmodem-new


def gsm_modem_class() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its regular expressions have escapes that Python warns about
        modem = pytest.importorskip("gsmmodem.modem")
    return modem.GsmModem


@pytest.mark.parametrize("brand", ["generic", "huawei", "qualcomm", "zte", "simcom", "quectel", "sierra"])
def test_python_gsmmodem_sends_receives_and_gets_reports(brand: str) -> None:
    received: queue.Queue[Any] = queue.Queue()
    reports: queue.Queue[Any] = queue.Queue()
    # It takes any line within an answer for a part of it, so its Huawei is a quiet one.
    with GsmSimulatorProcess("--brand", brand, "--report-delay", "0.2", "--set", "noise=[]") as sim:
        modem = gsm_modem_class()(
            sim.port, 115200, smsReceivedCallbackFunc=received.put, smsStatusReportCallback=reports.put
        )
        modem.connect()
        try:
            assert modem.imei == sim.devices[0].imei
            sent = modem.sendSms(TO, SHORT)
            report = reports.get(timeout=10)
            assert report.reference == sent.reference
            sim.ask("inject", modem=0, **{"from": SENDER}, text=SHORT)
            message = received.get(timeout=10)
            assert (message.number, message.text) == (SENDER, SHORT)
            # Its threads are still deleting both; a command of ours queues behind theirs, and then it may be closed.
            assert sim.ask("wait", deleted=2, timeout=10)["reached"]
            assert modem.signalStrength == 20
        finally:
            modem.close()
        assert joined(sim) == [(TO, SHORT)]


def test_python_gsmmodem_sends_and_reads_multipart(sim: GsmSimulatorProcess) -> None:
    long = "una factura larga de noviembre " * 10
    sim.ask("set", storage="ME")  # the only memory this library lists
    sim.ask("inject", modem=0, **{"from": SENDER}, text=long)
    sim.ask("inject", modem=0, **{"from": SENDER}, text="día gris")
    received: queue.Queue[Any] = queue.Queue()
    modem = gsm_modem_class()(sim.port, 115200, smsReceivedCallbackFunc=received.put, requestDelivery=False)
    modem.connect()
    try:
        # It reads the GSM character set as if it were ASCII: a dollar sign is code 2 there.
        assert modem.sendUssd("*150#").message == "Su saldo es \x02 1.234,50. Vence 30/11."
        modem.sendSms(TO, long)
        modem.sendSms(TO, "día gris")
        modem.processStoredSms()
        texts = [received.get(timeout=10).text for _ in range(4)]
        assert "".join(texts[:3]) == long
        assert texts[3] == "día gris"
    finally:
        modem.close()
    assert joined(sim) == [(TO, long), (TO, "día gris")]
