"""Every fault that can be asked for, as one table, and the keeper that commits it.

Rules: 1. a fault has one row, and ``docs/faults.md`` is made from it; 2. whether it is committed
about an exchange depends on its seed and on the numbers of session and exchange, so that a run with
the same seed goes the same way, however sessions overlap; 3. bodies stream: no fault keeps more of
one than the beginning of a line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Any, Final

from pop3spy.filters.expression import Filter
from pop3spy.filters.units import octets_of, seconds_of
from pop3spy.gate.acts import Acts, Beginning, End, Moment, Send, Wait, octets_in
from pop3spy.gate.content import BareLf, EditedReply, LineEdits, Unstuffed, renamed, sized, without
from pop3spy.gate.fault_params import (
    FaultParam,
    at_least_one,
    difference,
    duration,
    line,
    names,
    noise,
    suffix,
)
from pop3spy.gate.flow import At, Dropped, Followed, Sliced, Substituted, Unended, Work
from pop3spy.protocol.frames import Challenge, CommandLine, SaslLine, Side, StatusLine
from pop3spy.redaction.typed import without_logins
from pop3spy.session.deeds import Deed, Done

Values = Mapping[str, Any]
"""What a fault's settings are, by name."""

_NO_LOTS: Final = Random(0)  # noqa: S311 - nobody draws from it


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One row.

    ``side`` is whose octets it is about unless told otherwise, and ``sides`` all that it can be
    about.  ``work`` makes what deals with one reply, None if the fault is none to this one;
    ``chancy`` says that it draws lots.  ``finds`` is the client bug that it brings to light.
    """

    name: str
    side: Side
    sides: frozenset[Side]
    params: tuple[FaultParam, ...]
    does: str
    finds: str
    work: Callable[[Values, Random, Moment], Work | None]
    chancy: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was asked for; ``text`` is a plain spelling, which reads as the same fault.

    ``chance`` is how probable it is that a reply gets it; without ``seed`` one is drawn.
    """

    kind: FaultKind
    side: Side
    values: tuple[tuple[str, Any], ...]
    when: Filter | None
    chance: float
    seed: int | None
    text: str

    def __str__(self) -> str:
        """Return the plain spelling as it may be told."""
        return without_logins(self.text)

    @property
    def chancy(self) -> bool:
        """Whether a seed makes a difference."""
        return self.kind.chancy or self.chance < 1


