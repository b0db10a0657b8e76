"""What is done about an extra: one that is not there, or one that cannot be loaded.

The second is too old, or without a library of the system.
"""

import os
import subprocess
import sys
from pathlib import Path
from venv import create

import pytest

from cli.program import PATIENCE, environment, run
from cli.without import without

BROKEN = "raise ImportError('it needs a library that is not here')"
PROXY = ("proxy", "--upstream", "127.0.0.1:1", "--listen", ":0")


def broken(package: str, folder: Path) -> str:
    """Return *folder* for the path, with a *package* in it that has nothing of what is needed."""
    for name in ("", "sdk", "exporter", "exporter/otlp", "exporter/otlp/proto/http"):
        (folder / package / name).mkdir(parents=True, exist_ok=True)
        (folder / package / name / "__init__.py").write_text(BROKEN if package == "psycopg" else "")
    return str(folder)


@pytest.mark.parametrize(
    ("package", "args", "said"),
    [
        ("psycopg", (*PROXY, "--ledger", "postgresql://db/mail"), "pop3spy[postgres]"),
        ("opentelemetry", (*PROXY, "--otlp", "http://127.0.0.1:1"), "pop3spy[otlp]"),
        ("prometheus_client", (*PROXY, "--metrics", "0"), "pop3spy[metrics]"),
        ("pyarrow", (*PROXY, "--log-format", "parquet", "--log", "rows"), "pop3spy[parquet]"),
        ("mcp", ("mcp", "."), "pop3spy[mcp]"),
    ],
)
@pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["alone", "workers"])
def test_one_line_says_what_mends_it(
    package: str, args: tuple[str, ...], workers: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    if args[0] != "proxy" and workers:
        pytest.skip("only the proxy has workers")
    told = run(*args, *workers, PYTHONPATH=broken(package, tmp_path))
    assert (told.status, told.err.count("\n")) == (2, 1)
    assert told.err.endswith(f" cannot be loaded; to mend it: pip install --upgrade '{said}'\n")


def installed_by_debian(folder: Path) -> str:
    """Return a folder for the path, where pop3spy is installed as the Debian package does it."""
    about = folder / "debian" / "pop3spy-0.1.0.dist-info"
    about.mkdir(parents=True)
    needs = 'Provides-Extra: mcp\nRequires-Dist: no-such-thing; extra == "mcp"\n'
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: pop3spy\nVersion: 1\n{needs}")
    (about / "INSTALLER").write_text("debian\n")
    return str(about.parent)


def test_in_the_debian_package_pip_is_for_an_environment_beside_it(tmp_path: Path) -> None:
    there = without(tmp_path, "mcp")
    there["PYTHONPATH"] += os.pathsep + installed_by_debian(tmp_path)
    told = run("mcp", ".", **there)
    remedy = (
        "pip install 'pop3spy[mcp]', in a virtual environment of your own;"
        " the Debian package is without it"
    )
    assert told == (2, "", f"pop3spy: pop3spy mcp needs mcp; to install: {remedy}\n")
    assert remedy in run("doctor", **there).out


def test_in_the_debian_package_what_cannot_be_loaded_is_installed_again(tmp_path: Path) -> None:
    path = os.pathsep.join((broken("psycopg", tmp_path), installed_by_debian(tmp_path)))
    told = run(*PROXY, "--ledger", "postgresql://db/mail", PYTHONPATH=path)
    assert told.err.endswith(" cannot be loaded; to mend it: apt install --reinstall pop3spy\n")


def test_in_an_environment_of_pipx_it_is_asked_for_its_pip(tmp_path: Path) -> None:
    create(tmp_path / "spy", symlinks=True)
    (tmp_path / "spy" / "pipx_metadata.json").write_text("{}")
    path = os.pathsep.join((without(tmp_path, "mcp")["PYTHONPATH"], *filter(None, sys.path)))
    told = subprocess.run(
        [tmp_path / "spy" / "bin" / "python", "-m", "pop3spy", "mcp", "."],
        env=environment(PYTHONPATH=path),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr.endswith("; to install: pipx runpip spy install 'pop3spy[mcp]'\n")
