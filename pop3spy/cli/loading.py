"""What a run will need, loaded while it can be: before root is given up or a worker begins.

Whom ``--run-as`` names may not be able to read where the program is.  Where an extra is broken, it
is told once, and not by each worker.
"""
# ruff: noqa: PLC0415, F401 - whoever does not need it should not wait for it

from pop3spy.cli.terminal import on_terminal
from pop3spy.config.verbs import ListenSettings, OutputSettings, ProxySettings
from pop3spy.findings import own_rules
from pop3spy.ledger import Database


def load_for(settings: ListenSettings) -> None:
    """Load what a run with these *settings* needs and not every run does.

    Raise ImportError where it cannot be loaded.
    """
    if isinstance(settings, OutputSettings):
        _load_for_outputs(settings)
    if isinstance(settings, ProxySettings):
        _load_for_proxy(settings)


def _load_for_outputs(settings: OutputSettings) -> None:
    if settings.findings != "off":
        own_rules()  # those of a user's files are no business of root's
    if settings.log_format == "json":
        import pop3spy.logs.structured
    elif settings.log_format == "parquet":
        import pop3spy.tables.parquet_log
    if isinstance(settings.ledger, Database) and not settings.no_ledger:
        import pop3spy.ledger.postgres


def _load_for_proxy(settings: ProxySettings) -> None:
    if settings.otlp is not None:
        import pop3spy.cli.telemetry
    if settings.metrics is not None:
        import pop3spy.cli.counted
        import pop3spy.cli.measuring
    if settings.web is not None:
        import pop3spy.cli.inspecting
        import pop3spy.cli.steering
    if settings.console and on_terminal():
        import pop3spy.cli.live
        import pop3spy.cli.steering
