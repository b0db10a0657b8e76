"""What is said of recordings that hold less than they seem to: no commands, or TLS unread."""

from pathlib import Path

import pytest

from cli.program import run, run_here, running

HEAD = "pop3spy: 2\nrecords:\n"
HELLO = '- [{0}.3, {0}, "opaque", {{"side": "C", "why": "tls", "octets": 517}}]\n'
ASKED = '- [{0}.1, {0}, "S", "+OK\\r\\n"]\n- [{0}.2, {0}, "C", "NOOP\\r\\n"]\n'
STLS = (
    '- [{0}.1, {0}, "S", "+OK\\r\\n"]\n- [{0}.2, {0}, "C", "STLS\\r\\n"]\n'
    '- [{0}.2, {0}, "S", "+OK\\r\\n"]\n'
)
ANSWERED = ASKED + '- [{0}.2, {0}, "S", "+OK\\r\\n"]\n'
SESSIONS = {
    "a probe": '- [{0}.1, {0}, "S", "+OK\\r\\n"]\n',
    "pure TLS": HELLO,
    "STLS": STLS + HELLO,
    "read": ANSWERED,
}
NOTHING = "no client asks anything in this recording"
INSIDE = "what is said in this recording is inside TLS, which nobody read"


def recording(folder: Path, *sessions: str) -> str:
    """Write a recording of these sessions, and return its path."""
    path = folder / "recording.yaml"
    path.write_text(
        HEAD
        + "".join(
            (
                f'- [{number}.0, {number}, "open", {{}}]\n{SESSIONS[session].format(number)}'
                f'- [{number}.9, {number}, "close", {{"how": "client_closed"}}]\n'
            )
            for number, session in enumerate(sessions, 1)
        )
    )
    return str(path)


NONE = [(["a probe"], NOTHING), (["a probe", "a probe"], NOTHING), (["pure TLS"], INSIDE)]
NONE += [(["a probe", "pure TLS"], INSIDE), ([], NOTHING)]
VERBS = [
    ("compare", "FILE", "FILE"),
    ("replay", "client", "FILE", "--to", "127.0.0.1:1"),
    ("replay", "server", "FILE", "--listen", ":0"),
]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: " ".join(verb[:2]))
@pytest.mark.parametrize(("sessions", "why"), NONE)
def test_where_nothing_can_be_read_that_is_told(
    verb: tuple[str, ...], sessions: list[str], why: str, tmp_path: Path
) -> None:
    path = recording(tmp_path, *sessions)
    ended = run_here(*(path if word == "FILE" else word for word in verb))
    assert (ended.status, ended.out) == (3, "")
    (line,) = ended.err.splitlines()
    assert line.startswith(f"pop3spy: {path}: {why}")


ONE, TWO = "nobody read what session 1 said", "nobody read what 2 sessions said"


@pytest.mark.parametrize(
    ("sessions", "unread"),
    [(["STLS"], ONE), (["STLS", "read"], ONE), (["STLS", "STLS", "read"], TWO), (["read"], "")],
)
def test_what_was_not_read_is_not_compared_and_that_is_no_success(
    sessions: list[str], unread: str, tmp_path: Path
) -> None:
    path = recording(tmp_path, *sessions)
    ended = run_here("compare", path, path)
    assert ended.out.startswith("no differences in ")
    told = f"pop3spy: {path}: {unread} inside TLS, so it is not compared\n" if unread else ""
    assert (ended.status, ended.err) == (3 if unread else 0, told * 2)


def test_a_difference_outside_is_a_difference(tmp_path: Path) -> None:
    path = recording(tmp_path, "STLS")
    other = tmp_path / "other.yaml"
    other.write_text(Path(path).read_text("utf-8").replace('"S", "+OK', '"S", "-ERR'))
    assert run_here("compare", path, str(other)).status == 1


@pytest.mark.parametrize(("session", "status"), [("1", 3), ("2", 0)])
def test_a_session_that_goes_on_inside_tls_is_played_up_to_there(
    session: str, status: int, tmp_path: Path
) -> None:
    path = recording(tmp_path, "STLS", "read")
    with running("replay", "server", path, "--listen", ":0", "--session", session) as server:
        to = f"127.0.0.1:{server.port()}"
        ended = run("replay", "client", path, "--to", to, "--session", session)
        told = server.stopped().err
    sentence = f"pop3spy: {path}: {ONE} inside TLS, so it is not played\n"
    assert (sentence in told) is (sentence in ended.err) is (status == 3)
    assert ended.status == status
    assert ended.out.startswith("no differences in ")


def test_another_session_is_offered_where_the_first_goes_on_inside_tls(tmp_path: Path) -> None:
    path = recording(tmp_path, "STLS", "pure TLS", "read")
    with running("replay", "server", path, "--listen", ":0") as server:
        server.port()
        told = server.stopped().err
    assert f"{path}: session 1 is played, one of 2; --session N takes another\n" in told
    assert f"{path}: {ONE} inside TLS, so it is not played\n" in told
