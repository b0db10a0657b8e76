"""A virtual environment of its own, with the wheel and nothing of this checkout on its path."""

import fcntl
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outside:
    """The environment, and how programs are run in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    def run(
        self, *args: str | Path, cwd: Path, status: int | None = 0, python_path: str | Path = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run Python with *args*; it has to end with that *status*, with any if that is None."""
        env = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        env |= {"COLUMNS": "300"} | ({"PYTHONPATH": str(python_path)} if python_path else {})
        done = subprocess.run(
            [self.python, *args], cwd=cwd, env=env, capture_output=True, text=True, check=False
        )
        assert status in (None, done.returncode), done.stdout + done.stderr
        return done

    def program(
        self, *args: str | Path, cwd: Path, status: int | None = 0, python_path: str | Path = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run pop3spy with *args*."""
        return self.run("-m", "pop3spy", *args, cwd=cwd, status=status, python_path=python_path)

    def tests(self, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the tests in *folder*, in their order and with no plugin but ours."""
        plain = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:asyncio")
        return self.run("-m", "pytest", "-q", *plain, *args, cwd=folder, status=None)


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Outside:
    """Return the environment; the first of all workers of pytest makes it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = Outside(shared / "outside")
    with (shared / "outside.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.folder.exists():
            _make(made, shared / "wheel")
    return made


def _make(made: Outside, wheels: Path) -> None:
    def call(*args: str | Path) -> None:
        subprocess.run([sys.executable, *args], cwd=ROOT, check=True, capture_output=True)

    call("-m", "hatchling", "build", "--target", "wheel", "--directory", wheels)
    call("-m", "venv", "--without-pip", made.folder)
    (wheel,) = wheels.glob("*.whl")
    install = ("install", "--quiet", "--no-deps", "--no-index", wheel)
    call("-m", "pip", "--disable-pip-version-check", "--python", made.python, *install)
    # What the wheel needs is taken from where it is; how this checkout got there is not read then.
    others = sysconfig.get_path("purelib")
    (made.packages / "others.pth").write_text(f"{others}\n")
