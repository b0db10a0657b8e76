"""The files of an authority: made once, private, never overwritten, and refused if they are odd."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.processes import need
from net.certificates import self_signed
from pop3spy.authority import Authority, authority_in
from pop3spy.authority.folder import CERTIFICATE, KEY, read_pair
from pop3spy.errors import ConfigError

FILES = {KEY, CERTIFICATE}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def refusal(folder: Path, now: datetime | None = None) -> str:
    """Return what is said of the authority in *folder*, without its path; nothing is changed."""
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(ConfigError) as raised:
        Authority.open(folder, now=lambda: now or datetime.now(UTC))
    said = str(raised.value)
    assert said.isprintable()
    assert str(folder) in said
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before
    return said.replace(str(folder), "DIR")


def test_asking_whether_there_is_one_makes_none(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    assert not authority_in(folder)
    assert names(tmp_path) == set()
    Authority.open(folder)
    assert authority_in(folder)


def test_it_is_made_once_and_then_read(tmp_path: Path) -> None:
    first = Authority.open(tmp_path / "ca", "alice@laptop")
    second = Authority.open(tmp_path / "ca", "bob@desk")
    assert first.sha256 == second.sha256
    assert "alice@laptop" in second.subject
    assert names(tmp_path / "ca") == FILES


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277], ids=oct)
def test_its_files_and_folders_are_private_whatever_the_umask_says(
    tmp_path: Path, umask: int
) -> None:
    script = "import sys, pathlib; from pop3spy.authority import Authority\n"
    script += "Authority.open(pathlib.Path(sys.argv[1]))"
    folder = tmp_path / "config" / "pop3spy"
    subprocess.run([sys.executable, "-c", script, folder], umask=umask, check=True, timeout=60)
    modes = {
        str(path.relative_to(tmp_path)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in tmp_path.rglob("*")
    }
    assert modes == {
        "config": "0o700",
        "config/pop3spy": "0o700",
        f"config/pop3spy/{KEY}": "0o600",
        f"config/pop3spy/{CERTIFICATE}": "0o600",
    }


@pytest.mark.parametrize("made", ["", "already"], ids=["empty", "with an authority"])
def test_a_folder_that_anybody_may_write_to_is_refused(tmp_path: Path, made: str) -> None:
    folder = tmp_path / "ca"
    folder.mkdir()
    if made:
        Authority.open(folder)
    folder.chmod(0o777)
    said = "anybody may put an authority of their own into DIR; say chmod o-w"
    assert refusal(folder) == said
    folder.chmod(0o1777)  # there nobody replaces what is others'
    assert Authority.open(folder).sha256


def test_a_folder_that_is_there_keeps_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("mine")
    Authority.open(tmp_path)
    assert names(tmp_path) == FILES | {"history"}
    assert (tmp_path / "history").read_text() == "mine"


def test_processes_that_start_at_once_end_with_one_authority(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from pop3spy.authority import Authority, issuer\n"
        "print('ready', flush=True); sys.stdin.read()\n"
        "found = Authority.open(pathlib.Path(sys.argv[1]))\n"
        "print(found.sha256.hex(), found.made)\n"
    )
    folder = tmp_path / "a" / "b"
    command = [sys.executable, "-c", script, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    racers = [subprocess.Popen(command, text=True, **pipes) for _ in range(6)]  # type: ignore[call-overload]
    try:
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:  # only now may they go
            racer.stdin.close()
            racer.stdin = None
        ended = [racer.communicate(timeout=60) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
    assert [err for _, err in ended] == [""] * len(racers)
    told = [out.split() for out, _ in ended]
    assert len({fingerprint for fingerprint, _ in told}) == 1
    assert sorted(made for _, made in told) == ["False"] * (len(racers) - 1) + ["True"]
    assert names(folder) == FILES


@pytest.mark.parametrize("moment", ["while the key is made", "while it is certified"])
def test_whoever_is_slower_takes_what_the_faster_one_made(tmp_path: Path, moment: str) -> None:
    def faster() -> tuple[bytes, bytes]:
        return read_pair(tmp_path, lambda: b"fast key", lambda key: b"for " + key)

    def make_key() -> bytes:
        if moment == "while the key is made":
            faster()
        return b"slow key"

    def certify(key: bytes) -> bytes:
        if moment == "while it is certified":
            faster()
        return b"slowly for " + key

    kept = b"fast key" if moment == "while the key is made" else b"slow key"
    assert read_pair(tmp_path, make_key, certify) == (kept, b"for " + kept)
    assert faster() == (kept, b"for " + kept)
    assert names(tmp_path) == FILES


def test_what_a_crash_left_half_done_is_completed(tmp_path: Path) -> None:
    Authority.open(tmp_path)
    key = (tmp_path / KEY).read_bytes()
    (tmp_path / CERTIFICATE).unlink()
    assert authority_in(tmp_path)
    Authority.open(tmp_path)
    assert (tmp_path / KEY).read_bytes() == key
    assert names(tmp_path) == FILES


def test_nothing_is_left_of_what_could_not_be_made(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise ConfigError("no randomness")

    with pytest.raises(ConfigError, match="no randomness"):
        read_pair(tmp_path, lambda: b"key", lambda _: fail())
    assert names(tmp_path) == {KEY}


ANEW = "put copies of ca-key.pem and ca.pem back, or move both away for a new authority"


def torn_key(folder: Path) -> None:
    (folder / KEY).write_bytes((folder / KEY).read_bytes()[:100])


def torn_certificate(folder: Path) -> None:
    (folder / CERTIFICATE).write_bytes((folder / CERTIFICATE).read_bytes()[:300])


def no_key(folder: Path) -> None:
    (folder / KEY).unlink()


def another_key(folder: Path) -> None:
    Authority.open(folder.parent / "other")
    shutil.copy(folder.parent / "other" / KEY, folder / KEY)


def key_of_rsa(folder: Path) -> None:
    command = [need("openssl"), "genrsa", "-out", str(folder / KEY), "2048"]
    subprocess.run(command, check=True, capture_output=True)


def locked_key(folder: Path) -> None:
    path = str(folder / KEY)
    command = [need("openssl"), "ec", "-in", path, "-aes128", "-passout", "pass:x", "-out", path]
    subprocess.run(command, check=True, capture_output=True)


def certificate_of_a_server(folder: Path) -> None:
    pem = Authority.open(folder).leaf(["localhost"]).pem
    key, mark, rest = pem.partition(b"-----BEGIN CERT")
    (folder / KEY).write_bytes(key)
    (folder / CERTIFICATE).write_bytes(mark + rest)


def certificate_without_extensions(folder: Path) -> None:
    (folder.parent / "self").mkdir()
    made = self_signed(folder.parent / "self")
    shutil.copy(made.key, folder / KEY)
    request = [need("openssl"), "req", "-new", "-key", str(made.key), "-subj", "/CN=x"]
    csr = subprocess.run(request, check=True, capture_output=True).stdout
    sign = [
        need("openssl"),
        "x509",
        "-req",
        "-signkey",
        str(made.key),
        "-out",
        str(folder / CERTIFICATE),
    ]
    subprocess.run(sign, input=csr, check=True, capture_output=True)


def empty_files(folder: Path) -> None:
    (folder / KEY).write_bytes(b"")
    (folder / CERTIFICATE).write_bytes(b"")


def a_huge_file(folder: Path) -> None:
    with (folder / CERTIFICATE).open("r+b") as file:
        file.seek(0)
        file.write(b"\n" * (1 << 20))


def a_folder_for_a_key(folder: Path) -> None:
    (folder / KEY).unlink()
    (folder / KEY).mkdir()


def a_pipe_for_a_key(folder: Path) -> None:
    (folder / KEY).unlink()
    os.mkfifo(folder / KEY)


BROKEN = [
    (torn_key, f"DIR: the key is damaged, or locked with a password; {ANEW}"),
    (locked_key, f"DIR: the key is damaged, or locked with a password; {ANEW}"),
    (empty_files, f"DIR: the key is damaged, or locked with a password; {ANEW}"),
    (key_of_rsa, f"DIR: the key is none for elliptic curves, as pop3spy makes them; {ANEW}"),
    (torn_certificate, f"DIR: the certificate is damaged, or no authority's; {ANEW}"),
    (a_huge_file, f"DIR: the certificate is damaged, or no authority's; {ANEW}"),
    (certificate_without_extensions, f"DIR: the certificate is damaged, or no authority's; {ANEW}"),
    (certificate_of_a_server, f"DIR: the certificate is damaged, or no authority's; {ANEW}"),
    (another_key, f"DIR: the key and the certificate do not belong together; {ANEW}"),
    (
        no_key,
        (
            "DIR/ca.pem is there and its key ca-key.pem is not; put that back, or move the"
            " certificate away for a new authority"
        ),
    ),
    (a_folder_for_a_key, "DIR/ca-key.pem is no file; move it away"),
    (a_pipe_for_a_key, "DIR/ca-key.pem is no file; move it away"),
]


@pytest.mark.parametrize(("breaks", "said"), BROKEN, ids=[each.__name__ for each, _ in BROKEN])
def test_a_broken_pair_is_told_with_what_to_do(
    breaks: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    folder = tmp_path / "ca"
    Authority.open(folder)
    breaks(folder)
    for path in folder.iterdir():
        path.chmod(0o600 if path.is_file() else 0o700)
    assert refusal(folder) == said


def test_an_authority_that_has_expired_is_told(tmp_path: Path) -> None:
    made = Authority.open(tmp_path).until
    assert made - datetime.now(UTC) > timedelta(days=3650)
    assert refusal(tmp_path, made) == f"DIR: the certificate has expired on {made:%Y-%m-%d}; {ANEW}"


def test_a_clock_that_is_before_the_authority_is_told(tmp_path: Path) -> None:
    since = Authority.open(tmp_path).since
    assert refusal(tmp_path, since - timedelta(days=1)) == (
        f"DIR: the certificate is not valid before {since:%Y-%m-%d}; set this machine's clock"
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777], ids=oct)
def test_a_key_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    Authority.open(tmp_path)
    (tmp_path / KEY).chmod(mode)
    assert refusal(tmp_path) == (
        "DIR/ca-key.pem is open to others, who could pass for any server with it; if nobody has"
        " it, say chmod 600, else make a new authority"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_group_may_read_a_key_that_somebody_else_lends_us(tmp_path: Path) -> None:
    """As ssh has it: a service reads root's key through its group."""
    Authority.open(tmp_path)
    os.chown(tmp_path / KEY, 65534, 0)
    (tmp_path / KEY).chmod(0o640)
    Authority.open(tmp_path)
    (tmp_path / KEY).chmod(0o644)
    assert "is open to others" in refusal(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_a_folder_of_somebody_else_is_told(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib; from pop3spy.authority import Authority, authority_in, issuer\n"
        "os.setuid(65534); folder = pathlib.Path(sys.argv[1])\n"
        "print(authority_in(folder))\n"
        "try: Authority.open(folder)\n"
        "except Exception as error: print(error)\n"
    )
    Authority.open(tmp_path / "ca")
    tmp_path.chmod(0o755)
    for folder in (tmp_path / "ca", tmp_path / "new"):
        command = [sys.executable, "-c", script, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.startswith("False\ncannot use /")
        assert done.stdout.count("\n") == 2


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file is no folder"):
        Authority.open(tmp_path / "file" / "ca")
