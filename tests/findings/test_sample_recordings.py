"""The recordings that come with the program: what is found in them was read beside the wire."""

from pathlib import Path
from typing import Final

import pytest

from findings.doors import ids, judged
from pop3spy.capture.reader import CaptureReader

FOLDER: Final = Path(__file__).parents[2] / "captures"
_MAIL: Final = ("cleartext-mail", "top-no-blank-line")  # one message is a header and nothing else
_ALL: Final = ("message-number-bad", "deletes-undone")  # the client tries what must be refused
FOUND: Final = {
    "dovecot-user": (
        *("cleartext-login-offered", "cleartext-password", "stls-available-unused"),
        *(*_MAIL, *_ALL),
    ),
    "dovecot-apop": ("crackable-login-clear", *_MAIL),
    "dovecot-cram-md5": (
        *("cleartext-login-offered", "crackable-login-clear", "stls-available-unused"),
        *_MAIL,
    ),
    "dovecot-refused": ("cleartext-password", "login-failed"),
    "dovecot-cut-off": ("cleartext-password", "cleartext-mail", "retr-truncated"),
    "popa3d-user": ("cleartext-password", "cleartext-mail", *_ALL),
    "postoffice-user": ("cleartext-password", *_MAIL, *_ALL),
    "postoffice-apop": ("crackable-login-clear", *_MAIL),
    "postoffice-plain": ("cleartext-sasl-password", *_MAIL),
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_found_in_a_sample_is_true(path: Path) -> None:
    with path.open(encoding="utf-8", newline="\n") as stream:
        found = ids(judged(CaptureReader(stream, path.name)))
    assert sorted(set(found)) == sorted(FOUND[path.stem])
