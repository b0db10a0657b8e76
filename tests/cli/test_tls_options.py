"""The options of TLS on each command that connects: what they are for works, and not without."""

import json
import re
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.program import Ended, in_tls, run, running
from lab.processes import need
from net.certificates import Certificate
from net.shop import Shop, bundle, not_the_newest, old, opened, wants_certificate
from net.test_tls import inside, server

RECORDED = """pop3spy: 1
records:
- S: +OK ready
- C: NOOP
- S: +OK
- C: QUIT
- S: +OK
"""
DEPRECATED = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

Context = Callable[[], ssl.SSLContext]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return opened(tmp_path_factory.mktemp("options"))


def by_proxy(url: str, _: Path, *options: str, **env: str) -> str:
    """Have a session through a proxy; return its transcript."""
    listen = ("--listen", "127.0.0.1:0", "--stls", "pass")
    with running("proxy", "--upstream", url, *listen, *options, env=env) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port()), 20) as client:
            heard = b""
            while data := client.recv(4096):
                heard += data
                if heard == b"+OK ready\r\n":  # who speaks before that may cause a reset
                    client.sendall(b"QUIT\r\n")
        ended = proxy.stopped()
    assert ended.status == 0
    assert heard.startswith(
        (b"+OK ready\r\n+OK QUIT", b"-ERR [SYS/TEMP] the proxy has no TLS", b"")
    )
    return ended.out


def by_hand(url: str, folder: Path, *options: str, **env: str) -> str:
    (folder / "script").write_text("QUIT\n")
    return _all(run("connect", url, "--script", str(folder / "script"), *options, **env))


def by_replay(url: str, folder: Path, *options: str, **env: str) -> str:
    (folder / "recorded.yaml").write_text(RECORDED)
    return _all(
        run("replay", "client", str(folder / "recorded.yaml"), "--to", url, *options, **env)
    )


def _all(ended: Ended) -> str:
    return ended.out + ended.err


WAYS = pytest.mark.parametrize("talk", [by_proxy, by_hand, by_replay])


def talked(
    talk: Callable[..., str], context: ssl.SSLContext, folder: Path, *words: str, **env: str
) -> str:
    with server(inside(context)) as port:
        return talk(f"pop3s://localhost:{port}", folder, *words, **env)


def failed(told: str) -> bool:
    return re.search(r"pop3s://localhost:\d+: (its|it|nobody|the server)", told) is not None


@WAYS
def test_upstream_ca_names_whom_to_believe(
    shop: Shop, talk: Callable[..., str], tmp_path: Path
) -> None:
    context = shop.kinds["good"].context()
    assert not failed(talked(talk, context, tmp_path, "--upstream-ca", str(shop.ca)))
    told = talked(talk, context, tmp_path)
    assert "it sent its own certificate without that of the issuer, The test authority" in told


@WAYS
def test_insecure_goes_on_without_a_check(
    shop: Shop, talk: Callable[..., str], tmp_path: Path
) -> None:
    told = talked(talk, shop.kinds["expired"].context(), tmp_path, "--insecure")
    assert not failed(told)
    if talk is not by_replay:  # which shows the answers only
        assert (
            "certificate NOT verified: expired (localhost, 127.0.0.1) from The test authority,"
            " 2020-01-01 00:00:00Z to 2020-02-01 00:00:00Z, its SHA-256 is" in told
        )


@WAYS
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_cert_is_shown_to_a_server_that_wants_one(
    shop: Shop, talk: Callable[..., str], newest: ssl.TLSVersion, tmp_path: Path
) -> None:
    context = wants_certificate(shop.kinds["good"].context(), shop.ca)
    context.maximum_version = newest
    believed = "--upstream-ca", str(shop.ca)
    shown = "--client-cert", str(bundle(shop, "good", tmp_path))
    assert not failed(talked(talk, context, tmp_path, *believed, *shown))
    told = talked(talk, context, tmp_path, *believed)
    assert "the server wants a certificate of the client's" in told
    assert "--client-cert FILE" in told


@WAYS
@DEPRECATED
def test_tls_min_allows_and_forbids_versions(
    shop: Shop, talk: Callable[..., str], tmp_path: Path
) -> None:
    believed = "--upstream-ca", str(shop.ca)
    oldest = old(shop.kinds["good"].context())
    assert not failed(talked(talk, oldest, tmp_path, *believed, "--tls-min", "1.0"))
    told = talked(talk, oldest, tmp_path, *believed)
    assert "the server takes no TLS 1.2 or newer" in told
    newer = not_the_newest(shop.kinds["good"].context())
    assert not failed(talked(talk, newer, tmp_path, *believed))
    told = talked(talk, newer, tmp_path, *believed, "--tls-min", "1.3")
    assert "the server takes no TLS 1.3 or newer" in told


def pair_of(certificate: Certificate) -> tuple[str, ...]:
    return "--cert", str(certificate.chain), "--key", str(certificate.key)


