"""Recordings of every kind, through the verbs that read them."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from fuzz import seeds
from fuzz.trial import Door
from pop3spy.cli.formats import FORMATS
from pop3spy.cli.main import program
from pop3spy.cli.open_recording import open_recording
from pop3spy.cli.report import REPORT_FORMS
from pop3spy.errors import Pop3SpyError
from pop3spy.findings import Findings, Rule, own_rules
from pop3spy.lint.forms import FORMS
from pop3spy.lint.linted import Linted, Linting
from pop3spy.lint.text import LintText
from pop3spy.protocol.commands import parse_command
from pop3spy.replay.assemble import read_script
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.events import Told
from pop3spy.session.playback import play_back
from pop3spy.session.responder import Answer

_OURS = (Pop3SpyError, click.ClickException)
_FILTER = "latency > 1ms or err or octets > 100 or text ~ o.k or not incomplete"


def verb(*words: str) -> Callable[[bytes], None]:
    """Return what runs a verb on an input: FILE in *words* is its name, OUT of what is made."""

    def enter(data: bytes) -> None:
        Path("input.yaml").write_bytes(data)
        names = {"FILE": "input.yaml", "OUT": "output"}
        try:
            program.main(
                [names.get(word, word) for word in words], "pop3spy", standalone_mode=False
            )
        finally:
            made = Path("output")
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink(missing_ok=True)

    return enter


def _show_rawlog(data: bytes) -> None:
    came_in, _, went_out = data.partition(seeds.APART)
    Path("log.in").write_bytes(came_in)
    Path("log.out").write_bytes(went_out)
    program.main(["show", "log.in"], "pop3spy", standalone_mode=False)


def _compare(data: bytes) -> None:
    """Compare an input with a recording that is as it should be."""
    Path("other.yaml").write_bytes(seeds.captures()[4])
    verb("compare", "FILE", "other.yaml", "--map", "ids.csv")(data)
    Path("ids.csv").unlink()


def _replay(data: bytes) -> None:
    """Let an input be the server, and say to it what its own client did."""
    Path("input.yaml").write_bytes(data)
    with open_recording("input.yaml") as recording:
        script = read_script(recording.items, contents=recording.bodies_kept)
    responder = StandIn(script).session()
    answer = responder.greet()
    _wire(answer)
    for step in script.steps:
        if answer.close:
            break
        answer = (
            responder.answer_sasl(b"AGEAYg==") if answer.asks else responder.answer(step.command)
        )
        _wire(answer)
    for line in (b"CAPA", b"AUTH SCRAM-SHA-256", b"*", b"STAT", b"LIST", b"UIDL 2", b"TOP 1 1"):
        _wire(responder.answer(parse_command(line)))
    responder.end()


def _lint(data: bytes) -> None:
    """Judge an input by every rule, none of which may fail, and write what was found."""
    Path("input.yaml").write_bytes(data)
    linted, rules = Linted(), own_rules()

    def fails(rule: Rule, error: Exception) -> None:
        raise RuntimeError(rule.id) from error

    def judge(publish: Callable[[Told], None]) -> Findings:
        return Findings(publish, rules, fails)

    with open_recording("input.yaml") as recording:
        linting = Linting(linted, recording.name, lambda _: True)
        play_back(recording.items, linting, names=recording.names, judge=judge)
        linting.close()
    for form in FORMS.values():
        form(linted, rules)
    for _ in LintText().lines(linted):
        pass


def _wire(answer: Answer) -> None:
    for _ in answer.wire():
        pass


def _door(name: str, made: Callable[[], Sequence[bytes]], enter: Callable[[bytes], object]) -> Door:
    return Door(name, made, enter, _OURS)


DOORS = (
    _door("show capture", seeds.captures, verb("show", "FILE")),
    _door("show by hand", seeds.by_hand, verb("show", "FILE")),
    _door("show pcap", seeds.pcaps, verb("show", "FILE")),
    _door("show pcapng", seeds.pcapngs, verb("show", "FILE")),
    _door("show rawlog", seeds.rawlogs, _show_rawlog),
    _door("show --bodies", seeds.recordings, verb("show", "--bodies", "FILE")),
    _door("show --raw", seeds.recordings, verb("show", "--raw", "FILE")),
    _door("show --hex", seeds.recordings, verb("show", "--hex", "FILE")),
    _door("show --stats", seeds.recordings, verb("show", "--stats", "--filter", _FILTER, "FILE")),
    *(
        _door(f"export {name}", seeds.recordings, verb("export", "FILE", "--to", name, "-o", "OUT"))
        for name in FORMATS
    ),
    *(
        _door(f"scrub {bodies}", seeds.recordings, verb("scrub", "FILE", "-o", "OUT", *words))
        for bodies in ("keep", "mask", "drop")
        for words in [("--bodies", bodies, "--redact", "secrets" if bodies == "mask" else "strict")]
    ),
    *(
        _door(
            f"report {form}",
            seeds.recordings,
            verb("report", "FILE", "-o", "OUT", "--format", form, *hidden),
        )
        for form in REPORT_FORMS
        for hidden in [("--redact", "strict") if form == "svg" else ("--bodies", "keep")]
    ),
    _door("lint", seeds.recordings, _lint),
    _door("compare", seeds.recordings, _compare),
    _door("replay", seeds.recordings, _replay),
)
