"""The two files of an authority: read with care, made once, never overwritten.

1. A file appears whole or not at all, and the key before the certificate.  So of any number of
   processes that start at once one makes the key, one the certificate, and all read the same pair;
   what a crash left half done is completed.
2. A key that others may read is refused, as ssh does, and a folder in which they may put another.
"""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pop3spy.errors import ConfigError
from pop3spy.newfile import is_exposed, new_file, reason_of
from pop3spy.protocol.text import escape

KEY: Final = "ca-key.pem"
CERTIFICATE: Final = "ca.pem"

_MOST: Final = 1 << 16
"""Octets that such a file may have."""
_FOLDER: Final = 0o700
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""Without O_NONBLOCK a pipe that nobody writes to would never be opened."""


def authority_in(folder: Path) -> bool:
    """Return whether *folder* has an authority, or what is left of one; make none."""
    try:
        return any((folder / name).exists() for name in (KEY, CERTIFICATE))
    except OSError:  # others' folders cannot be looked into
        return False


def read_pair(
    folder: Path, make_key: Callable[[], bytes], certify: Callable[[bytes], bytes]
) -> tuple[bytes, bytes]:
    """Return the key and the certificate in *folder*, as PEM; make what is not there yet.

    *make_key* makes a key, and *certify* a certificate for the key that it is given.  Raise
    ConfigError if there is a certificate without a key, or if a file cannot be read or made.
    """
    key, certificate = folder / KEY, folder / CERTIFICATE
    try:
        certified, keyed = certificate.exists(), key.exists()  # in this order: see rule 1
        if certified and not keyed:
            raise ConfigError(
                f"{_shown(certificate)} is there and its key {KEY} is not; put that back, or move"
                " the certificate away for a new authority"
            )
        _make_folder(folder)
        if _anybodys(folder.stat()):
            raise ConfigError(
                f"anybody may put an authority of their own into {_shown(folder)}; say chmod o-w"
            )
        if not keyed:
            _appear(key, make_key())
        secret = _read(key, private=True)
        if not certified:
            _appear(certificate, certify(secret))
        return secret, _read(certificate)
    except OSError as error:
        where = error.filename or folder
        raise ConfigError(f"cannot use {_shown(where)}: {reason_of(error)}") from None


def _make_folder(folder: Path) -> None:
    """Make *folder* and what leads to it, as far as that is not there, for its owner only."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    try:
        folder.mkdir(_FOLDER)
    except FileExistsError:
        if folder.is_dir():  # another process was faster
            return
        raise ConfigError(f"{_shown(folder)} is no folder") from None
    folder.chmod(_FOLDER)


def _appear(path: Path, data: bytes) -> None:
    """Let *path* be there with *data* in it, unless another process was faster."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with new_file(draft) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)  # which a rename would overwrite
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path, *, private: bool = False) -> bytes:
    """Return what is in *path*; raise ConfigError if it is *private* and others may read it."""
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{_shown(path)} is no file; move it away")
        if private and is_exposed(status):
            raise ConfigError(
                f"{_shown(path)} is open to others, who could pass for any server with it; if"
                " nobody has it, say chmod 600, else make a new authority"
            )
        return os.read(descriptor, _MOST)
    finally:
        os.close(descriptor)


def _anybodys(status: os.stat_result) -> bool:
    """Return whether all may replace what is in a folder; a sticky bit prevents it, as in /tmp."""
    return os.name == "posix" and status.st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH


def _shown(path: Path | str) -> str:
    return escape(str(path))
