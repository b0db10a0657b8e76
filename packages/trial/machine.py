"""A Debian that is booted: systemd is its first process, in a container of systemd-nspawn."""

import os
import re

from trial.debian import Debian, call

NEEDS = ("systemd-sysv", "dbus", "logrotate")
"""What makes a minimal Debian one that boots, as far as a service can tell."""

_UNIT = """
[Unit]
After=pop3spy.service server.service
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
ExecStart=bash /root/parts.sh
StandardOutput=file:/root/said
StandardError=inherit
[Install]
WantedBy=multi-user.target
"""
# No other program here has to know of it, and nothing that it sends gets out.
_BOOT = "systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --console=pipe"


def booted(debian: Debian, parts: dict[str, str]) -> dict[str, str]:
    """Boot *debian*, run the scripts of *parts* one after another, and return what each said."""
    scripts = "".join(f"echo '== {name}'\n{script}\n" for name, script in parts.items())
    (debian.folder / "root" / "parts.sh").write_text(f"{scripts}echo '== end'\n")
    (debian.folder / "etc/systemd/system/trial.service").write_text(_UNIT)
    debian.shell("systemctl enable trial.service")
    # The machine's own hierarchy of control groups may still be the old one.
    env = os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    call(*_BOOT.split(), "--directory", debian.folder, env=env, seconds=1200)
    said = (debian.folder / "root" / "said").read_text()
    assert said.endswith("== end\n"), said
    _, *rest = re.split(r"^== (.*)\n", said, flags=re.MULTILINE)
    return dict(zip(rest[::2], rest[1::2], strict=True))
