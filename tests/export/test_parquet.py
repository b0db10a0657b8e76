"""Rows of a recording: the same as lines and as Parquet, whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from cli.program import run, run_here
from cli.without import without
from export.playing import LOGGED_IN, SOURCE, exported, session, told_to
from pop3spy.errors import ConfigError
from pop3spy.export import EXPORTERS, FolderFormat, exporting
from pop3spy.session.how import How

FORM = EXPORTERS["parquet"]
PROXY = ("proxy", "--upstream", "127.0.0.1:1", "--listen", ":0")
SAMPLE = str(Path(__file__).parents[2] / "captures" / "postoffice-apop.yaml")
SCRIPT = LOGGED_IN + "C: STAT\nS: +OK 2 320\nC: QUIT\nS: +OK"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def numbers(folder: Path, table: str) -> list[Any]:
    return [
        row["session"]
        for path in folder.glob(f"{table}/date=*/*.parquet")
        for row in parquet.ParquetFile(path).read().to_pylist()
    ]


def export_to(folder: Path, dialogue: str = SCRIPT, *, end: How | None = How.QUIT) -> str:
    with Path("/dev/null").open("wb") as nowhere, exporting(FORM, folder, nowhere, SOURCE) as to:
        session(told_to(to), dialogue, end=end)
    return to.summary


def test_rows_are_those_of_every_exchange_and_of_the_session() -> None:
    rows = [json.loads(line) for line in exported("rows", SCRIPT).splitlines()]
    assert [row["table"] for row in rows] == [*["exchanges"] * 4, "sessions"]
    assert {row["run"] for row in rows} == {"20261123T100000.000000Z"}


def test_parquet_has_the_same_rows(tmp_path: Path) -> None:
    assert export_to(tmp_path / "out") == "1 session, 4 exchanges, 0 findings"
    assert numbers(tmp_path / "out", "exchanges") == [1] * 4
    assert numbers(tmp_path / "out", "sessions") == [1]


def test_a_session_without_an_end_has_a_row(tmp_path: Path) -> None:
    export_to(tmp_path, end=None)
    assert numbers(tmp_path, "sessions") == [1]


def test_another_recording_may_go_to_the_same_folder_and_the_same_may_not(tmp_path: Path) -> None:
    export_to(tmp_path)
    export_to(tmp_path, LOGGED_IN)
    before = files(tmp_path)
    with pytest.raises(ConfigError, match="this recording is there already"):
        export_to(tmp_path)
    assert files(tmp_path) == before


def test_what_fails_leaves_no_part(tmp_path: Path) -> None:
    assert isinstance(FORM, FolderFormat)
    exporter = FORM.open(tmp_path, SOURCE)
    session(told_to(exporter), SCRIPT)
    exporter._write(exporter._waiting.all())  # type: ignore[attr-defined]
    assert [path.name[0] for path in files(tmp_path)] == [".", "."]
    exporter.abandon()
    assert files(tmp_path) == []


@pytest.mark.parametrize("inside", ["exchanges", "exchanges/date=2026-11-23"])
def test_no_symbolic_link_leads_out_of_the_folder(inside: str, tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "fleet"
    elsewhere.mkdir()
    (folder / inside).parent.mkdir(parents=True)
    (folder / inside).symlink_to(elsewhere)
    with pytest.raises((OSError, ConfigError), match="no symbolic link is followed"):
        export_to(folder)
    assert files(elsewhere) == []
    assert [each for each in files(folder) if each.suffix == ".parquet"] == []


def test_a_link_is_told_in_one_line_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "exchanges").symlink_to("/tmp")
    for args in (
        ("export", SAMPLE, "--to", "parquet", "-o", str(tmp_path)),
        (*PROXY, "--log-format", "parquet", "--log", str(tmp_path)),
    ):
        told = run_here(*args)
        assert told.status == 2
        assert f"no symbolic link is followed there, and {tmp_path}/exchanges is one" in told.err
        assert len(told.err.splitlines()) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["exchanges"]


def test_a_filter_is_for_the_engine() -> None:
    told = run_here("export", SAMPLE, "--to", "rows", "--filter", "err")
    assert (told.status, "rows holds whole sessions" in told.err) == (2, True)


def test_it_needs_a_folder() -> None:
    told = run_here("export", SAMPLE, "--to", "parquet")
    assert (told.status, "name a folder" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("args", "option"),
    [
        (("export", SAMPLE, "--to", "parquet", "-o", "fleet"), "parquet"),
        (
            (*PROXY, "--log", "fleet", "--log-format", "parquet"),
            "--log-format parquet",
        ),
    ],
)
def test_without_the_extra_one_line_says_what_to_install(
    args: tuple[str, ...], option: str, tmp_path: Path
) -> None:
    told = run(*args, **without(tmp_path, "pyarrow"))
    said = f"pop3spy: {option} needs pyarrow; to install: pip install 'pop3spy[parquet]'\n"
    assert (told.status, told.err) == (2, said)


def test_the_base_never_loads_it() -> None:
    told = run("export", SAMPLE, "--to", "rows", PYTHONPROFILEIMPORTTIME="1")
    assert told.status == 0
    assert "pyarrow" not in told.err
