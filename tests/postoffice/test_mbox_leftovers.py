"""What a QUIT that was killed leaves beside an mbox, and who takes it away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from postoffice.speaking import Client, office_over, visit

LINE = b"From sender@example.org Mon Jan  2 03:04:05 2023\n"
MAIL = (LINE + b"a\n\n", LINE + b"b\n\n")

QUITTING = """
import os, signal, sys; sys.path[:0] = {path!r}
from pathlib import Path
from postoffice.speaking import visit

def interrupted(descriptor):
    {what}

os.fsync = interrupted
client = visit(Path({mbox!r}))
client.send(b"DELE 1")
print(client.quit().decode(), end="", flush=True)
"""
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
WAITING = "print('writing', flush=True); sys.stdin.readline()"


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    (tmp_path / "mbox").write_bytes(b"".join(MAIL))
    return tmp_path / "mbox"


def quitting(mbox: Path, what: str) -> list[str]:
    """Return a command that says QUIT, and does *what* when the new file is to be made safe."""
    return [sys.executable, "-c", QUITTING.format(path=sys.path, mbox=str(mbox), what=what)]


def copies(mbox: Path) -> list[Path]:
    return list(mbox.parent.glob(".mbox.pop3spy-*"))


def test_the_next_login_removes_what_a_killed_quit_has_left(mbox: Path) -> None:
    done = subprocess.run(quitting(mbox, KILLED), check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(copies(mbox)) == 1
    client = visit(mbox)
    assert not copies(mbox)
    assert client.messages() == [b"a\r\n", b"b\r\n"]
    client.vanish()
    assert [each.name for each in mbox.parent.iterdir()] == ["mbox"]


def test_a_copy_that_is_being_written_stays(mbox: Path) -> None:
    with subprocess.Popen(
        quitting(mbox, WAITING), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "writing\n"
        client = Client(office_over(mbox).session())
        client.send(b"USER demo")
        assert client.send(b"PASS demo").startswith(b"-ERR [IN-USE] ")
        assert len(copies(mbox)) == 1
        assert other.communicate("\n")[0].startswith("+OK good bye")
    assert mbox.read_bytes() == MAIL[1]
    assert not copies(mbox)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "endless"])
def test_a_lock_that_is_no_file_is_somebody_elses_and_holds_nothing_up(
    mbox: Path, kind: str
) -> None:
    lock = mbox.parent / "mbox.lock"
    match kind:
        case "pipe":
            os.mkfifo(lock)
        case "folder":
            lock.mkdir()
        case "link":
            (mbox.parent / "pid").write_text("4194304999\n")
            lock.symlink_to(mbox.parent / "pid")
        case "endless":
            lock.symlink_to("/dev/zero")
    client = Client(office_over(mbox).session())
    client.send(b"USER demo")
    assert client.send(b"PASS demo").startswith(b"-ERR [IN-USE] ")
    assert lock.is_symlink() or lock.exists()
    assert mbox.read_bytes() == b"".join(MAIL)


@pytest.mark.parametrize(
    "name",
    [
        ".mbox2.pop3spy-abcdefgh",
        ".box.pop3spy-abcdefgh",
        ".mboxxpop3spy-abcdefgh",
        ".mbox.pop3spy-abcdefgh.pop3spy-abcdefgh",  # of an mbox called mbox.pop3spy-abcdefgh
        ".mbox.pop3spy-abcdefg",
        ".mbox.pop3spy-abcdefghi",
        ".mbox.pop3spy-ABCDEFGH",
        "mbox.pop3spy-abcdefgh",
        ".pop3spy-abcdefgh",
        "mbox.lock.1",
    ],
)
def test_what_is_not_a_copy_of_this_mbox_stays(mbox: Path, name: str) -> None:
    (mbox.parent / name).write_bytes(LINE)
    (mbox.parent / ".mbox.pop3spy-abcd_123").write_bytes(LINE)
    visit(mbox).quit()
    assert {each.name for each in mbox.parent.iterdir()} == {"mbox", name}


def test_neither_a_folder_nor_a_link_is_a_copy(mbox: Path) -> None:
    (mbox.parent / ".mbox.pop3spy-abcdefgh").mkdir()
    (mbox.parent / ".mbox.pop3spy-ijklmnop").symlink_to(mbox)
    visit(mbox).quit()
    assert len(copies(mbox)) == 2


def test_a_name_that_is_a_pattern_means_itself(tmp_path: Path) -> None:
    path = tmp_path / "m.x*[a]"
    path.write_bytes(LINE)
    (tmp_path / ".m.x*[a].pop3spy-abcdefgh").touch()
    (tmp_path / ".mzxxa.pop3spy-abcdefgh").touch()
    visit(path).quit()
    assert {each.name for each in tmp_path.iterdir()} == {"m.x*[a]", ".mzxxa.pop3spy-abcdefgh"}
