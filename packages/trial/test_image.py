"""The image: built without a daemon, of the Debian package, and run as who it says it runs as."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trial.debian import ROOT, Debian, call
from trial.test_debian import LOOPBACK_UP, SESSION


@dataclass(frozen=True)
class Images:
    """A store of images; buildah has no daemon, and here no other privilege than root's."""

    store: Path

    def buildah(self, *args: str | Path) -> str:
        places = ("--root", self.store / "root", "--runroot", self.store / "run")
        command = ("buildah", *places, "--storage-driver", "vfs", *args)
        return call(*command, env=os.environ | {"BUILDAH_ISOLATION": "chroot"}, seconds=1800)

    def build(self, context: Path, file: Path, name: str, *args: str) -> None:
        form = ("--format", "docker", "--pull-never", "--tag", name)
        self.buildah("build", *form, *args, "--file", file, context)

    def about(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.buildah("inspect", "--type", "image", name))
        return told


@pytest.fixture(scope="module")
def images(
    fresh: Callable[[], Debian], deb: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Images]:
    """Return the store with the image, which stands on debootstrap's Debian, not a registry's."""
    if not shutil.which("buildah"):
        pytest.skip("this needs buildah; on Debian: apt install buildah")
    folder = tmp_path_factory.mktemp("image")
    made = Images(folder)
    base, context = folder / "base", folder / "context"
    base.mkdir()
    (context / "dist").mkdir(parents=True)
    shutil.copy(deb, context / "dist")
    call("tar", "-C", fresh().folder, "-cf", base / "rootfs.tar", ".")
    (base / "Containerfile").write_text("FROM scratch\nADD rootfs.tar /\n")
    made.build(base, base / "Containerfile", "localhost/debian:trial")
    file = ROOT / "packages" / "Containerfile"
    made.build(
        context, file, "localhost/pop3spy:trial", "--build-arg", "BASE=localhost/debian:trial"
    )
    yield made
    made.buildah("rm", "--all")
    made.buildah("rmi", "--all", "--force")


@pytest.fixture(scope="module")
def config(images: Images) -> dict[str, Any]:
    found: dict[str, Any] = images.about("localhost/pop3spy:trial")["Docker"]["config"]
    return found


@pytest.fixture(scope="module")
def container(images: Images) -> Debian:
    """Return the files of the image, where programs are run as the container's user would."""
    name = images.buildah("from", "localhost/pop3spy:trial").strip()
    return Debian(Path(images.buildah("mount", name).strip()))


def as_its_user(config: dict[str, Any], *command: str) -> str:
    """Return *command* as a runtime starts it: its user, its environment, no capability."""
    uid, _, gid = config["User"].partition(":")
    env = " ".join(f"'{each}'" for each in config["Env"])
    lose = "--inh-caps=-all --bounding-set=-all --no-new-privs --clear-groups"
    words = " ".join(f"'{word}'" for word in command)
    return f"setpriv --reuid {uid} --regid {gid} {lose} env -i {env} {words}"


def test_it_runs_without_rights_and_has_a_health_check(config: dict[str, Any]) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"])
    assert config["Entrypoint"] == ["pop3spy"]
    assert config["Healthcheck"]["Test"][:3] == ["CMD", "pop3spy", "connect"]
    assert list(config["ExposedPorts"]) == ["1110/tcp"]


def test_a_client_is_relayed_and_its_health_is_known(
    container: Debian, config: dict[str, Any]
) -> None:
    (container.folder / "tmp" / "session.py").write_text(SESSION)
    spy, listen = config["Entrypoint"], config["Cmd"][-2:]
    server = as_its_user(config, *spy, "serve", "--listen", ":1111", "--quiet")
    proxy = as_its_user(config, *spy, "proxy", "--upstream", "127.0.0.1:1111", *listen)
    healthy = as_its_user(config, *config["Healthcheck"]["Test"][1:])
    said = container.shell(
        f"""
        python3 -c '{LOOPBACK_UP}'
        {healthy} >/dev/null 2>&1; echo "before: $?"
        {server} & server=$!
        python3 /tmp/session.py 1111 >/dev/null
        {proxy} >/tmp/said & proxy=$!
        python3 /tmp/session.py 1110
        {healthy} >/dev/null; echo "while it runs: $?"
        grep -E '^(Uid|CapEff):' /proc/$proxy/status
        kill $proxy; wait $proxy; echo "ended: $?"
        kill $server; wait $server
        cat /tmp/said
        """
    )
    assert "messages: " in said
    assert not re.search(r"^before: 0$", said, re.MULTILINE)
    assert "while it runs: 0\n" in said
    assert "Uid:\t995\t995\t995\t995" in said
    assert "CapEff:\t0000000000000000" in said
    assert "ended: 0\n" in said
    assert "PASS" in said


def test_without_a_server_it_says_what_to_do(container: Debian, config: dict[str, Any]) -> None:
    said = container.shell(as_its_user(config, *config["Entrypoint"], *config["Cmd"]), status=2)
    assert said.count("\n") == 1
    assert "upstream" in said


def test_its_user_may_write_nothing_but_what_it_keeps(
    container: Debian, config: dict[str, Any]
) -> None:
    writable = "find / -xdev -path /proc -prune -o -path /dev -prune -o -writable ! -type l -print"
    found = container.shell(f"{as_its_user(config, *writable.split())} 2>/dev/null", status=None)
    kept = ("/var/lib/pop3spy", "/var/log/pop3spy")
    assert set(kept) <= set(found.split())
    others = {path for path in found.split() if not path.startswith(kept)}
    assert others <= {"/tmp", "/var/tmp", "/run/lock", "/tmp/said"}


def test_it_holds_no_secret_and_nothing_of_the_build(container: Debian) -> None:
    keys = "grep -rlE -e '-----BEGIN [A-Z ]*PRIVATE KEY' /etc /home /opt /root /srv /usr /var"
    found = container.shell(keys, status=None).split()
    programs = re.compile(r"\.(?:py|pyc|md|so[.\d]*)$")  # which know how such a file begins
    assert [path for path in found if not programs.search(path)] == []
    left = container.shell("ls /tmp/*.deb /var/lib/apt/lists/* 2>/dev/null", status=None)
    assert left == ""


def test_man_pages_and_completions_are_in_it(container: Debian) -> None:
    pages = {f"{path.name}.gz" for path in (ROOT / "docs" / "man").iterdir()}
    assert set(container.shell("ls /usr/share/man/man1 | grep pop3spy").split()) == pages
    files = "bash-completion/completions/pop3spy zsh/site-functions/_pop3spy"
    container.shell(f"cd /usr/share && ls {files} fish/vendor_completions.d/pop3spy.fish")
    container.shell("ls /lib/systemd/system/pop3spy.service /usr/lib/sysusers.d/pop3spy.conf")
