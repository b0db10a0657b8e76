"""Wheel and sdist are the same wherever and whenever they are built, and say what they need."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pop3spy.cli.completion import SHELLS
from pop3spy.cli.installation import FOR_DEVELOPERS

ROOT = Path(__file__).parents[2]


def built(sources: Path, to: Path, umask: int = 0o022, **env: str) -> Path:
    """Return the folder with the wheel and the sdist of *sources*, and nothing else."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(to)]
    done = subprocess.run(
        command,
        cwd=sources,
        umask=umask,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return to


@pytest.fixture(scope="module", name="packages")
def packages_of_this_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="module")
def wheel(packages: Path) -> zipfile.ZipFile:
    (file,) = packages.glob("*.whl")
    return zipfile.ZipFile(file)


def about(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(next(path for path in wheel.namelist() if path.endswith(name))).decode()


@pytest.fixture(scope="module")
def bill(wheel: zipfile.ZipFile) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(about(wheel, ".dist-info/sboms/pop3spy.cdx.json"))
    return made


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_what_is_built_of_the_sdist_elsewhere_at_another_time_has_the_same_octets(
    packages: Path, tmp_path: Path
) -> None:
    (sdist,) = packages.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (sources,) = tmp_path.iterdir()
    for number, path in enumerate(sorted(sources.rglob("*.py"))):
        os.utime(path, (number, number))
        path.chmod(0o600)
    other = {"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}
    assert digests(built(sources, tmp_path / "built", 0o077, **other)) == digests(packages)


def test_a_wheel_installs_man_pages_and_completions(wheel: zipfile.ZipFile) -> None:
    share = "pop3spy-[^/]+.data/data/share/"
    installed = "\n".join(wheel.namelist())
    pages = re.findall(rf"{share}man/man1/(.*)", installed)
    assert set(pages) == {path.name for path in (ROOT / "docs" / "man").iterdir()}
    completions = {
        "bash-completion/completions/pop3spy": "bash",
        "zsh/site-functions/_pop3spy": "zsh",
        "fish/vendor_completions.d/pop3spy.fish": "fish",
    }
    assert tuple(completions.values()) == SHELLS
    assert [name for name in completions if not re.search(share + name, installed)] == []


def test_its_bill_of_materials_is_one(wheel: zipfile.ZipFile, bill: dict[str, Any]) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(bill)) is None
    program = bill["metadata"]["component"]
    said = HeaderParser().parsestr(about(wheel, ".dist-info/METADATA"))
    assert (program["name"], program["version"]) == (said["Name"], said["Version"])
    assert program["licenses"] == [{"expression": said["License-Expression"]}]


def test_its_bill_has_what_pip_fetches_in_the_versions_that_were_tested(
    wheel: zipfile.ZipFile, bill: dict[str, Any]
) -> None:
    tested = dict(
        re.findall(r"^([^#=\s]+)==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    )
    pins = {canonicalize_name(name): version for name, version in tested.items()}
    needed = [
        Requirement(text)
        for text in HeaderParser()
        .parsestr(about(wheel, ".dist-info/METADATA"))
        .get_all("Requires-Dist", [])
    ]
    users = {
        canonicalize_name(each.name)
        for each in needed
        if not any(f"extra == '{extra}'" in str(each).replace('"', "'") for extra in FOR_DEVELOPERS)
    }
    listed = {part["name"]: part for part in bill["components"]}
    assert {name: part["version"] for name, part in listed.items()} == {
        name: pins[name] for name in users
    }
    optional = {name for name, part in listed.items() if part["scope"] == "optional"}
    assert {canonicalize_name(each.name) for each in needed if each.marker is None} <= set(
        listed
    ) - optional
    assert {"starlette", "uvicorn"} <= optional
    (own,) = (each for each in bill["dependencies"] if each["ref"].startswith("pop3spy=="))
    assert len(own["dependsOn"]) == len(listed)


def test_extras_for_developers_are_the_same_to_the_bill_and_to_doctor() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hooks = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    assert set(hooks["custom"]["for-developers"]) == FOR_DEVELOPERS
    assert set(project["project"]["optional-dependencies"]) >= FOR_DEVELOPERS
