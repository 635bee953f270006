"""The packaged service for real, where no systemd runs: its user, its folders, its rights, its network, in a namespace.

A mount namespace with an overlay of /etc and fresh /var, /run and /opt takes the packaged files as they are; the
daemon is started as the unit says (user, groups, no capabilities, a file system that is read-only but for its own
folders, no network but this machine), and is used as the operators' page says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig.processes import ROOT

SYSTEMD = ROOT / "systemd"
NEEDED = ("unshare", "setpriv", "systemd-sysusers", "systemd-tmpfiles", "ip")

SETUP = r"""
set -eu
ip link set lo up
W={work}
mount -t tmpfs work $W/layer
mkdir -p $W/layer/etc $W/layer/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=$W/layer/etc,workdir=$W/layer/work /etc
mount -t tmpfs opt /opt
mount -t tmpfs lib /var/lib
mount -t tmpfs spool /var/spool
mount -t tmpfs run /run
# The interpreter may lie in a home that the service's user cannot enter.
mkdir -p /opt/python /opt/gatewayd/bin /opt/source
mount --bind {prefix} /opt/python
mount --bind {root} /opt/source
cat > /opt/gatewayd/bin/gatewayd <<'END'
#!/bin/sh
export PYTHONPATH=/opt/source:{site} PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
exec /opt/python/bin/{python} -m gatewayd "$@"
END
chmod 755 /opt/gatewayd/bin/gatewayd
cp {systemd}/gatewayd.sysusers.conf /etc/sysusers.d/gatewayd.conf 2>/dev/null || {{
  mkdir -p /etc/sysusers.d; cp {systemd}/gatewayd.sysusers.conf /etc/sysusers.d/gatewayd.conf; }}
systemd-sysusers /etc/sysusers.d/gatewayd.conf
systemd-tmpfiles --create {systemd}/gatewayd.tmpfiles.conf
install -d -o gatewayd -g gatewayd -m $(sed -n 's/^RuntimeDirectoryMode=//p' {systemd}/gatewayd.service) /run/gatewayd
install -m640 -g gatewayd {config} /etc/gatewayd/gatewayd.toml
printf '1234\n' | install -m640 -g gatewayd /dev/stdin /etc/gatewayd/secrets/mail.password
groupadd norte
mkdir -p /run/notify && chmod 777 /run/notify
"""

SERVICE = r"""
rights="--reuid gatewayd --regid gatewayd --init-groups --bounding-set -all --inh-caps -all --no-new-privs"
as() {{ setpriv $rights "$@"; }}
# ProtectSystem=strict, ReadWritePaths: everything is read-only but what is the service's own.
for place in /etc /opt; do mount -o remount,ro,bind $place 2>/dev/null || mount -o remount,ro $place; done
as /opt/gatewayd/bin/gatewayd check
/opt/gatewayd/bin/gatewayd check                       # root looks with the service's eyes
umask 0007
cat > /run/notify/listen.py <<'END'
import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
    listener.bind('/run/notify/socket'); os.chmod('/run/notify/socket', 0o777); listener.settimeout(60)
    print('listening', flush=True)
    while b'READY=1' not in listener.recv(4096): pass
END
LD_LIBRARY_PATH=/opt/python/lib /opt/python/bin/{python} /run/notify/listen.py > /run/notify/out & LISTENER=$!
while ! grep -q listening /run/notify/out 2>/dev/null; do sleep 0.05; done
NOTIFY_SOCKET=/run/notify/socket RUNTIME_DIRECTORY=/run/gatewayd setpriv $rights /opt/gatewayd/bin/gatewayd run &
DAEMON=$!
trap "kill -KILL $DAEMON 2>/dev/null || true" EXIT
wait $LISTENER
umask 0022
gatewayd() {{ /opt/gatewayd/bin/gatewayd "$@"; }}
gatewayd account create norte
gatewayd account credit norte 10.00
cat > /run/aviso.json <<'END'
{{"channel": "email", "subject": "Hola", "text": "Hola", "recipients": [{{"to": "ana@example.org"}}]}}
END
gatewayd submit /run/aviso.json --account norte
gatewayd job show norte/aviso --json
gatewayd check || echo "check: $?"
# The panel's unit: its user, no group of the daemon's, and what it says it runs.
echo corral-de-piedra-verde-41 | gatewayd user create ana --role administrator --password-stdin
web="--reuid gatewayd-web --regid gatewayd-web --init-groups --bounding-set -all --inh-caps -all --no-new-privs"
start=$(sed -n 's/^ExecStart=//p' {systemd}/gatewayd-web.service)
setpriv $web $start & WEB=$!
trap "kill -KILL $DAEMON $WEB 2>/dev/null || true" EXIT
cp {look} /run/look.py
look() {{ LD_LIBRARY_PATH=/opt/python/lib /opt/python/bin/{python} /run/look.py "$@"; }}
look sign-in
setpriv $web id -Gn
for closed in /run/gatewayd/control.sock /etc/gatewayd/gatewayd.toml /etc/gatewayd/secrets/mail.password \
    /var/spool/gatewayd /var/spool/gatewayd/accepted/norte; do
  setpriv $web test ! -r $closed && echo "closed $closed"
