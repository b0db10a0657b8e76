"""What pytest gives the tests of a mail client: a server, a proxy and a stand-in, with their marks.

pytest finds it by the entry point ``pytest11``; nothing else of pop3spy imports pytest.  Each
fixture runs what ``docs/python.md`` describes for one test, on a free port of this machine.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:  # what is not asked for is not loaded
    from pluggy import Result

    from pop3spy.embedding.server import Server
    from pop3spy.embedding.server_block import ServerBlock


@dataclass(frozen=True, slots=True)
class FixtureMark:
    """One row: what pytest's help says of a mark, how many arguments it has, and which by name.

    None is any number, and any name.
    """

    said: str
    count: int | None = 1
    named: tuple[str, ...] | None = ()


# fmt: off
MARKS: Final = {
    "pop3_fault": FixtureMark("(*faults): let the POP3 server, proxy or stand-in of this test commit these faults.", None),
    "pop3_personality": FixtureMark("(name): let pop3_server speak as this server does: gmail, dovecot, or a file."),
    "pop3_messages": FixtureMark("(*messages): let pop3_server have these messages: octets, texts or email.message.Message.", None),
    "pop3_users": FixtureMark("(**passwords): let these users log in, with these passwords.", 0, None),
    "pop3_tls": FixtureMark("(how): let clients have TLS, by 'stls' or from the first octet, by 'pop3s'."),
    "pop3_recording": FixtureMark("(path, **how): let pop3_stand_in play this recording; a path starts from the folder of the test.", 1, ("session", "strict", "cuts", "speed")),
}
"""Every mark that there is."""
# fmt: on
_FIXTURES: Final = ("pop3_server", "pop3_proxy", "pop3_stand_in")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the marks of a test ask for."""

    faults: tuple[str, ...]
    personality: str | None
    messages: tuple[Any, ...] | None
    users: dict[str, str] | None
    tls: Any
    recording: str | None
    how: dict[str, Any]


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest know the marks."""
    for name, mark in MARKS.items():
        config.addinivalue_line("markers", name + mark.said)


@pytest.fixture
def pop3_server(request: pytest.FixtureRequest) -> "Iterator[Server]":
    """Give a POP3 server for one test: user demo, password demo, and built-in messages."""
    from pop3spy import serve  # noqa: PLC0415 - see above

    def made(asked: _Asked) -> "ServerBlock":
        return serve(
            messages=asked.messages,
            users=asked.users,
            personality=asked.personality,
            faults=_faults_of(request, asked),
            tls=asked.tls,
        )

    yield from _running(request, made)


@pytest.fixture
def pop3_stand_in(request: pytest.FixtureRequest) -> "Iterator[Server]":
    """Give what stands in for the server that the mark pop3_recording names a recording of."""
    from pop3spy import stand_in  # noqa: PLC0415 - see above

    def made(asked: _Asked) -> "ServerBlock":
        if asked.recording is None:
            pytest.fail(
                "pop3_stand_in needs a recording: mark the test with pop3_recording(path)",
                pytrace=False,
            )
        return stand_in(
            request.path.parent / asked.recording,
            users=asked.users,
            faults=_faults_of(request, asked),
            tls=asked.tls,
            **asked.how,
        )

    yield from _running(request, made)


@pytest.fixture
def pop3_proxy(request: pytest.FixtureRequest) -> "Iterator[Server]":
    """Give a proxy in front of pop3_server, or of pop3_stand_in where a recording is named."""
    from pop3spy import proxy  # noqa: PLC0415 - see above

    behind = "pop3_stand_in" if request.node.get_closest_marker("pop3_recording") else "pop3_server"
    upstream = request.getfixturevalue(behind)
    yield from _running(request, lambda asked: proxy(upstream, faults=asked.faults, tls=asked.tls))


def _running(
    request: pytest.FixtureRequest, made: "Callable[[_Asked], ServerBlock]"
) -> "Iterator[Server]":
    """Give what is *made* of the marks while the test lasts; what is wrong with them is one line."""
    from pop3spy import Pop3SpyError  # noqa: PLC0415 - see above

    try:
        block = made(_asked(request))
    except Pop3SpyError as error:
        pytest.fail(f"{request.fixturename}: {error}", pytrace=False)
    with block as server:
        yield server


def _asked(request: pytest.FixtureRequest) -> _Asked:
    """Return what the marks say; a test says more than its class, and that more than its module."""
    node = request.node
    for mark in node.iter_markers():
        if mark.name.startswith("pop3_"):
            _check(mark)
    users = node.get_closest_marker("pop3_users")
    messages = node.get_closest_marker("pop3_messages")
    recording = node.get_closest_marker("pop3_recording")
    return _Asked(
        faults=tuple(fault for mark in node.iter_markers("pop3_fault") for fault in mark.args),
        personality=_one(node, "pop3_personality"),
        messages=messages.args if messages else None,
        users=dict(users.kwargs) if users else None,
        tls=_one(node, "pop3_tls") or "",
        recording=_one(node, "pop3_recording"),
        how=dict(recording.kwargs) if recording else {},
    )


def _one(node: pytest.Item, name: str) -> str | None:
    """Return the one argument of the mark *name*, None without the mark."""
    mark = node.get_closest_marker(name)
    return str(mark.args[0]) if mark else None


def _check(mark: pytest.Mark) -> None:
    """Fail in one line if *mark* is none that there is, or is told what it cannot be told."""
    if (row := MARKS.get(mark.name)) is None:
        near = get_close_matches(mark.name, MARKS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MARKS)}"
        pytest.fail(f"there is no mark {mark.name}; {hint}", pytrace=False)
    unknown = [key for key in mark.kwargs if row.named is not None and key not in row.named]
    if unknown or (row.count is not None and len(mark.args) != row.count):
        what = f"has no {unknown[0]}" if unknown else f"takes {row.count}, not {len(mark.args)}"
        pytest.fail(f"{mark.name} {what}; it is {mark.name}{row.said}", pytrace=False)


def _faults_of(request: pytest.FixtureRequest, asked: _Asked) -> tuple[str, ...]:
    """Return the faults of a server: where a proxy stands in front, that commits them."""
    return () if "pop3_proxy" in request.fixturenames else asked.faults


@pytest.hookimpl(hookwrapper=True)  # pytest 7 knows no other
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> "Generator[None, Result[pytest.TestReport], None]":
    """Show below a test that fails what was said in it."""
    outcome = yield
    report = outcome.get_result()
    if call.when == "call" and report.failed:
        given = getattr(item, "funcargs", {})
        for name in _FIXTURES:
            if name in given and (transcript := given[name].transcript):
                report.sections.append((f"what {name} heard", transcript))
