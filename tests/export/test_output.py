"""Where an export goes: new and private files only."""

import io
import os
import stat
from pathlib import Path

import pytest

from export.playing import LOGGED_IN, SOURCE, STARTED, STREAMS, session, told_to
from pop3spy.cli.formats import FORMATS
from pop3spy.errors import ConfigError
from pop3spy.export import ExportError, ExportSource, exporting

SCRIPT = LOGGED_IN + "C: RETR 1\nS: +OK\nx\n."


def export(name: str, out: Path | None, source: ExportSource = SOURCE) -> bytes:
    stdout = io.BytesIO()
    with exporting(FORMATS[name], out, stdout, source) as exporter:
        session(told_to(exporter), SCRIPT)
    assert exporter.summary
    return stdout.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_made_is_for_its_owner_only(name: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert export(name, tmp_path / "out") == b""
    finally:
        os.umask(before)
    made = list(tmp_path.rglob("*"))
    assert made
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("name", STREAMS)
def test_without_a_file_it_goes_to_stdout(name: str, tmp_path: Path) -> None:
    export(name, tmp_path / "out")
    assert export(name, None) == (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("name", STREAMS)
def test_no_file_is_overwritten(name: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="exists; nothing is overwritten") as caught:
        export(name, tmp_path / "out")
    assert caught.value.exit_status == 2
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "victim")
    with pytest.raises(ConfigError, match="exists"):
        export("mbox", tmp_path / "out")
    assert not (tmp_path / "victim").exists()


def test_an_export_that_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        export("mbox", tmp_path / "out", ExportSource(STARTED, bodies="mask"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_be_there(tmp_path: Path) -> None:
    export("eml", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["s0001-m0001.eml"]


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        pytest.param(None, "-o FOLDER", id="none"),
        pytest.param("file", "is no folder", id="a file"),
        pytest.param("no\x1b/where", "there is no folder", id="nowhere"),
        pytest.param("nul\0", "cannot make nul\\x00: this is no file name", id="NUL"),
    ],
)
def test_what_is_no_folder_is_refused(out: str | None, expected: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        export("eml", tmp_path / out if out else None)
    assert expected in str(caught.value).replace(f"{tmp_path}/", "")
    assert str(caught.value).isprintable()
