"""``pop3spy ca`` as a process: what it prints, writes and refuses."""

import shutil
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli.program import COMMAND, Ended, environment, run_here
from lab.processes import need
from pop3spy.authority import Authority
from security.program import started


def fingerprint(folder: Path) -> str:
    return Authority.open(folder).sha256.hex(":").upper()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", [["ca"], ["ca", "show"]], ids=" ".join)
def test_it_is_made_on_first_use_where_the_user_s_settings_are(
    tmp_path: Path, words: list[str]
) -> None:
    first = run_here(*words, XDG_CONFIG_HOME=str(tmp_path))
    folder = tmp_path / "pop3spy"
    assert (first.status, first.err) == (0, f"pop3spy: made an authority in {folder}\n")
    assert f"certificate  {folder}/ca.pem\n" in first.out
    assert f"SHA-256      {fingerprint(folder)}\n" in first.out
    assert "subject      CN=pop3spy CA of " in first.out
    assert "pop3spy ca trust\n" in first.out
    assert run_here(*words, XDG_CONFIG_HOME=str(tmp_path)) == Ended(0, first.out, "")


def test_what_is_to_be_said_next_is_about_the_same_folder(tmp_path: Path) -> None:
    shown = run_here("ca", "--ca-dir", str(tmp_path / "my ca")).out
    assert f"pop3spy ca trust --ca-dir '{tmp_path}/my ca'\n" in shown
    assert f"pop3spy ca export --ca-dir '{tmp_path}/my ca' -o FILE\n" in shown


@pytest.mark.parametrize("variable", ["", "relative/path"], ids=["unset", "not absolute"])
def test_without_a_place_for_settings_it_is_in_the_home(tmp_path: Path, variable: str) -> None:
    assert run_here("ca", XDG_CONFIG_HOME=variable, HOME=str(tmp_path)).status == 0
    assert files(tmp_path) == {".config/pop3spy/ca.pem", ".config/pop3spy/ca-key.pem"}


def test_without_a_home_the_way_out_is_told() -> None:
    done = run_here("ca", XDG_CONFIG_HOME="", HOME="nowhere")
    said = "there is no home folder for an authority; name one with --ca-dir DIR"
    assert done == Ended(2, "", f"pop3spy: {said}\n")


@pytest.mark.parametrize("verb", [[], ["show"], ["trust"], ["export", "-o", "-"]], ids=" ".join)
def test_every_command_takes_a_folder_of_its_own(tmp_path: Path, verb: list[str]) -> None:
    done = run_here("ca", *verb, "--ca-dir", str(tmp_path / "mine"), XDG_CONFIG_HOME=str(tmp_path))
    assert done.status == 0
    assert files(tmp_path) == {"mine/ca.pem", "mine/ca-key.pem"}
    config = tmp_path / "spy.yaml"
    config.write_text("ca-dir: mine\n")
    assert run_here("ca", *verb, "--config", str(config)).out == done.out


PLACES = ["Debian", "Fedora", "macOS", "Windows", "Thunderbird", "Java", "curl"]


def test_the_steps_are_for_every_system_and_there_is_a_way_back(tmp_path: Path) -> None:
    folder = tmp_path / "it's mine"
    done = run_here("ca", "trust", "--ca-dir", str(folder))
    sections = done.out.split("\n\n")
    assert f"fingerprint is {fingerprint(folder)}" in sections[0]
    for place in PLACES:
        (first, *_) = [each for each in sections if each.startswith(place)]
        assert "and back:\n" in first
    assert "{" not in done.out
    quoted = str(folder).replace("'", "'\"'\"'")
    assert f"sudo install -m 644 '{quoted}/ca.pem' /usr/local/share" in done.out


def test_the_steps_of_this_shell_are_understood_by_it(tmp_path: Path) -> None:
    folder = tmp_path / "it's mine; exit 1"
    shown = run_here("ca", "trust", "--ca-dir", str(folder)).out
    lines = [line for line in shown.splitlines() if line.startswith("  ")]
    done = subprocess.run(["sh", "-n"], input="\n".join(lines), text=True, check=False, timeout=10)
    assert done.returncode == 0


def test_the_exported_certificate_is_what_a_client_needs(tmp_path: Path) -> None:
    file = tmp_path / "it.pem"
    done = run_here("ca", "export", "-o", str(file), "--ca-dir", str(tmp_path / "ca"))
    assert (done.status, done.out) == (0, "")
    assert fingerprint(tmp_path / "ca") in done.err
    assert ssl.create_default_context(cafile=file).cert_store_stats()["x509_ca"] >= 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert file.read_bytes() == (tmp_path / "ca" / "ca.pem").read_bytes()


