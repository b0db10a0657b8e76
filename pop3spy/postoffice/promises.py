"""Whether a capability says the truth: clients believe what is listed (RFC 2449, section 5)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from pop3spy.postoffice.phrases import CREDENTIALS, Phrase
from pop3spy.postoffice.sasl_login import MECHANISMS
from pop3spy.protocol.capabilities import CAPABILITIES, Capability
from pop3spy.protocol.commands import COMMANDS

_IN_FRONT: Final = "STLS"  # done by who stands in front of the post office, and listed if it is
_CODED: Final = ("[AUTH]", "{refused}")  # the second stands for what begins so itself


class Promises:
    """Knows what can be kept where these commands are *served*, and these *texts* are said."""

    def __init__(self, served: Collection[str], texts: Mapping[Phrase, str]) -> None:
        self._served = served
        self._texts = texts

    def kept(self, listed: Iterable[Capability]) -> tuple[Capability, ...]:
        """Return those of *listed* that can be kept."""
        return tuple(each for each in listed if not self.broken(each))

    def broken(self, capability: Capability) -> str:
        """Return why *capability* cannot be kept, nothing if it can.

        What only says how a server is run, such as EXPIRE and LOGIN-DELAY, nobody is held to.
        """
        tag = capability.tag
        if absent := next((name for name in _commands_of(tag) if name not in self._served), None):
            return f"{tag} promises {absent}, which is not there"
        if tag == "SASL":
            unknown = [name for name in capability.params if name not in MECHANISMS]
            known = ", ".join(MECHANISMS)
            return f"{unknown[0]} cannot be served; there is {known}" if unknown else ""
        if tag == "AUTH-RESP-CODE":
            for phrase in (*CREDENTIALS, Phrase.LAST_REFUSED):
                if not self._texts.get(phrase, phrase.value.text).startswith(_CODED):
                    return f"{tag} promises [AUTH], with which the reply {phrase.key} must begin"
        return ""


def _commands_of(tag: str) -> tuple[str, ...]:
    if tag == _IN_FRONT:
        return ()
    if tag in CAPABILITIES:
        return CAPABILITIES[tag].commands
    return (tag,) if tag in COMMANDS else ()
