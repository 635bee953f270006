"""A real Asterisk of our own: loopback only, in a folder of its own, started and stopped by its pid.

`with Asterisk(folder) as pbx:` gives a booted one with a manager account, SIP on UDP, and whatever dialplan it is
given. `kill`, `freeze` and `thaw` are what faults are made of.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.peers.asterisk_package import Installation, UnavailableError, installation
from tests.rig.ports import free_port

__all__ = ["Asterisk", "UnavailableError", "installation"]

USER, SECRET = "gatewayd", "test-secret"

BOOT_S = 30.0
"""It boots in about a second; a loaded machine takes longer."""

STOP_S = 10.0
"""SIGTERM takes 0.3 to 5 s."""

MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip res_pjsip_session
res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_rfc3326 res_pjsip_header_funcs res_pjsip_endpoint_identifier_ip
res_pjsip_dtmf_info res_pjsip_pubsub
res_stasis res_rtp_asterisk chan_pjsip pbx_config pbx_spool codec_ulaw codec_alaw format_pcm
format_wav format_sln bridge_simple res_speech res_agi app_dial app_playback app_read app_amd app_senddtmf
app_userevent app_verbose app_stack app_exec func_channel func_callerid func_cdr func_hangupcause
func_db func_logic func_strings func_timeout func_math func_dialplan cdr_manager res_crypto
"""

MANAGER = """
[general]
enabled = yes
port = {port}
bindaddr = 127.0.0.1
webenabled = no
displayconnects = no
[{user}]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = system,call,user
write = system,call,originate,reporting
writetimeout = 5000
{filters}
[deaf]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = call,user
write = call,originate
[halfdeaf]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = system
write = system,call,originate,reporting
[nouser]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = system,call
write = system,call,originate,reporting
[nocall]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = system,user
write = system,call,originate,reporting
[mute]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = system,call,user
write = system,reporting
[everything]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = all
write = all
[onlooker]
secret = {secret}
permit = 127.0.0.1/255.255.255.255
read = call
write = reporting
eventfilter(action(include),name(Newchannel)) =
eventfilter(action(include),name(Hangup)) =
"""
FILTERS = ("OriginateResponse", "UserEvent", "Hangup", "DialEnd", "DialState", "FullyBooted", "Shutdown")

PJSIP = """
[transport-udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}
[trunk]
type = endpoint
transport = transport-udp
context = from-trunk
disallow = all
allow = ulaw,alaw
direct_media = no
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
dtmf_mode = auto_info
"""

AMD = """
[general]
total_analysis_time = 5000
silence_threshold = 256
initial_silence = 2500
after_greeting_silence = 800
greeting = 1500
min_word_length = 100
maximum_word_length = 5000
between_words_silence = 50
maximum_number_of_words = 2
"""


class Asterisk:
    """One Asterisk in `base`. `extensions` is its whole extensions.conf beneath [general]."""

    def __init__(self, base: Path, extensions: str = "", *, filters: bool = True, verbose: int = 3) -> None:
        self.installed: Installation = installation()
        self.base = base
        self.port = free_port()
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.sounds = base / "sounds"
        self._process: subprocess.Popen[bytes] | None = None
        self._verbose = verbose
        # A Unix socket's path has 107 octets (unix(7)); Asterisk would wait for it in vain.
        assert len(str(base / "run/asterisk.ctl")) <= 107, f"{base} is too long a path"
        self._configure(extensions, filters)

    # ------------------------------------------------------------------------------------------------- configuration

    def _configure(self, extensions: str, filters: bool) -> None:
        base = self.base
        for folder in ("etc", "var/lib/keys", "var/cache", "spool", "run", "log", "agi", "sounds"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        directories = {
            "astcachedir": base / "var/cache",
            "astetcdir": base / "etc",
            "astvarlibdir": base / "var/lib",
            "astdbdir": base / "var/lib",
            "astkeydir": base / "var/lib",
            "astagidir": base / "agi",
            "astspooldir": base / "spool",
            "astrundir": base / "run",
            "astlogdir": base / "log",
            **self.installed.directories,
        }
        lines = "".join(f"{key} => {value}\n" for key, value in directories.items())
        # Without transmit_silence AMD hears nothing and answers TOOLONG.
        options = f"verbose = {self._verbose}\nnocolor = yes\nlive_dangerously = no\ntransmit_silence = yes\n"
        self.write("asterisk", f"[directories]\n{lines}[options]\n{options}")
        self.write("modules", "[modules]\nautoload=no\n" + "".join(f"load => {name}.so\n" for name in MODULES.split()))
        only = "".join(f"eventfilter(action(include),name({name})) =\n" for name in FILTERS) if filters else ""
        self.write("manager", MANAGER.format(port=self.port, user=USER, secret=SECRET, filters=only))
        self.write("pjsip", PJSIP.format(port=self.sip_port))
        self.write("amd", AMD)
        self.write("cdr", "[general]\nenable = yes\nunanswered = yes\n")
        self.write("cdr_manager", "[general]\nenabled = no\n")
        self.write("rtp", "[general]\nrtpstart=20000\nrtpend=24000\nstrictrtp=no\n")
        self.write("logger", "[general]\n[logfiles]\nmessages => notice,warning,error\n")
        self.write("extensions", f"[general]\nstatic=yes\n{extensions}")
        for empty in ("acl", "features", "udptl", "ccss", "cel", "indications", "codecs", "pjproject", "stasis"):
            self.write(empty, "")

    def write(self, name: str, text: str) -> None:
        (self.base / f"etc/{name}.conf").write_text(text)

    # -------------------------------------------------------------------------------------------------- its process

    def __enter__(self) -> Asterisk:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        assert self._process is None
        command = self.installed.command("-f", "-C", str(self.base / "etc/asterisk.conf"))
        out = (self.base / "log/console").open("ab")
        with out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        deadline = time.monotonic() + BOOT_S
        control = self.base / "run/asterisk.ctl"
        while not (control.exists() and "fully booted" in self.cli("core waitfullybooted").lower()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.base / "log/console").read_text(errors="replace")[-2000:]
                self.kill()
                raise AssertionError(f"Asterisk did not boot:\n{said}")
            time.sleep(0.05)  # its control socket appears with no other sign

    def stop(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: no Hangup, no `h`, no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        (self.base / "run/asterisk.ctl").unlink(missing_ok=True)

    def freeze(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)  # its other threads run on for a moment

    def thaw(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def cli(self, command: str) -> str:
        """What one command of its console says."""
        done = subprocess.run(
            self.installed.command("-C", str(self.base / "etc/asterisk.conf"), "-rx", command),
            capture_output=True,
            text=True,
            timeout=BOOT_S,
            check=False,
        )
        return done.stdout + done.stderr