@pytest.mark.parametrize("form", ["pem", "der", "p12"])
def test_every_form_can_be_piped(tmp_path: Path, form: str) -> None:
    words = ["ca", "export", "--format", form, "--ca-dir", str(tmp_path), "-o", "-"]
    done = subprocess.run(
        [*COMMAND, *words], capture_output=True, env=environment(), check=True, timeout=20
    )
    flags = {"der": ["-inform", "der"], "pem": [], "p12": []}[form]
    command = [need("openssl"), "x509", *flags, "-noout", "-fingerprint", "-sha256"]
    if form == "p12":
        command = [need("openssl"), "pkcs12", "-nokeys", "-passin", "pass:changeit"]
        assert b"the password of this store is changeit" in done.stderr
    read = subprocess.run(command, input=done.stdout, capture_output=True, check=True, timeout=20)
    expected = fingerprint(tmp_path) if form != "p12" else "friendlyName: pop3spy"
    assert expected in read.stdout.decode()


@pytest.mark.skipif(shutil.which("keytool") is None, reason="there is no Java here")
def test_java_takes_the_trust_store(tmp_path: Path) -> None:
    file = tmp_path / "it.p12"
    run_here("ca", "export", "--format", "p12", "-o", str(file), "--ca-dir", str(tmp_path / "ca"))
    command = ["keytool", "-list", "-keystore", str(file), "-storepass", "changeit"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "pop3spy, " in listed
    assert "trustedCertEntry" in listed
    assert fingerprint(tmp_path / "ca") in listed


def test_nothing_is_overwritten_and_no_link_is_followed(tmp_path: Path) -> None:
    file, link = tmp_path / "mine", tmp_path / "link"
    file.write_text("mine")
    link.symlink_to(tmp_path / "not there")
    for path in (file, link):
        done = run_here("ca", "export", "-o", str(path), "--ca-dir", str(tmp_path / "ca"))
        assert (done.status, done.out) == (2, "")
        assert done.notes[-1] == f"pop3spy: {path} exists; nothing is overwritten"
    assert file.read_text() == "mine"


@pytest.mark.parametrize("form", ["der", "p12"])
def test_octets_do_not_go_to_a_terminal(tmp_path: Path, form: str) -> None:
    words = ("ca", "export", "-o", "-", "--format", form, "--ca-dir", tmp_path / "ca")
    with started(*words, terminal=True) as program:
        assert program.status() == 2
    said = f"pop3spy: {form} is nothing for a terminal; name a file: -o FILE\r\n"
    assert program.said["terminal"].decode() == said
    assert not (tmp_path / "ca").exists()


def test_text_goes_to_a_terminal(tmp_path: Path) -> None:
    with started("ca", "export", "-o", "-", "--ca-dir", tmp_path / "ca", terminal=True) as program:
        assert program.status() == 0
    assert b"-----BEGIN CERTIFICATE-----" in program.said["terminal"]


WRONG = [
    (["ca", "shwo"], "no such command 'shwo'; did you mean 'show'? (pop3spy ca --help tells more)"),
    (["ca", "export"], "missing option '-o' / '--out' (pop3spy ca export --help tells more)"),
    (["ca", "--ca-dir"], "option '--ca-dir' requires an argument (pop3spy ca show --help tells"),
    (["ca", "--ca-dir", ""], "--ca-dir: there is no value"),
    (["ca", "--ca-dir", "/dev/null"], "/dev/null is no folder"),
    (["ca", "--ca-dir", "/dev/null/x"], "/dev/null is no folder"),
    (["ca", "--ca-dir", "/proc/x"], "cannot use /proc/x: No such file or directory"),
    (["ca", "export", "-o", "/nowhere/x", "--ca-dir", "DIR"], "cannot write /nowhere/x: No such"),
    (["ca", "show", "x"], "got unexpected extra argument (x)"),
    (["ca", "export", "-o", "x", "--format", "jks"], "'jks' is not one of 'pem', 'der', 'p12'"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    done = run_here(*(word.replace("DIR", str(tmp_path)) for word in words), HOME=str(tmp_path))
    assert (done.status, done.out) == (2, "")
    notes = [note for note in done.notes if "made an authority" not in note]
    assert len(notes) == 1
    assert said in notes[0]


def test_a_disk_that_is_full_is_told_in_one_line(tmp_path: Path) -> None:
    run_here("ca", "--ca-dir", str(tmp_path))
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - as a shell would
        for verb in (["show"], ["trust"], ["export", "-o", "-"]):
            done = subprocess.run(
                [*COMMAND, "ca", *verb, "--ca-dir", str(tmp_path)],
                stdout=full,
                stderr=subprocess.PIPE,
                env=environment(),
                check=False,
                timeout=20,
            )
            said = "pop3spy: cannot read or write: no space left on device\n"
            assert (done.returncode, done.stderr.decode()) == (3, said)


@pytest.mark.parametrize("words", [["--help"], ["ca", "--help"], ["demo"]], ids=" ".join)
def test_what_needs_no_authority_does_not_wait_for_its_library(words: list[str]) -> None:
    script = (
        "import sys; from pop3spy.cli.main import main; status = main(sys.argv[1:])\n"
        "print('cryptography' in sys.modules, file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        env=environment(),
    )
    assert done.stderr.endswith("False\n")
