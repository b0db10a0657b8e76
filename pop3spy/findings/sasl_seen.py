"""What was seen of the AUTH that is going on, or ended last: what both sides said in it."""

from dataclasses import dataclass, field

from pop3spy.findings.wording import cut
from pop3spy.protocol.facts import FactValue
from pop3spy.protocol.frames import Challenge, CommandLine, SaslLine
from pop3spy.protocol.replies import status_of
from pop3spy.protocol.text import show


@dataclass(slots=True)
class SaslSeen:
    """One AUTH with its ``mechanism``, in upper case; ``number`` is that of its exchange.

    ``initial`` is whether it had an initial response.  ``said`` has the facts of all messages of
    the client, ``asked`` those of all challenges.  ``lines`` counts the client's lines behind AUTH,
    ``challenges`` the server's.  With ``ok_asks`` the first challenge was ``+OK``; ``cancelled`` is
    whether the client broke off.
    """

    number: int
    mechanism: str
    initial: bool
    said: dict[str, FactValue] = field(default_factory=dict)
    asked: dict[str, FactValue] = field(default_factory=dict)
    lines: int = 0
    challenges: int = 0
    ok_asks: bool = False
    cancelled: bool = False

    def learn(self, frame: SaslLine | Challenge) -> None:
        """Take in what one side said."""
        if isinstance(frame, SaslLine):
            self.lines += 1
            self.said.update(frame.facts)
            self.cancelled = frame.facts.get("sasl_word") == "*"
            return
        self.ok_asks |= not self.challenges and status_of(frame.raw, in_sasl=True) is True
        self.challenges += 1
        self.asked.update(frame.facts)


def sasl_begun(frame: CommandLine) -> SaslSeen:
    """Return what is known of an AUTH with a mechanism when it begins."""
    args = frame.command.args
    return SaslSeen(frame.number, shown_mechanism(args[0]), len(args) > 1, dict(frame.facts))


def shown_mechanism(word: bytes) -> str:
    """Return the name of a mechanism as people may see it: in upper case, escaped, not too long."""
    return cut(show(word)).upper()
