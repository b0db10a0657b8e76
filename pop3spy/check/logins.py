"""Logging in: never more often, sooner or less safely than was said.

Rules: 1. a password that was refused once is not said again; 2. a LOGIN-DELAY is kept; 3. before a
QUIT behind a login comes RSET, and nothing that is marked as deleted ever sees a QUIT.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from pop3spy.check.audit import Audit, SkipError, UnfinishedError
from pop3spy.check.conversation import ConnectionEnd, Conversation
from pop3spy.check.discovery import SeenCapabilities, safe_door
from pop3spy.check.doors import Door
from pop3spy.check.maildrop import AuditedMaildrop
from pop3spy.check.reply import Reply
from pop3spy.protocol.replies import number_of

_IN_USE_AGAIN: Final = (5.0, 15.0, 30.0)
_LATER: Final = 30.0
_LOCKED: Final = (b"lock", b"in use", b"busy")
_QUIT_IN: Final = 30.0


def in_use(reply: Reply) -> bool:
    """Return whether a login was refused since another session has the maildrop."""
    if reply.code is not None:
        return reply.code == "IN-USE"
    return any(word in reply.raw.lower() for word in _LOCKED)


class AuditLogins:
    """The logins of one audit, of which there may be *most*; the shared session is one of them."""

    def __init__(self, audit: Audit, most: int) -> None:
        self.most = most
        self.refused = ""  # why nobody may log in any more
        self.delay = 0  # seconds of LOGIN-DELAY
        self.dele_refused = ""  # why nothing is marked any more
        self.end: ConnectionEnd | None = None  # how the last shared session ended
        self.quit: Reply | None = None
        self.login: Reply | None = None
        self._audit = audit
        self._last = float("-inf")
        self._shared: AuditedMaildrop | None = None
        self._stack = AsyncExitStack()

    def learn(self, seen: SeenCapabilities) -> None:
        """Take in what a list says of LOGIN-DELAY."""
        for word in seen.tags.get("LOGIN-DELAY", ())[:1]:
            self.delay = max(self.delay, number_of(word.encode()) or 0)

    async def door(self) -> Door:
        """Return the door for passwords; raise SkipError if there is none."""
        door = await safe_door(self._audit)
        if door is None:
            raise SkipError(
                "the password would go in clear text, or to a server whose certificate is not"
                " believed; --upstream-ca or --clear-login allow it"
            )
        return door

    async def turn(self, *, wrong: bool = False) -> None:
        """Wait until a login may be; count it.  Raise SkipError if none may be."""
        audit, options = self._audit, self._audit.options
        if self.refused and not wrong:
            raise SkipError(self.refused)
        if audit.used.logins >= self.most:
            raise SkipError(f"the plan allows {self.most} logins, and they are used up")
        delay = 0 if options.ignore_login_delay or wrong else self.delay
        if delay > options.max_wait and audit.used.logins:
            raise SkipError(
                f"LOGIN-DELAY {delay} allows one login only (--max-wait, --ignore-login-delay)"
            )
        if delay:
            await asyncio.sleep(max(0.0, self._last + delay + 1 - time.monotonic()))
        audit.used.logins += 1
        self._last = time.monotonic()

    @asynccontextmanager
    async def through(self, door: Door | None = None) -> AsyncIterator[Conversation]:
        """Connect through the door for passwords, or through *door*."""
        audit = self._audit
        door = door or await self.door()
        async with audit.connected(door, audit.options.trust) as talk:
            yield talk

    async def log_in(self, talk: Conversation) -> Reply:
        """Log in with USER and PASS; return the reply that decided."""
        options = self._audit.options
        await self.turn()
        named = await talk.ask(f"USER {options.user}", self._audit.timing.login)
        if not named.ok:
            return named
        reply = await talk.ask(b"PASS " + options.password, self._audit.timing.login)
        if reply.ok:
            self._audit.login_seconds.append(named.seconds + reply.seconds)
        return reply

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Conversation]:
        """Give a session of its own, logged in; it is dropped behind the block, without QUIT."""
        await self.close_shared()
        for wait in (*_IN_USE_AGAIN, None):
            async with self.through() as talk:
                self.login = reply = await self.log_in(talk)
                if reply.ok:
                    yield talk
                    return
            await self._judge(reply, wait)
        raise SkipError("the maildrop is in use by another session")

    async def _judge(self, reply: Reply, wait: float | None) -> None:
        """Wait if the login may be tried again; else raise what ends it."""
        timing = self._audit.timing
        if in_use(reply):
            if wait is not None:
                await asyncio.sleep(timing.of(wait))
            return
        if reply.code == "SYS/TEMP" and wait == _IN_USE_AGAIN[0]:
            await asyncio.sleep(timing.of(_LATER))
            return
        if reply.err:
            self.refused = f"the login was refused: {reply}"
            raise SkipError(self.refused)
        raise UnfinishedError(f"the login was not answered: {reply}")

    # -- the session that many checks share -----------------------------------------------------

    async def shared(self) -> AuditedMaildrop:
        """Return the maildrop of the common session, which is opened if it is not."""
        self._audit.door = (await self.door()).value
        if self._shared is not None:
            await self._shared.talk.look()  # it may have had enough of refused commands
            if not self._shared.talk.closed:
                return self._shared
        await self.close_shared(polite=False)
        talk = await self._stack.enter_async_context(self.session())
        self._shared = AuditedMaildrop(self._audit, talk)
        return self._shared

    async def reopened(self) -> AuditedMaildrop:
        """Return the maildrop of a common session that has just begun."""
        await self.close_shared()
        return await self.shared()

    async def close_shared(self, *, polite: bool = True) -> None:
        """End the common session: RSET, QUIT; without *polite* it is dropped."""
        shared, self._shared = self._shared, None
        if shared is None:
            return
        talk = shared.talk
        try:
            if polite and not talk.closed and (await talk.ask("RSET")).ok:
                self.quit = await talk.ask("QUIT")
                self.end = await talk.rest(self._audit.timing.of(_QUIT_IN))
        finally:
            await self._stack.aclose()
