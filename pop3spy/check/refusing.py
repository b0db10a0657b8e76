"""Judging the answer to a command that a server has to refuse, and what comes behind it."""

from pop3spy.check.audit import Audit
from pop3spy.check.conversation import Conversation
from pop3spy.check.registry import Judgement, failed, non_strict, passed
from pop3spy.check.reply import Reply, ReplyKind


def refused(
    reply: Reply, command: str, *, taken: str = "", also: tuple[str, ...] = ()
) -> Judgement:
    """Judge *reply* to *command*: -ERR passes.

    A close is non-strict; so is +OK where *taken* says how that is known to be harmless.  *also*
    are words that the text must not repeat.
    """
    if reply.err:
        words = reply.text.decode("latin-1").lower().split()
        if told := [word for word in also if word in words]:
            return failed(f"expected a refusal of {command} without what was said, got {told[0]!r}")
        return passed()
    if reply.closed:
        return non_strict(f"expected -ERR to {command}, got {reply}")
    if reply.ok and taken:
        return non_strict(f"expected -ERR to {command}, got {reply}: {taken}")
    return failed(f"expected -ERR to {command}, got {reply}")


async def refused_before_login(
    audit: Audit, command: str, *, taken: str = "", before: str = ""
) -> Judgement:
    """Judge what a fresh connection says to *command*, behind *before* if that is given."""
    async with audit.connected() as talk:
        if before:
            await talk.ask(before)
        return refused(await talk.ask(command), command, taken=taken)


async def odd_in_session(audit: Audit, command: str | bytes) -> tuple[Conversation, Reply]:
    """Ask *command* in the common session; return the session, and the reply.

    Many servers close after so many refused commands, so a close is believed only if it comes
    again for the first odd command of a new session.
    """
    talk = (await audit.logins.shared()).talk
    reply = await talk.ask(command)
    if reply.closed:
        talk = (await audit.logins.reopened()).talk
        reply = await talk.ask(command)
    return talk, reply


async def odd_and_noop(audit: Audit, command: str) -> tuple[Conversation, Reply, Reply]:
    """Ask *command*, and NOOP behind it, in the common session; a close is believed as above."""
    talk, reply, behind = await _odd_and_noop(audit, command)
    if behind.closed and not reply.closed:
        await audit.logins.reopened()
        talk, reply, behind = await _odd_and_noop(audit, command)
    return talk, reply, behind


async def _odd_and_noop(audit: Audit, command: str) -> tuple[Conversation, Reply, Reply]:
    talk, reply = await odd_in_session(audit, command)
    if reply.kind is ReplyKind.CHALLENGE:
        await talk.ask("*")
    if reply.ok and command.startswith(("RETR", "TOP")):
        await talk.body()  # nobody wanted it, and it must not be taken for an answer
    elif reply.ok:
        await talk.silence()  # nor must what may be left of a listing
    return talk, reply, reply if reply.closed else await talk.ask("NOOP")


async def refused_in_session(
    audit: Audit, command: str, *, plain: str | None = None, also: tuple[str, ...] = ()
) -> Judgement:
    """Judge -ERR to *command* and +OK to the NOOP behind it, in the common session.

    Where *plain* is given, a +OK whose text matches what that command gets is non-strict: the odd
    number was taken for a plain one.
    """
    talk, reply, behind = await odd_and_noop(audit, command)
    if reply.closed:
        wanted = f"expected -ERR to {command}, got {reply}, in a fresh session too"
        return non_strict(wanted) if plain is not None else failed(wanted)
    judgement = refused(reply, command, also=also)
    if reply.ok and plain is not None:
        same = await talk.ask(plain)
        if same.raw == reply.raw:
            judgement = non_strict(f"expected -ERR to {command}, got what {plain} gets: {reply}")
    if not behind.ok:
        return failed(f"expected +OK to the NOOP behind {command}, got {behind}")
    return judgement