done
stat -c '%a %U %G %n' /var/lib/gatewayd/gatewayd.db /run/gatewayd/control.sock /var/spool/gatewayd/accepted/norte
if ip route get 192.0.2.1 >/dev/null 2>&1; then echo "the network is open"; exit 1; fi
kill -TERM $DAEMON
wait $DAEMON && STATUS=0 || STATUS=$?
echo "ended $STATUS"
look read
kill -TERM $WEB
wait $WEB && STATUS=0 || STATUS=$?
echo "web ended $STATUS"
"""

CONFIG = """
node = "unit"
locale = "en"

[http]
listen = ""

[web]
listen = "127.0.0.1:8081"
start = false

[[line]]
name = "correo"
driver = "smtp"
host = "127.0.0.1"
port = 9
from_address = "aviso@example.org"
user = "aviso"
password_file = "secrets/mail.password"
"""


LOOK = """
import http.client, sys, time, urllib.parse

def asked(method, path, body=None, cookie=None):
    connection = http.client.HTTPConnection("127.0.0.1", 8081, timeout=20)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    if cookie:
        headers["Cookie"] = cookie
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Set-Cookie"), answer.read().decode()

if sys.argv[1] == "sign-in":
    for _ in range(200):
        try:
            assert asked("GET", "/entrar")[0] == 200
            break
        except OSError:
            time.sleep(0.1)
    form = urllib.parse.urlencode({"user": "ana", "password": "corral-de-piedra-verde-41"})
    status, cookie, _body = asked("POST", "/entrar", form)
    assert status == 303, status
    open("/run/cookie", "w").write(cookie.partition(";")[0])
    print("signed in")
status, _cookie, body = asked("GET", "/", cookie=open("/run/cookie").read())
assert status == 200, (status, body)
print("page", sys.argv[1], status)
"""


def test_the_packaged_service_works_as_its_page_says(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces of its own")
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: util-linux, systemd, iproute2)")
    if subprocess.run(["unshare", "-mn", "true"], check=False).returncode != 0:
        pytest.skip("this kernel lets nobody make namespaces")
    (tmp_path / "layer").mkdir()
    config = tmp_path / "gatewayd.toml"
    config.write_text(CONFIG)
    look = tmp_path / "look.py"
    look.write_text(LOOK)
    prefix = Path(sys.base_prefix)
    values = {
        "work": tmp_path,
        "prefix": prefix,
        "root": ROOT,
        "python": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "site": Path("/opt/source") / Path(sys.prefix, "lib").relative_to(ROOT) / site_packages(),
        "systemd": SYSTEMD,
        "config": config,
        "look": look,
    }
    script = tmp_path / "script.sh"
    script.write_text((SETUP + SERVICE).format(**values))
    done = subprocess.run(
        ["unshare", "-mn", "--propagation", "private", "bash", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "LANG": "en_US.UTF-8"},
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert told.count("no fault found") == 2, told
    assert "norte/aviso" in done.stdout
    assert "660 gatewayd gatewayd /var/lib/gatewayd/gatewayd.db" in done.stdout
    assert "660 gatewayd gatewayd /run/gatewayd/control.sock" in done.stdout
    assert "ended 0" in done.stdout
    assert "page sign-in 200" in done.stdout
    assert "page read 200" in done.stdout
    assert "web ended 0" in done.stdout
    assert "gatewayd-web\n" in done.stdout
    assert done.stdout.count("closed /") == 5, told
    assert "Traceback" not in told


def site_packages() -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Path(version) / "site-packages"
