"""Where packages are tried: what was made once, and Debians to install it in."""

import os
import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from trial.debian import CLEAN, RELEASE, ROOT, Debian, call, make


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Debian]:
    """Return what makes a Debian that has Python and nothing else; all are copies of one."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("this needs root and debootstrap; on Debian: apt install debootstrap")
    base = tmp_path_factory.mktemp("debian") / "base"
    kept = Path(os.environ.get("DEBIAN_BASE", ""))  # a folder that debootstrap has filled before
    if kept.name:
        base = kept
    else:
        what = ("--variant=minbase", "--include=python3,ca-certificates", RELEASE)
        call("debootstrap", *what, base, seconds=1800, env=os.environ | CLEAN)

    def make() -> Debian:
        folder = tmp_path_factory.mktemp("debian") / "root"
        call("cp", "-a", base, folder)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", folder / "etc" / name)
        debian = Debian(folder)
        debian.run("apt-get", "update")
        return debian

    return make


@pytest.fixture(scope="session")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package, as ``make deb`` makes it."""
    kept = os.environ.get("DEB")  # one that was made before
    if kept:
        return Path(kept)
    folder = tmp_path_factory.mktemp("deb")
    make("deb", folder)
    return next(folder.glob("*.deb"))


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sources of the sdist, in another folder and with other times."""
    folder = tmp_path_factory.mktemp("elsewhere")
    sdist = ("-m", "hatchling", "build", "--target", "sdist", "--directory", str(folder))
    call(sys.executable, *sdist, cwd=ROOT)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())
