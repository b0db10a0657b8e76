"""Maildir and folders of .eml: names, links, and files that other programs move or change."""

import os
from pathlib import Path

import pytest

from lab.corpus import MESSAGES, Message, message, write_maildir
from pop3spy.errors import MaildropError
from pop3spy.protocol.commands import parse_command
from postoffice.speaking import Client, office_over, visit

SMALL = [message(f"number-{number}", f"{number}\n") for number in range(3)]


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    write_maildir(tmp_path / "Maildir", SMALL)
    return tmp_path / "Maildir"


def first_file(maildir: Path) -> Path:
    return min((maildir / "new").iterdir())


def test_mail_that_has_gone_wrong_elsewhere_arrives(tmp_path: Path) -> None:
    write_maildir(tmp_path / "Maildir", MESSAGES)
    client = visit(tmp_path / "Maildir")
    assert client.messages() == [each.wire for each in MESSAGES]
    assert client.sizes() == [len(each.wire) for each in MESSAGES]
    client.vanish()


def test_read_mail_is_served_with_new_mail_in_the_order_of_delivery(maildir: Path) -> None:
    file = first_file(maildir)
    (maildir / "cur" / "999.M1P1.lab:2,S").write_bytes(b"Subject: oldest\n\n")
    file.rename(maildir / "cur" / f"{file.name}:2,RS")
    client = visit(maildir)
    assert client.messages()[0].startswith(b"Subject: oldest")
    assert client.messages()[1:] == [each.wire for each in SMALL]
    client.vanish()


def test_a_unique_id_is_the_name_without_its_flags(maildir: Path) -> None:
    file = first_file(maildir)
    client = visit(maildir)
    before = client.unique_ids()
    client.vanish()
    file.rename(maildir / "cur" / f"{file.name}:2,S")

    client = visit(maildir)
    assert client.unique_ids() == before
    assert before[0] == file.name.encode()
    client.vanish()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"two words.eml", id="a blank"),
        pytest.param("grün.eml".encode(), id="UTF-8"),
        pytest.param(b"\xff\xfe.eml", id="no UTF-8"),
        pytest.param(b"x" * 250 + b".eml", id="250 characters"),
        pytest.param(b"a\nb\x1b[31m.eml", id="control characters"),
    ],
)
def test_a_name_that_is_no_unique_id_is_hashed(tmp_path: Path, name: bytes) -> None:
    write_maildir(tmp_path / "Maildir", [])
    (tmp_path / "Maildir" / "new" / os.fsdecode(name)).write_bytes(SMALL[0].stored)
    client = visit(tmp_path / "Maildir")
    (unique_id,) = client.unique_ids()
    assert len(unique_id) == 32
    assert unique_id.isalnum()
    assert client.messages() == [SMALL[0].wire]
    client.vanish()


def test_a_renamed_eml_file_keeps_its_unique_id(tmp_path: Path) -> None:
    """Its name was its id, and clients fetched a renamed message again."""
    for number, each in enumerate(SMALL):
        (tmp_path / f"{number}.eml").write_bytes(each.stored)
    client = visit(tmp_path)
    before = client.unique_ids()
    client.vanish()
    (tmp_path / "0.eml").rename(tmp_path / "9 last.EML")
    client = visit(tmp_path)
    assert client.unique_ids() == [*before[1:], before[0]]
    client.vanish()


def test_an_eml_file_may_be_renamed_while_somebody_has_the_maildrop(tmp_path: Path) -> None:
    for number, each in enumerate(SMALL):
        (tmp_path / f"{number}.eml").write_bytes(each.stored)
    client = visit(tmp_path)
    (tmp_path / "0.eml").rename(tmp_path / "9.eml")
    assert client.messages() == [each.wire for each in SMALL]
    client.send(b"DELE 1")
    assert client.quit() == b"+OK good bye (2 messages left)\r\n"
    assert {each.name for each in tmp_path.iterdir()} == {"1.eml", "2.eml"}


def test_the_unique_id_of_an_eml_file_is_that_of_what_is_sent(tmp_path: Path) -> None:
    """Whatever ends its lines; another text has another one."""
    texts = (b"Subject: x\n\nhello\n", b"Subject: x\r\n\r\nhello\r\n", b"Subject: x\n\nhell\n")
    ids = []
    for text in texts:
        (tmp_path / "x.eml").write_bytes(text)
        client = visit(tmp_path)
        ids += client.unique_ids()
        client.vanish()
    assert ids[0] == ids[1] != ids[2]


def test_eml_names_are_seen_in_any_case_and_other_files_are_not(tmp_path: Path) -> None:
    for name in ("b.EML", "a.eml", ".hidden.eml", "notes.txt"):
        (tmp_path / name).write_bytes(b"Subject: " + name.encode() + b"\n\n")
    (tmp_path / "folder.eml").mkdir()
    client = visit(tmp_path)
    assert client.messages() == [b"Subject: a.eml\r\n\r\n", b"Subject: b.EML\r\n\r\n"]
    client.vanish()