@WAYS
def test_keys_are_written_where_nobody_else_reads_them(
    shop: Shop, talk: Callable[..., str], tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    context = shop.kinds["good"].context()
    believed = "--upstream-ca", str(shop.ca)
    assert not failed(talked(talk, context, tmp_path, *believed, SSLKEYLOGFILE=str(keys)))
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert "CLIENT_TRAFFIC_SECRET_0 " in keys.read_text()


def test_why_a_handshake_failed_is_in_the_transcript_the_log_and_the_recording(
    shop: Shop, tmp_path: Path
) -> None:
    log, record = tmp_path / "log", tmp_path / "record.yaml"
    files = "--log", str(log), "--log-format", "json", "--record", str(record)
    told = talked(by_proxy, shop.kinds["expired"].context(), tmp_path, *files, "--insecure")
    assert not failed(told)
    record.unlink()
    ca = "--upstream-ca", str(shop.ca)
    told = talked(by_proxy, shop.kinds["expired"].context(), tmp_path, *files, *ca)
    sentence = "its certificate expired on 2020-02-01 00:00:00Z; the server needs a new one"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    (secured,) = [event for event in events if event["event"] == "session_secured"]
    assert (secured["verified"], secured["until"]) == (False, "2020-02-01 00:00:00Z")
    assert secured["chain"] == "expired"
    ending = [event for event in events if event["event"] == "session_ended"][-1]
    assert ending["how"] == "tls"
    assert sentence in ending["why"]
    assert sentence in told
    assert sentence in record.read_text()
    assert sentence in run("show", str(record)).out


def test_the_keys_of_both_legs_are_written(shop: Shop, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# mine\n")
    keys.chmod(0o600)
    legs = "--listen", "pop3s://127.0.0.1:0", *pair_of(shop.kinds["proxy"])
    with server(inside(shop.kinds["good"].context())) as port:
        upstream = "--upstream", f"pop3s://localhost:{port}", "--upstream-ca", str(shop.ca)
        with running("proxy", *upstream, *legs, env={"SSLKEYLOGFILE": str(keys)}) as proxy:
            door = int(proxy.says(r"listening on pop3s://127\.0\.0\.1:(\d+)")[1])
            with in_tls(door, shop.ca, "proxy.example") as client:
                client.sendall(b"QUIT\r\n")
                assert client.recv(100).startswith(b"+OK ready\r\n")
            proxy.stopped()
    randoms = {line.split()[1] for line in keys.read_text().splitlines() if line[0] != "#"}
    assert len(randoms) == 2
    assert keys.read_text().startswith("# mine\n"), "what was there stays"


def test_keys_that_cannot_be_written_are_told_before_anything_else(tmp_path: Path) -> None:
    told = run("connect", "pop3s://localhost:1", SSLKEYLOGFILE=str(tmp_path / "no" / "keys"))
    assert told.status == 2
    assert told.err == f"pop3spy: SSLKEYLOGFILE: {tmp_path}/no/keys: no such file or directory\n"


def test_keys_are_not_written_where_others_may_read_them(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.touch()
    keys.chmod(0o640)
    told = run("connect", "pop3s://localhost:1", SSLKEYLOGFILE=str(keys))
    assert told.status == 2
    assert told.err == (
        f"pop3spy: SSLKEYLOGFILE: {keys}: others may read it; say chmod 600, or name a new one\n"
    )


def test_keys_are_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "keys").symlink_to(tmp_path / "elsewhere")
    told = run("connect", "pop3s://localhost:1", SSLKEYLOGFILE=str(tmp_path / "keys"))
    assert told.status == 2
    assert not (tmp_path / "elsewhere").exists()


def test_keys_may_go_nowhere() -> None:
    told = run("connect", "pop3s://localhost:1", SSLKEYLOGFILE="/dev/null")
    assert "SSLKEYLOGFILE" not in told.err


def test_without_being_asked_no_keys_are_written(shop: Shop, tmp_path: Path) -> None:
    context = shop.kinds["good"].context()
    before = set(tmp_path.iterdir())
    talked(by_hand, context, tmp_path, "--upstream-ca", str(shop.ca))
    assert {each.name for each in set(tmp_path.iterdir()) - before} == {"script"}


def test_a_client_that_asks_for_an_odd_name_is_told_of_in_one_line(shop: Shop) -> None:
    """Python's own callback fails of it, where nobody can catch that."""
    shown = shop.kinds["proxy"]
    listen = ("--listen", "pop3s://127.0.0.1:0", "--cert", shown.chain, "--key", shown.key)
    with running("serve", *listen) as server:
        to = [f"127.0.0.1:{server.port('pop3s')}".encode(), b"-servername", b"\xff\x1b[2J"]
        command = [need("openssl").encode(), b"s_client", b"-connect", *to]
        asked = subprocess.run(command, stdin=subprocess.DEVNULL, check=False, capture_output=True)
        ended = server.stopped()
    assert b"internal error" in asked.stderr
    assert "the client asks for a server whose name has octets that no name can have" in ended.out
    assert "Traceback" not in ended.err
    assert "UnicodeDecodeError" not in ended.err
