"""An extra that is installed and cannot be loaded: too old, or without a library of the system."""

from pathlib import Path

import pytest

from cli.program import run

BROKEN = "raise ImportError('it needs a library that is not here')"
PROXY = ("proxy", "--upstream", "127.0.0.1:1", "--listen", ":0")


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
def test_one_line_says_what_mends_it(
    package: str, args: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    inside = tmp_path / package  # which has nothing of what is looked for
    for name in ("", "sdk", "exporter", "exporter/otlp", "exporter/otlp/proto/http"):
        (inside / name).mkdir(parents=True, exist_ok=True)
        (inside / name / "__init__.py").write_text(BROKEN if package == "psycopg" else "")
    told = run(*args, PYTHONPATH=str(tmp_path))
    assert (told.status, told.err.count("\n")) == (2, 1)
    assert told.err.endswith(f" cannot be loaded; to mend it: pip install --upgrade '{said}'\n")
