"""Wheels, installed in environments that have nothing of this checkout, and used."""

import os
import zipfile
from pathlib import Path

import pytest

from trial.debian import ROOT, call, make, make_elsewhere

PYTHONS = call("sh", "packages/pythons.sh", cwd=ROOT).split()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with what ``make wheels`` makes."""
    kept = os.environ.get("WHEELS")  # made before
    folder = Path(kept) if kept else tmp_path_factory.mktemp("wheels")
    if not kept:
        make("wheels", folder)
    return folder


def tag(python: str) -> str:
    return call(python, "-c", "import sys; print('cp%d%d' % sys.version_info[:2])").strip()


def used(python: str, wheel: Path, folder: Path) -> str:
    """Install *wheel* for *python* in *folder*, use it, and return what it is called."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    call(python, "-m", "venv", folder / "env", env=env)
    own = folder / "env" / "bin" / "python"
    pins = ("-c", str(ROOT / "constraints.txt"))
    call(own, "-m", "pip", "install", *pins, f"{wheel}[web]", seconds=1200, env=env)
    lint = ("-m", "pop3spy", "lint", "--fail-on", "never", ROOT / "captures")
    assert "sessions of" in call(own, *lint, cwd=folder, env=env)
    path = call(own, "-c", "import sys; print(*sys.path)", cwd=folder, env=env)
    assert str(ROOT) not in path
    return call(own, "-m", "pop3spy", "--version", cwd=folder, env=env)


@pytest.mark.parametrize("python", PYTHONS)
def test_a_compiled_wheel_is_used(python: str, wheels: Path, tmp_path: Path) -> None:
    (wheel,) = wheels.glob(f"*-{tag(python)}-*.whl")
    assert "(compiled)" in used(python, wheel, tmp_path)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_pure_wheel_is_used(python: str, wheels: Path, tmp_path: Path) -> None:
    (wheel,) = wheels.glob("*-none-any.whl")
    assert "(pure Python)" in used(python, wheel, tmp_path)


def test_machine_code_names_no_folder_of_the_machine_that_made_it(wheels: Path) -> None:
    told = [os.fsencode(path) for path in (ROOT, Path.home(), "/tmp")]
    found = 0
    for wheel in wheels.glob("*-cp3*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".so"):
                    found += 1
                    assert not any(place in archive.read(name) for place in told), name
    assert found > 50 * len(PYTHONS)


def test_a_compiled_wheel_is_the_same_when_it_is_built_elsewhere(
    wheels: Path, elsewhere: Path, tmp_path: Path
) -> None:
    (wheel,) = wheels.glob(f"*-{tag(PYTHONS[-1])}-*.whl")
    make_elsewhere("compile.sh", PYTHONS[-1], elsewhere, tmp_path / "again")
    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()
