"""The log in each of its forms: what takes its text, and who writes that."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final

from pop3spy.capture.files import make_folder
from pop3spy.cli.secret import tell_if_open
from pop3spy.cli.streams import Spools, close
from pop3spy.config.file import STDOUT
from pop3spy.config.settings import SETTINGS
from pop3spy.config.verbs import OutputSettings
from pop3spy.errors import ConfigError, said_by_system
from pop3spy.extras import check_extra
from pop3spy.logs import JsonLog, Notes, Transcript, entries_lost, lines_lost, open_log
from pop3spy.protocol.text import escape
from pop3spy.session.bus import NoteReader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.finding import Severity
from pop3spy.spool import Stream
from pop3spy.tables.partitions import FILE_SIZE
from pop3spy.tables.row_lines import RowLog, gap_line

_LOOK: Final = 0.5
"""Seconds between two looks at whether rows are old enough to be written."""


def check_log(settings: OutputSettings) -> None:
    """Raise ConfigError if the log cannot be written as the *settings* ask for."""
    form = settings.log_format
    if form == "parquet":
        if settings.log in (None, STDOUT):
            raise ConfigError("--log-format parquet writes files in a folder; name it: --log DIR")
        check_extra("--log-format parquet", "parquet")
        return
    for name in ("log-file-size", "log-file-time"):
        if getattr(settings, SETTINGS[name].field) != SETTINGS[name].default:
            raise ConfigError(f"--{name} is about Parquet files; add --log-format parquet")


def open_log_stream(
    settings: OutputSettings, spools: Spools, clock: Clock, closing: ExitStack, notes: list[Noted]
) -> Stream | None:
    """Return what takes the log, if there is to be one; add to *notes* what is to be told of it."""
    path, gap = settings.log, log_gap(settings.log_format, clock)
    if path is None:
        return None
    if settings.log_format == "parquet":
        return _parquet(settings, spools, clock, closing, notes)
    if path == STDOUT:
        return spools.standard(sys.stdout, gap)
    file = open_log(path)
    tell_if_open(path)
    closing.callback(file.close)
    return spools.spool(file, f"the log {escape(str(path))}", gap)


def _parquet(
    settings: OutputSettings, spools: Spools, clock: Clock, closing: ExitStack, notes: list[Noted]
) -> Stream:
    from pop3spy.tables.parquet_log import ParquetLog  # noqa: PLC0415 - it loads pyarrow

    folder, age = settings.log, settings.log_file_time
    assert folder is not None
    size = FILE_SIZE if settings.log_file_size is None else settings.log_file_size
    where = escape(str(folder))
    if folder.is_file():
        raise ConfigError(f"{where} is a file, and --log-format parquet needs a folder")
    make_folder(folder)
    try:
        log = ParquetLog(folder, clock, size=size, age=age)
    except OSError as error:
        raise ConfigError(f"cannot write the log {where}: {said_by_system(error)}") from None
    notes.extend(Noted("rows_lost", clock.now(), {"run": run}) for run in log.killed)
    closing.callback(close, log, f"the log {where}")
    return spools.spool(log, f"the log {where}", log_gap("parquet", clock), every=_LOOK)


def log_gap(form: str, clock: Clock) -> Callable[[int], str]:
    """Return what makes the line of a log that tells how many others are missing."""
    match form:
        case "json":
            return partial(entries_lost, clock)
        case "rows" | "parquet":
            return partial(gap_line, clock)
        case _:
            return lines_lost


def log_writers(
    log: Stream, settings: OutputSettings, clock: Clock
) -> tuple[Subscriber, NoteReader | None]:
    """Return what writes sessions to *log*, and what writes notes there, if they have a place."""
    match settings.log_format:
        case "json":
            json = JsonLog(log, clock)
            return json, json.note
        case "rows" | "parquet":
            return RowLog(log, clock), None
        case _:
            return Transcript(log, clock, findings=Severity.INFO), Notes(log, clock)
