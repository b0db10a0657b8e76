"""A Debian of its own, with nothing of this checkout in it, and what makes packages for it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RELEASE = "bookworm"
_ENTER = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'
CLEAN = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


def call(*command: str | Path, seconds: float = 600, status: int | None = 0, **more: object) -> str:
    """Run *command* and return what it said on both streams; it has to end with that *status*."""
    done = subprocess.run(  # type: ignore[call-overload]
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=seconds,
        check=False,
        **more,
    )
    assert status in (None, done.returncode), (
        f"{command} ended with {done.returncode}: {done.stdout}"
    )
    return str(done.stdout)


@dataclass(frozen=True)
class Debian:
    """A folder with a Debian in it, where programs are run as root and see nothing else."""

    folder: Path

    def command(self, *command: str, network: bool = True) -> list[str]:
        """Return how *command* is started inside, with a network of its own if not with ours."""
        apart = ["--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        return ["unshare", *apart, "sh", "-c", _ENTER, str(self.folder), *command]

    def run(self, *command: str, network: bool = True, status: int | None = 0) -> str:
        return call(*self.command(*command, network=network), status=status, env=CLEAN)

    def shell(self, script: str, *, network: bool = False, status: int | None = 0) -> str:
        return self.run("bash", "-c", script, network=network, status=status)

    def install(self, package: Path, *beside: str) -> str:
        """Install *package* with what it needs; systemd is *beside* it, or what makes its users."""
        shutil.copy(package, self.folder / "tmp")
        apt = ("apt-get", "install", "--yes", "--no-install-recommends")
        users = beside or ("systemd-standalone-sysusers",)
        return self.run(*apt, *users, f"/tmp/{package.name}")

    def files(self) -> set[str]:
        found = self.shell("find / -xdev -path /proc -prune -o -path /dev -prune -o -print")
        return set(found.splitlines())


def make(target: str, to: Path, *settings: str) -> None:
    """Have ``make`` put what it makes for *target* into the folder *to*."""
    call("make", "--silent", target, f"DIST={to}", *settings, seconds=3600, cwd=ROOT)


def make_elsewhere(script: str, python: str, sources: Path, to: Path, **env: str) -> None:
    """Run *script* of packages/ on other sources, in another time zone, language and umask."""
    to.mkdir()
    other = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    command = ("sh", f"packages/{script}", python, to)
    call(*command, seconds=3600, cwd=sources, umask=0o077, env=os.environ | other | env)
