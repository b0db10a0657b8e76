"""What a path holds, and one clear line where it holds no mail."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pop3spy.errors import MaildropError
from pop3spy.postoffice import Account, maildrops_for, open_maildrop
from pop3spy.postoffice.folders import EML_FOLDER, MAILDIR, FolderMaildrop
from pop3spy.postoffice.mbox import MboxMaildrop


def test_each_kind_is_recognised_by_what_is_there(tmp_path: Path) -> None:
    for part in ("cur", "new"):
        (tmp_path / "maildir.mbox" / part).mkdir(parents=True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder" / "x.eml").touch()
    (tmp_path / "file.eml").write_bytes(b"From x\n")

    kinds = [
        kind._layout
        for name in ("maildir.mbox", "folder", "empty")
        if isinstance(kind := open_maildrop(tmp_path / name), FolderMaildrop)
    ]
    assert kinds == [MAILDIR, EML_FOLDER, EML_FOLDER]
    assert isinstance(open_maildrop(tmp_path / "file.eml"), MboxMaildrop)


def no_mail(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").touch()


def itself(path: Path) -> None:
    path.symlink_to(path)


def text(path: Path) -> None:
    path.write_bytes(b"Subject: a single message\n\n")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda _: None, "No such file", id="nothing there"),
        pytest.param(no_mail, "neither a Maildir", id="a folder without mail"),
        pytest.param(text, "not an mbox", id="a file that is no mbox"),
        pytest.param(os.mkfifo, "neither a file nor a folder", id="a pipe"),
        pytest.param(itself, "(?i)loop|symbolic", id="a link to itself"),
    ],
)
def test_what_holds_no_mail_is_told_in_one_line(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "it\x1b[31m"
    make(path)
    with pytest.raises(MaildropError, match=says) as caught:
        open_maildrop(path)
    assert str(caught.value).isprintable()
    assert r"it\x1b[31m: " in str(caught.value)


def test_a_path_with_nul_is_told_like_any_other() -> None:
    with pytest.raises(MaildropError):
        open_maildrop(Path("a\0b"))


def test_users_of_one_place_share_it_and_demo_users_do_not(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "own")
    (tmp_path / "shared").mkdir()
    accounts = [
        Account("a", "x", tmp_path / "own"),
        Account("b", "x", tmp_path / "link"),
        Account("c", "x"),
        Account("d", "x"),
    ]
    given = maildrops_for(accounts, tmp_path / "shared")
    assert given["a"] is given["b"]
    assert given["c"] is given["d"]
    assert given["a"] is not given["c"]
    given = maildrops_for(accounts, None)
    assert given["c"] is not given["d"]
