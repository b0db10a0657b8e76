"""When messages go, and who may have the maildrop meanwhile; the same over every kind."""

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from weakref import ref

import pytest

from lab.corpus import Message, message, write_maildir, write_mbox
from pop3spy.protocol.commands import parse_command
from postoffice.speaking import Client, office_over, visit

MESSAGES = [message(f"number-{number}", f".{number}\n" * number) for number in range(1, 5)]


def write_eml(folder: Path, messages: list[Message]) -> None:
    folder.mkdir()
    for number, each in enumerate(messages, start=7):  # 10 must come behind 9
        (folder / f"{number}.eml").write_bytes(each.stored)


KINDS = [
    pytest.param(write_maildir, id="Maildir"),
    pytest.param(write_mbox, id="mbox"),
    pytest.param(write_eml, id="folder of .eml"),
]


@pytest.fixture(params=KINDS)
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write: Callable[[Path, list[Message]], None] = request.param
    path = tmp_path / "mail"
    write(path, MESSAGES)
    return path


def wires(*indices: int) -> list[bytes]:
    return [MESSAGES[index].wire for index in indices]


def visit_and_leave(mailbox: Path) -> list[bytes]:
    client = visit(mailbox)
    messages = client.messages()
    client.quit()
    return messages


def test_messages_come_in_order_and_whole(mailbox: Path) -> None:
    client = visit(mailbox)
    assert client.messages() == wires(0, 1, 2, 3)
    assert client.sizes() == [len(each) for each in wires(0, 1, 2, 3)]
    client.quit()


def test_quit_removes_what_was_marked(mailbox: Path) -> None:
    client = visit(mailbox)
    client.send(b"DELE 2")
    client.send(b"DELE 3")
    assert client.quit() == b"+OK good bye (2 messages left)\r\n"

    assert visit_and_leave(mailbox) == wires(0, 3)


def test_all_can_be_removed_and_the_place_stays_a_maildrop(mailbox: Path) -> None:
    post_office = office_over(mailbox)
    client = Client(post_office.session()).login()
    for number in b"1234":
        client.send(b"DELE %c" % number)
    client.quit()

    again = Client(post_office.session()).login()
    assert again.messages() == []
    again.vanish()
    assert mailbox.exists()


def test_a_lost_connection_removes_nothing(mailbox: Path) -> None:
    client = visit(mailbox)
    client.send(b"DELE 1")
    client.vanish()

    assert visit_and_leave(mailbox) == wires(0, 1, 2, 3)


def test_rset_takes_deletions_back(mailbox: Path) -> None:
    client = visit(mailbox)
    client.send(b"DELE 1")
    client.send(b"RSET")
    client.send(b"DELE 4")
    client.quit()

    assert visit_and_leave(mailbox) == wires(0, 1, 2)


def test_unique_ids_stay_when_others_go_and_over_restarts(mailbox: Path) -> None:
    client = visit(mailbox)
    before = client.unique_ids()
    client.send(b"DELE 2")
    client.quit()

    again = visit(mailbox)
    assert again.unique_ids() == [before[0], before[2], before[3]]
    assert len(set(before)) == 4
    again.quit()


def test_a_second_session_is_told_in_use(mailbox: Path) -> None:
    """Within one post office, and from another one."""
    post_office = office_over(mailbox)
    first = Client(post_office.session()).login()
    for other in (post_office, office_over(mailbox)):
        second = Client(other.session())
        second.send(b"USER demo")
        assert second.send(b"PASS demo").startswith(b"-ERR [IN-USE] ")
        assert second.send(b"STAT").startswith(b"-ERR")  # and it is not logged in
    first.quit()

    second.login()
    second.vanish()
    Client(post_office.session()).login().quit()


def test_another_process_keeps_the_maildrop_from_us(mailbox: Path) -> None:
    script = f"""
import sys; sys.path[:0] = {sys.path!r}
from pathlib import Path
from weakref import ref
from postoffice.speaking import visit
client = visit(Path({str(mailbox)!r}))
print("locked", flush=True)
sys.stdin.read()
client.vanish()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"locked\n"
        client = Client(office_over(mailbox).session())
        client.send(b"USER demo")
        assert client.send(b"PASS demo").startswith(b"-ERR [IN-USE] ")
        other.communicate()

    client.login().quit()


def test_a_wrong_password_says_nothing_about_the_lock(mailbox: Path) -> None:
    first = visit(mailbox)
    second = Client(office_over(mailbox).session())
    second.send(b"USER demo")
    assert second.send(b"PASS wrong").startswith(b"-ERR [AUTH] ")
    first.quit()


def test_reading_leaves_no_trace(mailbox: Path) -> None:
    def everything() -> dict[str, tuple[int, bytes]]:
        files = [mailbox] if mailbox.is_file() else mailbox.rglob("*")
        return {
            str(file): (file.stat().st_mtime_ns, file.read_bytes())
            for file in files
            if file.is_file()
        }

    before = everything()
    client = visit(mailbox)
    client.messages()
    client.unique_ids()
    client.quit()
    assert everything() == before
    assert [path.name for path in mailbox.parent.iterdir()] == ["mail"]


def test_files_are_closed_when_a_retrieval_is_dropped(mailbox: Path) -> None:
    """The client goes before the body is asked for; an open file would be a ResourceWarning."""
    client = visit(mailbox)
    answer = client.responder.answer(parse_command(b"RETR 4"))
    assert answer.body is not None
    client.vanish()
    del answer


def test_a_session_frees_its_memory_by_itself(mailbox: Path) -> None:
    """Without the cyclic collector, and after refusals too."""
    client = visit(mailbox)
    for line in (b"RETR 9", b"nonsense", b"PASS x", b"RETR 1"):
        client.send(line)
    client.quit()
    clerk = ref(client.responder)
    gc.disable()
    try:
        del client
        assert clerk() is None
    finally:
        gc.enable()
