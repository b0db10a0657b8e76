"""Command and status lines that go on in other words."""

import re
from dataclasses import dataclass, field

from pop3spy.filters.expression import Filter
from pop3spy.filters.pattern import RegularExpression
from pop3spy.gate.acts import Acts, Beginning, Moment, Send, Wait, octets_in
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import CommandLine, Side, StatusLine
from pop3spy.redaction.typed import without_logins
from pop3spy.session.deeds import Deed

BY = "rewrite"
_GROUP = re.compile(r"\\(.?)", re.DOTALL)


@dataclass(frozen=True)
class Rewrite:
    r"""A keeper that puts *new* in place of what the regular expression *old* finds in a line.

    ``\1`` to ``\9`` in *new* are the groups of *old*, ``\\`` is a backslash.  Lines are latin-1
    here, without their ends.  A line in which something is hidden is left alone, and so is one that
    is overlong, or that is no whole line any more.  Raise ValueError if *old* is no regular
    expression, or *new* cannot stand in a line.
    """

    side: Side
    old: str
    new: str
    when: Filter | None
    text: str
    _find: RegularExpression = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Read the regular expression."""
        object.__setattr__(self, "_find", find := RegularExpression(self.old))
        groups = find.groups
        for mark in _GROUP.findall(self.new):
            if mark != "\\" and not ("1" <= mark <= "9" and int(mark) <= groups):
                raise ValueError(f"\\{mark} means nothing here: there are {groups} groups")
        if not self.new.isprintable() or not _is_latin(self.new):
            raise ValueError("a line is rewritten in printable latin-1 characters")

    def __str__(self) -> str:
        """Return the plain spelling as it may be told."""
        return without_logins(self.text)

    @property
    def sides(self) -> frozenset[Side]:
        """The side whose lines are rewritten."""
        return frozenset({self.side})

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Return *acts* with the line in other words."""
        frame, exchange = moment.frame, moment.exchange
        if not isinstance(frame, CommandLine | StatusLine) or moment.shown.masks:
            return acts
        if self.when and not (exchange and self.when.means(moment.session, exchange)):
            return acts
        if not all(isinstance(act, Send | Wait) for act in acts):
            return acts
        before = octets_in(acts)
        line = before.rstrip(b"\r\n")
        end = before[len(line) :]
        if not end.endswith(b"\n") or b"\n" in line:
            return acts
        after = self._rewritten(line.decode("latin-1")).encode("latin-1") + end
        if after == before:
            return acts
        moment.note(BY, _done(frame, after))
        place = next(at for at, act in enumerate(acts) if isinstance(act, Send))
        waits = [act for act in acts[place:] if isinstance(act, Wait)]
        return [*acts[:place], Send(after), *waits]

    def may_act_on(self, beginning: Beginning) -> bool:
        """Return whether this may become a line that is rewritten."""
        return not beginning.in_body and beginning.is_meant(self.when)

    def _rewritten(self, line: str) -> str:
        found = self._find(line)
        if found is None:
            return line
        new = _GROUP.sub(
            lambda mark: mark[1] if mark[1] == "\\" else found[int(mark[1])] or "", self.new
        )
        return line[: found.start()] + new + line[found.end() :]


def _done(frame: CommandLine | StatusLine, after: bytes) -> Deed:
    if isinstance(frame, StatusLine):
        return Deed.CHANGED_STATUS
    same = parse_command(after).shape is frame.command.shape
    return Deed.CHANGED_COMMAND if same else Deed.CHANGED_SHAPE


def _is_latin(text: str) -> bool:
    return all(ord(character) < 0x100 for character in text)  # noqa: PLR2004 - latin-1