def test_links_are_not_followed(maildir: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret\n")
    (maildir / "new" / "1.link").symlink_to(outside)
    (maildir / "new" / "2.link").symlink_to(maildir)
    (maildir / "new" / "3.dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(maildir / "new" / "4.pipe")
    client = visit(maildir)
    assert client.messages() == [each.wire for each in SMALL]
    client.vanish()


def test_a_link_put_in_place_of_a_message_is_not_followed(maildir: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    file = first_file(maildir)
    client = visit(maildir)
    file.rename(outside)  # even to the very same file
    file.symlink_to(outside)
    assert client.send(b"RETR 1").startswith(b"-ERR [SYS/TEMP] ")
    client.send(b"DELE 1")
    assert client.quit().startswith(b"-ERR [SYS/TEMP] some deleted messages not removed")
    assert outside.exists()


def test_a_maildir_whose_new_is_a_link_is_none(maildir: Path, tmp_path: Path) -> None:
    (maildir / "new").rename(tmp_path / "elsewhere")
    (maildir / "new").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MaildropError, match="neither a Maildir"):
        office_over(maildir)


def test_a_message_that_vanished_is_refused_and_the_session_goes_on(maildir: Path) -> None:
    client = visit(maildir)
    first_file(maildir).unlink()
    assert client.send(b"RETR 1").startswith(b"-ERR [SYS/TEMP] message 1 cannot be read")
    assert client.send(b"TOP 1 0").startswith(b"-ERR [SYS/TEMP] ")
    assert client.body(b"RETR 2") == SMALL[1].wire
    client.send(b"DELE 1")
    client.send(b"DELE 3")
    assert client.quit() == b"+OK good bye (1 message left)\r\n"


def test_a_message_that_another_program_flagged_is_found_again(maildir: Path) -> None:
    client = visit(maildir)
    file = first_file(maildir)
    moved = file.rename(maildir / "cur" / f"{file.name}:2,S")
    assert client.body(b"RETR 1") == SMALL[0].wire
    client.send(b"DELE 1")
    assert client.quit().startswith(b"+OK")
    assert not moved.exists()


def test_a_message_that_changed_is_neither_sent_nor_removed(maildir: Path) -> None:
    client = visit(maildir)
    file = first_file(maildir)
    file.write_bytes(b"something else\n")
    assert client.send(b"RETR 1").startswith(b"-ERR [SYS/TEMP] ")
    client.send(b"DELE 1")
    client.send(b"DELE 2")
    assert client.quit().startswith(b"-ERR [SYS/TEMP] some deleted messages not removed")
    assert file.exists()
    assert len(list((maildir / "new").iterdir())) == 2  # the other one has gone


def test_a_message_cut_short_while_it_is_sent_ends_without_a_terminator(tmp_path: Path) -> None:
    file = tmp_path / "big.eml"
    file.write_bytes(b"Subject: big\n\n" + b"x" * 79 + b"\n" * 300_000)
    client = visit(tmp_path)
    body = client.responder.answer(parse_command(b"RETR 1")).body
    assert body is not None
    pieces = iter(body)
    next(pieces)
    os.truncate(file, 70_000)
    with pytest.raises(MaildropError):
        list(pieces)
    client.vanish()


def test_a_maildrop_that_is_gone_at_login_needs_an_operator(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    client = Client(office_over(tmp_path / "mail").session())
    (tmp_path / "mail").rmdir()
    client.send(b"USER demo")
    assert client.send(b"PASS demo") == b"-ERR [SYS/PERM] the maildrop cannot be opened\r\n"
    (tmp_path / "mail").mkdir()
    client.login().vanish()


def test_a_name_twice_in_a_maildir_gives_two_unique_ids(maildir: Path) -> None:
    file = first_file(maildir)
    (maildir / "cur" / f"{file.name}:2,S").write_bytes(b"Subject: twin\n\n")
    client = visit(maildir)
    assert len(set(client.unique_ids())) == 4
    client.vanish()


def test_a_large_message_is_read_in_pieces(tmp_path: Path) -> None:
    """Only the pieces are ever in memory."""
    (tmp_path / "big.eml").write_bytes(b"Subject: big\n\n" + b".\n" * 2_000_000)
    client = visit(tmp_path)
    body = client.responder.answer(parse_command(b"RETR 1")).body
    assert body is not None
    sizes = [len(piece) for piece in body]
    assert max(sizes) <= 3 * 65536
    assert sum(sizes) == len(b"Subject: big\r\n\r\n") + len(b"..\r\n") * 2_000_000
    client.vanish()


def test_mail_that_arrives_is_seen_at_the_next_login(maildir: Path) -> None:
    client = visit(maildir)
    new = Message("late", b"Subject: late\n\n")
    (maildir / "new" / "1700000000.late").write_bytes(new.stored)
    assert client.send(b"STAT").startswith(b"+OK 3 ")
    client.quit()
    client = visit(maildir)
    assert client.messages()[3] == new.wire
    client.vanish()
