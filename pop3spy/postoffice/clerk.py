"""One client's conversation with the post office.

Rules: 1. which command is allowed when, and with how many arguments, is read from the command
table; 2. the state moves by ``protocol.states``; 3. no text repeats what the client said, because
anything may be a password; 4. nothing is raised out of an answer: a failure is an -ERR.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from pop3spy.errors import MaildropError
from pop3spy.postoffice import login, phrases
from pop3spy.postoffice.arguments import check_arguments
from pop3spy.postoffice.attempts import Attempts
from pop3spy.postoffice.maildrop import OpenMaildrop, StoredMessage
from pop3spy.postoffice.refusal import Refused, refusal_of
from pop3spy.postoffice.wire import stuffed, top
from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.commands import Command
from pop3spy.protocol.replies import number_of
from pop3spy.protocol.sasl import mechanism_of
from pop3spy.protocol.states import Effect, State, after_challenge, after_reply
from pop3spy.session.responder import Answer

CAPABILITIES: Final = (
    Capability("TOP"),
    Capability("USER"),
    Capability("SASL", ("PLAIN",)),
    Capability("RESP-CODES"),
    Capability("AUTH-RESP-CODE"),
    Capability("PIPELINING"),
    Capability("EXPIRE", ("NEVER",)),
    Capability("UIDL"),
    Capability("IMPLEMENTATION", ("pop3spy",)),
)

Handler = Callable[["Clerk", Command], Answer]
_HANDLERS: dict[str, Handler] = {}


def _answers(name: str) -> Callable[[Handler], Handler]:
    """Enter a method into the table of what the clerk understands."""

    def enter(handler: Handler) -> Handler:
        _HANDLERS[name] = handler
        return handler

    return enter


class Clerk:
    """Answers one client; *timestamp* is what the greeting offers APOP."""

    def __init__(self, users: login.Users, timestamp: bytes, attempts: Attempts) -> None:
        self._users = users
        self._timestamp = timestamp
        self._attempts = attempts
        self._state = State.GREETING
        self._name = b""
        self._drop: OpenMaildrop | None = None

    def greet(self) -> Answer:
        """Return the greeting (RFC 1939, section 4)."""
        self._state = State.AUTHORIZATION
        return Answer(b"+OK pop3spy post office ready " + self._timestamp)

    def answer(self, command: Command) -> Answer:
        """Return the reply to *command*."""
        return self._reply(command.effect, lambda: self._obey(command))

    def answer_sasl(self, line: bytes) -> Answer:
        """Return the reply to the answer to PLAIN's challenge (RFC 5034, section 4)."""
        return self._reply(Effect.LOGIN, lambda: self._respond(line))

    def secured(self) -> None:
        """Forget whom USER named in clear; the greeting's timestamp stays, as nobody repeats it."""
        self._name, self._state = b"", State.AUTHORIZATION

    def end(self) -> None:
        """Give the maildrop back; without QUIT nothing is removed (RFC 1939, section 6)."""
        drop, self._drop = self._drop, None
        if drop:
            with suppress(OSError, MaildropError):  # there is nobody left to tell
                drop.close()

    def _reply(self, effect: Effect, ask: Callable[[], Answer]) -> Answer:
        try:
            answer, ok = ask(), True
        except Refused as refused:
            answer, ok = self._attempts.answer_to(refused), False
        if answer.asks:
            self._state = after_challenge(self._state)
        elif answer.close or effect is not Effect.QUIT:  # a malformed QUIT ends nothing
            self._state = after_reply(self._state, effect, ok=ok)
        return answer

    def _obey(self, command: Command) -> Answer:
        if command.spec is None:
            raise Refused("unknown command")
        handler = _HANDLERS.get(command.spec.name)
        if handler is None:
            raise Refused(f"{command.spec.name} is not available here")
        if self._state not in command.spec.states:
            raise Refused(phrases.out_of_place(command.spec, self._state))
        check_arguments(command.spec, command)
        return handler(self, command)

    # Before login

    @_answers("USER")
    def _user(self, command: Command) -> Answer:
        self._name = command.args[0]
        return phrases.line("now the password")  # for unknown names as well: nobody learns which

    @_answers("PASS")
    def _pass(self, command: Command) -> Answer:
        return self._admitted(login.by_password(self._users, self._name, command.rest))

    @_answers("APOP")
    def _apop(self, command: Command) -> Answer:
        name, digest = command.args
        return self._admitted(login.by_digest(self._users, name, digest, self._timestamp))

    @_answers("AUTH")
    def _auth(self, command: Command) -> Answer:
        if command.bare:  # in no RFC, but clients ask
            return phrases.listing("mechanisms follow", ["PLAIN"])
        mechanism, *initial = command.args
        if mechanism_of(mechanism).name != "PLAIN":
            raise Refused("that mechanism is not available, only PLAIN is")
        if not initial:
            return Answer(b"+ ", asks=True)
        return self._admitted(login.by_plain(self._users, initial[0]))

    def _respond(self, line: bytes) -> Answer:
        if self._state is not State.SASL:
            raise Refused("no AUTH has begun")
        if line == b"*":
            raise Refused("authentication cancelled")
        return self._admitted(login.by_plain(self._users, line))

    def _admitted(self, drop: OpenMaildrop) -> Answer:
        self._drop = drop
        return phrases.line(f"maildrop has {phrases.summary(drop)}")

    # At any time

    @_answers("CAPA")
    def _capa(self, _: Command) -> Answer:
        return phrases.listing("capabilities follow", CAPABILITIES)

    @_answers("QUIT")
    def _quit(self, _: Command) -> Answer:
        drop, self._drop = self._drop, None
        if drop is None:
            return Answer(b"+OK good bye", close=True)
        left = len(drop.unmarked)
        try:
            try:
                drop.update()
            finally:
                drop.close()
        except (OSError, MaildropError) as error:
            refused = refusal_of(error, "some deleted messages not removed")
            return Answer(refused.answer.line, close=True)
        rest = f"{phrases.count(left, 'message')} left" if left else "maildrop empty"
        return Answer(f"+OK good bye ({rest})".encode(), close=True)

    # After login

    @_answers("STAT")
    def _stat(self, _: Command) -> Answer:
        sizes = [message.octets for _, message in self._open.unmarked]
        return phrases.line(f"{len(sizes)} {sum(sizes)}")

    @_answers("LIST")
    def _list(self, command: Command) -> Answer:
        if not command.bare:
            number, message = self._message(command)
            return phrases.line(f"{number} {message.octets}")
        lines = (f"{number} {message.octets}" for number, message in self._open.unmarked)
        return phrases.listing(phrases.summary(self._open), lines)

    @_answers("UIDL")
    def _uidl(self, command: Command) -> Answer:
        if not command.bare:
            number, message = self._message(command)
            return phrases.line(f"{number} {message.unique_id.decode()}")
        ids = (f"{number} {message.unique_id.decode()}" for number, message in self._open.unmarked)
        return phrases.listing("unique-ids follow", ids)

    @_answers("RETR")
    def _retr(self, command: Command) -> Answer:
        number, message = self._message(command)
        return Answer(b"+OK %d octets" % message.octets, stuffed(_text_of(number, message)))

    @_answers("TOP")
    def _top(self, command: Command) -> Answer:
        number, message = self._message(command)
        lines = number_of(command.args[1])
        if lines is None:
            raise Refused("the number of lines must be digits")
        return Answer(b"+OK top of message follows", stuffed(top(_text_of(number, message), lines)))

    @_answers("DELE")
    def _dele(self, command: Command) -> Answer:
        number, _ = self._message(command)
        self._open.marked.add(number)
        return phrases.line(f"message {number} deleted")

    @_answers("RSET")
    def _rset(self, _: Command) -> Answer:
        self._open.marked.clear()
        return phrases.line(f"maildrop has {phrases.summary(self._open)}")

    @_answers("NOOP")
    def _noop(self, _: Command) -> Answer:
        return Answer(b"+OK")

    @property
    def _open(self) -> OpenMaildrop:
        if self._drop is None:
            raise Refused("no maildrop is open")
        return self._drop

    def _message(self, command: Command) -> tuple[int, StoredMessage]:
        """Return the message whose number is the first argument, if it may be used."""
        number, messages = number_of(command.args[0]), self._open.messages
        if number is None:
            raise Refused("a message number must be digits")
        if not 1 <= number <= len(messages):
            only = phrases.count(len(messages), "message")
            raise Refused(f"no such message, only {only} in maildrop")
        if number in self._open.marked:
            raise Refused(f"message {number} already deleted")
        return number, messages[number - 1]


def _text_of(number: int, message: StoredMessage) -> Iterator[bytes]:
    try:
        return message.open()
    except (OSError, MaildropError) as error:
        raise Refused(f"message {number} cannot be read any more", "SYS/TEMP") from error
