"""What a run will need, loaded while it can be: before root is given up or a worker begins.

Whom ``--run-as`` names may not be able to read where the program is: neither modules nor any other
file of it, nor those of what is installed beside it.  Where an extra is broken, it is told once,
and not by each worker.
"""
# ruff: noqa: PLC0415, F401 - whoever does not need it should not wait for it

import encodings
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules

from pop3spy.cli.terminal import on_terminal
from pop3spy.config.verbs import ListenSettings, OutputSettings, ProxySettings
from pop3spy.findings import own_rules
from pop3spy.findings.loading import all_rules
from pop3spy.ledger import Database
from pop3spy.readers import outside_readers


def load_for(settings: ListenSettings) -> None:
    """Load what a run with these *settings* needs and not every run does.

    Raise ImportError where it cannot be loaded.
    """
    if isinstance(settings, OutputSettings):
        _load_for_outputs(settings)
    if isinstance(settings, ProxySettings):
        _load_for_proxy(settings)


def load_all_for(settings: ListenSettings) -> None:
    """Load what ``load_for`` does, and what else may be read as long as the run goes on.

    Raise ImportError where what it needs cannot be loaded, RuleError where rules cannot.
    """
    import resource

    load_for(settings)
    _load_encodings()
    if isinstance(settings, OutputSettings) and settings.findings != "off":
        all_rules()  # those of a user's files are no business of root's
    for _ in outside_readers(lambda *_: None):
        pass  # whoever hands them events tells what is wrong with them
    if isinstance(settings, ProxySettings):
        _load_all_for_proxy(settings)


def _load_for_outputs(settings: OutputSettings) -> None:
    if settings.findings != "off":
        own_rules()
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


def _load_all_for_proxy(settings: ProxySettings) -> None:
    talks = settings.console and on_terminal()
    if settings.otlp is not None:
        import netrc  # the HTTP library looks for a password with it

        from pop3spy.otlp.authorities import authorities

        authorities()
    if settings.web is not None:
        _load_page()
    if talks:
        from pop3spy.console.prompt import rehearse

        rehearse()
    if talks or settings.web is not None:
        _load_for_whoever_asks()


def _load_encodings() -> None:
    """Load every encoding: a host's name, a server's words and a message's headers have any."""
    for module in iter_modules(encodings.__path__):
        with suppress(ImportError):  # one of another system
            import_module(f"{encodings.__name__}.{module.name}")


def _load_page() -> None:
    """Load the inspector's page, and what makes a report: one of nothing asks for all of it."""
    from pop3spy.report.html import page
    from pop3spy.report.past import LiveSource
    from pop3spy.web.files import files, schema

    files()
    schema()
    page(LiveSource(datetime.now(UTC), {}).new_report())


def _load_for_whoever_asks() -> None:
    """Load what people may ask for who steer a proxy: explanations, expressions, exports."""
    from pop3spy.filters.pattern import RegularExpression

    RegularExpression(".")  # the first loads what all are made by
    all_rules()
    with suppress(ImportError):  # who asks for this export is told
        import pop3spy.export.parquet
