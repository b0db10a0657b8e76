"""One client's conversation with the post office.

Rules: 1. which command is allowed when, and with how many arguments, is read from the command
table; 2. the state moves by ``protocol.states``; 3. what is said is a row of ``phrases``, in the
words of the personality; 4. nothing is raised out of an answer: a failure is an -ERR.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from pop3spy.errors import MaildropError
from pop3spy.postoffice import login, reply_facts
from pop3spy.postoffice.arguments import check_arguments
from pop3spy.postoffice.attempts import Attempts
from pop3spy.postoffice.maildrop import OpenMaildrop, StoredMessage
from pop3spy.postoffice.personality import Personality
from pop3spy.postoffice.phrases import Phrase
from pop3spy.postoffice.refusal import Refused, open_text, out_of_place, refusal_of, unavailable
from pop3spy.postoffice.sasl_login import MECHANISMS, AuthLogin
from pop3spy.postoffice.wire import stuffed, top
from pop3spy.protocol.commands import Command
from pop3spy.protocol.replies import number_of
from pop3spy.protocol.states import Effect, State, after_challenge, after_reply
from pop3spy.session.responder import Answer

Handler = Callable[["Clerk", Command], Answer]
_HANDLERS: dict[str, Handler] = {}


def _answers(name: str) -> Callable[[Handler], Handler]:
    """Enter a method into the table of what the clerk understands."""

    def enter(handler: Handler) -> Handler:
        _HANDLERS[name] = handler
        return handler

    return enter


class Clerk:
    """Answers one client as *personality* words it; *timestamp* is what is offered to APOP."""

    def __init__(
        self, users: login.Users, timestamp: bytes, attempts: Attempts, personality: Personality
    ) -> None:
        self._users = users
        self._timestamp = timestamp
        self._attempts = attempts
        self._personality = personality
        self._say, self._list_lines = personality.answer, personality.listing
        self._sasl: AuthLogin | None = None
        self._secured = False
        self._state = State.GREETING
        self._name = b""
        self._drop: OpenMaildrop | None = None

    def greet(self) -> Answer:
        """Return the greeting (RFC 1939, section 4)."""
        self._state = State.AUTHORIZATION
        return self._say(Phrase.GREETING, reply_facts.of_timestamp(self._timestamp))

    def answer(self, command: Command) -> Answer:
        """Return the reply to *command*."""
        return self._reply(command.effect, lambda: self._obey(command))

    def answer_sasl(self, line: bytes) -> Answer:
        """Return the reply to what answers a challenge (RFC 5034, section 4)."""
        return self._reply(Effect.LOGIN, lambda: self._respond(line))

    def secured(self) -> None:
        """Forget whom USER named in clear; the greeting's timestamp stays, as nobody repeats it."""
        self._name, self._state, self._secured = b"", State.AUTHORIZATION, True

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
            answer, ok = self._attempts.answer_to(refused, self._say), False
        if answer.asks:
            self._state = after_challenge(self._state)
        elif answer.close or effect is not Effect.QUIT:  # a malformed QUIT ends nothing
            self._state = after_reply(self._state, effect, ok=ok)
        return answer

    def _obey(self, command: Command) -> Answer:
        if self._personality.is_too_long(command):
            raise Refused(Phrase.TOO_LONG)
        if command.spec is None:
            raise Refused(Phrase.UNKNOWN_COMMAND)
        handler = _HANDLERS.get(command.spec.name)
        if handler is None or command.spec.name in self._personality.missing:
            raise unavailable(command.spec, self._state, secured=self._secured)
        if self._state not in command.spec.states:
            raise out_of_place(command.spec, self._state)
        check_arguments(command.spec, command)
        return handler(self, command)

    # Before login

    @_answers("USER")
    def _user(self, command: Command) -> Answer:
        self._name = command.args[0]
        return self._say(Phrase.USER)  # for unknown names as well: nobody learns which

    @_answers("PASS")
    def _pass(self, command: Command) -> Answer:
        drop = login.by_password(self._users, self._name, command.rest)
        return self._admitted(drop, Phrase.PASS)

    @_answers("APOP")
    def _apop(self, command: Command) -> Answer:
        name, digest = command.args
        drop = login.by_digest(self._users, name, digest, self._timestamp)
        return self._admitted(drop, Phrase.APOP)

    @_answers("AUTH")
    def _auth(self, command: Command) -> Answer:
        offered = self._personality.mechanisms(secured=self._secured)
        if command.bare:  # in no RFC, but clients ask
            return self._list_lines(Phrase.MECHANISMS, offered)
        mechanism, *initial = command.args
        name = mechanism.decode("latin-1").upper()
        if name not in offered:
            raise Refused(Phrase.NO_MECHANISM, mechanisms=" or ".join(offered))
        self._sasl = MECHANISMS[name](self._users, name, self._personality.token_error)
        return self._hear(initial[0]) if initial else Answer(b"+ ", asks=True)

    def _respond(self, line: bytes) -> Answer:
        if self._state is not State.SASL:
            raise Refused(Phrase.NO_AUTH)
        if line == b"*":
            raise Refused(Phrase.CANCELLED)
        return self._hear(line)

    def _hear(self, line: bytes) -> Answer:
        assert self._sasl
        heard = self._sasl.hear(line)
        return heard if isinstance(heard, Answer) else self._admitted(heard, Phrase.AUTH)

    def _admitted(self, drop: OpenMaildrop, phrase: Phrase) -> Answer:
        self._drop = drop
        return self._say(phrase, reply_facts.of_drop(drop))

    # At any time

    @_answers("CAPA")
    def _capa(self, _: Command) -> Answer:
        listed = self._personality.capabilities(self._state, secured=self._secured)
        return self._list_lines(Phrase.CAPA, listed)

    @_answers("QUIT")
    def _quit(self, _: Command) -> Answer:
        drop, self._drop = self._drop, None
        if drop is None:
            return replace(self._say(Phrase.QUIT_EARLY), close=True)
        facts = {**reply_facts.of_drop(drop), "left": reply_facts.left(len(drop.unmarked))}
        try:
            try:
                drop.update()
            finally:
                drop.close()
        except (OSError, MaildropError) as error:
            refused = refusal_of(error, Phrase.NOT_REMOVED)
            return replace(self._say(refused.phrase, refused.facts), close=True)
        return replace(self._say(Phrase.QUIT, facts), close=True)

    # After login

    @_answers("STAT")
    def _stat(self, _: Command) -> Answer:
        return self._say(Phrase.STAT, reply_facts.of_drop(self._open))

    @_answers("LIST")
    def _list(self, command: Command) -> Answer:
        if not command.bare:
            return self._say(Phrase.LIST_ONE, reply_facts.of_message(*self._message(command)))
        lines = (f"{number} {message.octets}" for number, message in self._open.unmarked)
        return self._list_lines(Phrase.LIST, lines, reply_facts.of_drop(self._open))

    @_answers("UIDL")
    def _uidl(self, command: Command) -> Answer:
        if not command.bare:
            return self._say(Phrase.UIDL_ONE, reply_facts.of_message(*self._message(command)))
        ids = (f"{number} {message.unique_id.decode()}" for number, message in self._open.unmarked)
        return self._list_lines(Phrase.UIDL, ids, reply_facts.of_drop(self._open))

    @_answers("RETR")
    def _retr(self, command: Command) -> Answer:
        number, message = self._message(command)
        body = stuffed(open_text(number, message))
        return self._say(Phrase.RETR, reply_facts.of_message(number, message), body)

    @_answers("TOP")
    def _top(self, command: Command) -> Answer:
        number, message = self._message(command)
        lines = number_of(command.args[1])
        if lines is None:
            raise Refused(Phrase.NO_LINES)
        body = stuffed(top(open_text(number, message), lines))
        return self._say(Phrase.TOP, reply_facts.of_message(number, message), body)

    @_answers("DELE")
    def _dele(self, command: Command) -> Answer:
        number, message = self._message(command)
        self._open.marked.add(number)
        return self._say(Phrase.DELE, reply_facts.of_message(number, message))

    @_answers("RSET")
    def _rset(self, _: Command) -> Answer:
        self._open.marked.clear()
        return self._say(Phrase.RSET, reply_facts.of_drop(self._open))

    @_answers("NOOP")
    def _noop(self, _: Command) -> Answer:
        return self._say(Phrase.NOOP)

    @property
    def _open(self) -> OpenMaildrop:
        if self._drop is None:
            raise Refused(Phrase.NOT_OPEN)
        return self._drop

    def _message(self, command: Command) -> tuple[int, StoredMessage]:
        """Return the message whose number is the first argument, if it may be used."""
        number, messages = number_of(command.args[0]), self._open.messages
        if number is None:
            raise Refused(Phrase.NO_NUMBER)
        if not 1 <= number <= len(messages):
            raise Refused(Phrase.NO_MESSAGE, **reply_facts.of_all(len(messages)), number=number)
        if number in self._open.marked:
            raise Refused(Phrase.DELETED, number=number)
        return number, messages[number - 1]


SERVED: Final = frozenset(_HANDLERS)
"""The commands that there can be."""