class FaultKeeper:
    """Commits *fault*; *seed* decides what is left to chance."""

    def __init__(self, fault: Fault, seed: int) -> None:
        self.fault = fault
        self.seed = seed
        self.sides = frozenset({fault.side})
        self._values = dict(fault.values)

    @property
    def facts(self) -> dict[str, object]:
        """What is told of it: how it is written, and the seed, if one was drawn and matters."""
        drawn = self.fault.chancy and self.fault.seed is None
        return {"fault": str(self.fault), **({"seed": self.seed} if drawn else {})}

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts* with the fault in them, if it is one of this exchange."""
        frame = moment.frame
        if isinstance(frame, CommandLine | SaslLine | StatusLine | Challenge):
            moment.memory[self] = frame.number, self._work(moment)
        elif not frame.number:  # it is part of no exchange
            return acts
        number, work = moment.memory.get(self, (None, None))
        if work is None or number != frame.number:
            return acts
        changed: Acts = work(moment, acts)
        if changed is not acts and octets_in(changed) != octets_in(acts):
            moment.by = self.fault.kind.name
        return changed

    def may_act_on(self, beginning: Beginning) -> bool:
        """Return whether the fault may be one of the exchange that this is part of."""
        return beginning.is_meant(self.fault.when)

    def give_back(self, side: Side, memory: dict[object, Any]) -> bytes:
        """Return what is kept back of a reply that broke off."""
        _, work = memory.get(self, (None, None))
        return work.give_back() if side in self.sides and isinstance(work, EditedReply) else b""

    def _work(self, moment: Moment) -> Work | None:
        fault, exchange = self.fault, moment.exchange
        if fault.when and not (exchange and fault.when.means(moment.session, exchange)):
            return None
        lot = f"{self.seed} {fault.kind.name} {moment.session.id} {moment.frame.number}"
        if fault.chance < 1 and _drawn(lot) >= fault.chance:
            return None
        lots = Random(lot) if fault.kind.chancy else _NO_LOTS  # noqa: S311 - chance, no secret
        return fault.kind.work(self._values, lots, moment)


def _drawn(lot: str) -> float:
    """Return a number from 0 up to 1 that *lot* alone decides; it takes less than a Random does."""
    return int.from_bytes(blake2b(lot.encode(), digest_size=6).digest()) / (1 << 48)


# -- works that look at the command -------------------------------------------------------------


def _verb(moment: Moment) -> str:
    return moment.exchange.command.verb if moment.exchange else ""


def _delayed(values: Values, lots: Random, _: Moment) -> Work:
    seconds = values["time"] + lots.random() * values["jitter"]
    return At("delay", Done(Deed.DELAYED, seconds=round(seconds, 6)), 0, (Wait(seconds),))


def _slowed(values: Values, _: Random, __: Moment) -> Work:
    rate = values["rate"]
    size = max(1, rate // 20)  # a piece every 50 ms looks like a slow line
    return Sliced("bandwidth", Done(Deed.SLOWED, octets=rate), size, size / rate)


def _sliced(values: Values, _: Random, __: Moment) -> Work:
    size = values["size"]
    return Sliced("slice", Done(Deed.SLICED, octets=size), size, values["gap"])


def _at(name: str, deed: Deed, *acts: Any) -> Callable[[Values, Random, Moment], Work]:
    def work(values: Values, _: Random, __: Moment) -> Work:
        after = values["after"]
        return At(name, Done(deed, after=after), after, acts)

    return work


def _stalled(values: Values, _: Random, __: Moment) -> Work:
    after = values["after"]
    return At("stall", Done(Deed.STALLED, after=after), after, (Wait(values["time"]),))


def _garbage(values: Values, lots: Random, _: Moment) -> Work:
    octets = values["octets"]
    noise = Send(lots.randbytes(octets))
    return At("garbage", Done(Deed.GARBAGE, octets=octets), values["after"], (noise,))


def _unended(_: Values, __: Random, ___: Moment) -> Work:
    return Unended("unterminated")


def _unstuffed(_: Values, __: Random, moment: Moment) -> Work | None:
    if _verb(moment) not in ("RETR", "TOP"):
        return None
    return EditedReply("unstuffed", Deed.UNSTUFFED, body=Unstuffed())


def _wrong_size(values: Values, _: Random, moment: Moment) -> Work | None:
    by, did = values["by"], Done(Deed.CHANGED_SIZES, octets=values["by"])
    match _verb(moment):
        case "STAT" | "LIST":  # +OK 2 320, and 1 120 in a listing
            status, body = LineEdits(sized(by, place=2)), LineEdits(sized(by, place=1))
            return EditedReply("wrong-size", did, status=status, body=body)
        case "RETR":  # +OK 120 octets
            return EditedReply("wrong-size", did, status=LineEdits(sized(by, place=1)))
    return None


def _changed_uid(values: Values, _: Random, moment: Moment) -> Work | None:
    if _verb(moment) != "UIDL":
        return None
    suffix = values["suffix"]
    one = bool(moment.exchange and moment.exchange.command.args)  # +OK 1 uid
    status = LineEdits(renamed(suffix, place=2)) if one else None
    body = LineEdits(renamed(suffix, place=1))
    return EditedReply("changed-uid", Deed.CHANGED_UIDS, status=status, body=body)


def _changed_capa(values: Values, _: Random, moment: Moment) -> Work | None:
    if _verb(moment) != "CAPA":
        return None
    added = b"".join(line + b"\r\n" for line in values["add"])
    tags = frozenset(tag.upper() for tag in values["remove"])
    return EditedReply(
        "changed-capa", Deed.CHANGED_CAPA, body=LineEdits(without(tags)), added=added
    )


def _bare_lf(_: Values, __: Random, ___: Moment) -> Work:
    return EditedReply("bare-lf", Deed.BARE_LF, status=BareLf(), body=BareLf(), end=BareLf())


# -- the table ----------------------------------------------------------------------------------

_C, _S = Side.CLIENT, Side.SERVER
_BOTH, _REPLY = frozenset(Side), frozenset({Side.SERVER})
_AFTER = FaultParam("after", "0", octets_of)
_IN_USE = "-ERR [IN-USE] maildrop is locked by another session"

# fmt: off
_ROWS = (
    FaultKind("delay", _S, _BOTH, (FaultParam("time", "1s", seconds_of), FaultParam("jitter", "0", seconds_of)), "Waits before the first octet, up to `jitter` longer.", "It gives up, or freezes its window, while a server thinks.", _delayed, chancy=True),
    FaultKind("bandwidth", _S, _BOTH, (FaultParam("rate", "1K", at_least_one),), "Lets so many octets a second through.", "It limits the time of a message instead of the time of silence.", _slowed),
    FaultKind("slice", _S, _BOTH, (FaultParam("size", "1", at_least_one), FaultParam("gap", "1ms", seconds_of)), "Sends pieces of this size, each on its own; larger ones where a body comes in bulk.", "It takes what one read gives for a line, or loses a CR LF or lone dot that is cut in two.", _sliced),
    FaultKind("stall", _S, _BOTH, (_AFTER, FaultParam("time", "forever", duration)), "Sends nothing more after so many octets, without closing.", "It has no time-out, and hangs until somebody ends it.", _stalled),
    FaultKind("cut", _S, _BOTH, (FaultParam("after", "100", octets_of),), "Closes both connections after so many octets.", "It takes the beginning of a message for all of it, or deletes what it has not got.", _at("cut", Deed.CLOSED, End.CLOSE)),
    FaultKind("reset", _S, _BOTH, (FaultParam("after", "0", octets_of),), "Resets both connections after so many octets.", "It shows a crash or nothing where it should say that the connection broke.", _at("reset", Deed.RESET, End.RESET)),
    FaultKind("half-close", _S, _BOTH, (_AFTER,), "Says after so many octets that no more will come, and listens on.", "It waits for a close that never comes, or goes on as if it had been answered.", _at("half-close", Deed.HALF_CLOSED, End.FINISH)),
    FaultKind("drop", _S, _BOTH, (), "Loses the reply; on the client's side the command, which the server never hears.", "It waits for ever, or takes the next reply for this one.", lambda *_: Dropped("drop")),
    FaultKind("answer", _C, _BOTH, (FaultParam("line", _IN_USE, line),), "Answers so in place of the server, which never hears the command; on the server's side it does, and its reply is lost.", "It asks for a new password when the maildrop is only locked, or ignores a refusal.", lambda values, *_: Substituted("answer", values["line"])),
    FaultKind("unterminated", _S, _REPLY, (), "Leaves out the lone dot that ends a multi-line reply.", "It waits for ever, or takes the next reply for a part of the message.", _unended),
    FaultKind("extra-reply", _S, _REPLY, (FaultParam("line", "+OK", line),), "Says one more line behind the reply.", "It takes that line for the reply to its next command, and so on to the end.", lambda values, *_: Followed("extra-reply", values["line"])),
    FaultKind("unstuffed", _S, _REPLY, (), "Takes a dot from each line of a message that begins with one.", "A line with nothing but a dot ends the message early, and its rest is read as replies.", _unstuffed),
    FaultKind("wrong-size", _S, _REPLY, (FaultParam("by", "+100", difference),), "Adds this to the sizes in the replies to STAT, LIST and RETR.", "It counts octets instead of looking for the lone dot, and waits or cuts.", _wrong_size),
    FaultKind("changed-uid", _S, _REPLY, (FaultParam("suffix", "-changed", suffix),), "Puts this behind each unique-id.", "It fetches everything again, or deletes what it does not know any more.", _changed_uid),
    FaultKind("changed-capa", _S, _REPLY, (FaultParam("remove", "TOP,UIDL", names), FaultParam("add", "", names)), "Takes capabilities away by their names, or adds lines; commas stand between them.", "It uses what is not offered, or stumbles over what it does not know.", _changed_capa),
    FaultKind("bare-lf", _S, _BOTH, (), "Ends lines with LF alone.", "It never sees the end of a line, or of a message.", _bare_lf),
    FaultKind("garbage", _S, _BOTH, (_AFTER, FaultParam("octets", "32", noise)), "Puts random octets in after so many.", "It crashes on what is no text, or shows it raw.", _garbage, chancy=True),
)
# fmt: on

FAULTS: Final = {row.name: row for row in _ROWS}
"""Every fault, by its name."""
