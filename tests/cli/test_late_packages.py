"""What other packages have is read while root, too: they may be where only root may read."""

import shutil
import sys
from pathlib import Path

import pytest

from cli.conftest import USER
from cli.late import Late
from cli.program import PATIENCE, running, session
from lab.loopback import until
from net.certificates import Authority
from otlp.collected import collector

pytestmark = pytest.mark.usefixtures("root")

CERTIFI = """
from pathlib import Path

def where():
    return str(Path(__file__).parent / "ca.pem")
"""
"""In place of the package in which the HTTP library has its authorities."""


def test_a_collector_is_believed_by_authorities_that_only_root_may_read(
    late: Late, tmp_path: Path, upstream: str
) -> None:
    authority = Authority(tmp_path / "ca")
    (tmp_path / "certifi").mkdir()
    (tmp_path / "certifi" / "__init__.py").write_text(CERTIFI)
    shutil.copy(authority.certificate, tmp_path / "certifi")
    with collector(tls=authority.issue("collector").context()) as taken:
        options = ("--upstream", upstream, "--listen", ":0", "--otlp", taken.url)
        env = {**late.environment, "REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}
        with running("proxy", *options, "--run-as", USER, env=env) as program:
            session(program.port())
            until(lambda: taken.spans or None, "a session", PATIENCE)
            assert program.stopped().status == 0
    assert late.found() == []


def test_a_collector_of_http_needs_no_authorities(tmp_path: Path, upstream: str) -> None:
    (tmp_path / "certifi").mkdir()
    (tmp_path / "certifi" / "__init__.py").write_text(CERTIFI)  # and no file beside it
    path = ":".join([str(tmp_path), *sys.path])
    with collector() as taken:
        options = ("--upstream", upstream, "--listen", ":0", "--otlp", taken.url)
        with running("proxy", *options, "--run-as", USER, env={"PYTHONPATH": path}) as program:
            session(program.port())
            until(lambda: taken.spans or None, "a session", PATIENCE)
            assert program.stopped().status == 0


RULES = """
import os
from pop3spy.findings import rule

print("rules:", os.geteuid(), flush=True)
"""
READERS = """
import os

print("readers:", os.geteuid(), flush=True)

def sessions(session):
    print("session:", os.geteuid() != 0, flush=True)
"""


BROKEN = "raise ImportError('the mail library is too old')"


def test_packages_that_only_root_may_read_are_asked_as_well(tmp_path: Path, upstream: str) -> None:
    about = tmp_path / "ours-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[pop3spy.rules]\nours = ours_rules\n"
        "[pop3spy.readers]\nours = ours_readers:sessions\nbroken = ours_broken:sessions\n"
    )
    (tmp_path / "ours_rules.py").write_text(RULES)
    (tmp_path / "ours_readers.py").write_text(READERS)
    (tmp_path / "ours_broken.py").write_text(BROKEN)
    path = ":".join([str(tmp_path), *sys.path])
    options = ("--upstream", upstream, "--listen", ":0", "--quiet", "--log", "/dev/null")
    with running("proxy", *options, "--run-as", USER, env={"PYTHONPATH": path}) as program:
        session(program.port())
        ended = program.stopped()
    assert ended.out.splitlines() == ["rules: 0", "readers: 0", "session: True"]
    assert "ours of ours 1.0 reads along" in ended.err
    assert "the mail library is too old" in ended.err  # as root was told
