"""Messages that are alike to the octet: ids of their own, which they keep when one goes."""

from collections.abc import Callable
from itertools import chain, combinations
from pathlib import Path

import pytest

from pop3spy.postoffice import PostOffice
from postoffice.speaking import Client, office_over, visit

LINE = b"From sender@example.org Mon Jan  2 03:04:05 2023\n"
COPY = b"Subject: copy\n\nthe same\n"
OTHER = b"Subject: other\n\n"
TEXTS = (COPY, COPY, OTHER, COPY)


def deliver_to_mbox(path: Path, *texts: bytes) -> None:
    with path.open("ab") as mbox:
        mbox.writelines(LINE + text + b"\n" for text in texts)


def deliver_to_folder(path: Path, *texts: bytes) -> None:
    path.mkdir(exist_ok=True)
    for text in texts:
        number = max((int(each.stem) for each in path.iterdir()), default=0) + 1
        (path / f"{number}.eml").write_bytes(text)


Deliver = Callable[..., None]
KINDS = [
    pytest.param(deliver_to_mbox, id="mbox"),
    pytest.param(deliver_to_folder, id="folder of .eml"),
]
SUBSETS = list(chain.from_iterable(combinations((1, 2, 3, 4), size) for size in range(5)))


@pytest.fixture(params=KINDS)
def deliver(request: pytest.FixtureRequest) -> Deliver:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def mailbox(tmp_path: Path, deliver: Deliver) -> Path:
    deliver(tmp_path / "mail", *TEXTS)
    return tmp_path / "mail"


def ids_at(post_office: PostOffice) -> list[bytes]:
    client = Client(post_office.session()).login()
    unique_ids = client.unique_ids()
    client.vanish()
    return unique_ids


def remove(post_office: PostOffice, numbers: tuple[int, ...]) -> None:
    client = Client(post_office.session()).login()
    for number in numbers:
        client.send(b"DELE %d" % number)
    assert client.quit().startswith(b"+OK")


def test_copies_have_ids_of_their_own_the_same_in_every_run(mailbox: Path) -> None:
    """Getmail stops at an id that comes twice."""
    first = ids_at(office_over(mailbox))
    assert len(set(first)) == 4
    assert ids_at(office_over(mailbox)) == first


@pytest.mark.parametrize("gone", SUBSETS)
def test_those_that_are_left_keep_their_ids(mailbox: Path, gone: tuple[int, ...]) -> None:
    post_office = office_over(mailbox)
    before = ids_at(post_office)
    remove(post_office, gone)
    kept = [each for number, each in enumerate(before, start=1) if number not in gone]
    assert ids_at(post_office) == kept


@pytest.mark.parametrize("gone", SUBSETS)
def test_after_a_restart_there_is_no_new_id(mailbox: Path, gone: tuple[int, ...]) -> None:
    """So nothing is fetched again that was not fetched as a copy."""
    before = ids_at(office_over(mailbox))
    remove(office_over(mailbox), gone)
    after = ids_at(office_over(mailbox))
    assert len(set(after)) == 4 - len(gone)
    assert set(after) <= set(before)
    assert (before[2] in after) is (3 not in gone)


@pytest.mark.parametrize("gone", [(1,), (2,), (1, 4), (1, 2, 4)])
def test_a_copy_that_comes_later_gets_no_id_of_one_that_went(
    mailbox: Path, deliver: Deliver, gone: tuple[int, ...]
) -> None:
    post_office = office_over(mailbox)
    before = ids_at(post_office)
    remove(post_office, gone)
    kept = ids_at(post_office)
    deliver(mailbox, COPY)
    after = ids_at(post_office)
    assert after[:-1] == kept
    assert after[-1] not in before


def test_a_removal_that_fails_changes_no_id(tmp_path: Path) -> None:
    path = tmp_path / "mail"
    deliver_to_mbox(path, *TEXTS)
    post_office = office_over(path)
    before = ids_at(post_office)
    client = Client(post_office.session()).login()
    client.send(b"DELE 1")
    path.rename(tmp_path / "away")
    assert client.quit().startswith(b"-ERR")
    (tmp_path / "away").rename(path)
    assert ids_at(post_office) == before
    visit(path).vanish()
