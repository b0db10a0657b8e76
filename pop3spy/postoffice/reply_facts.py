"""What the texts of replies can name: counts, sizes, messages."""

from pop3spy.postoffice.maildrop import OpenMaildrop, StoredMessage

Facts = dict[str, object]


def of_drop(drop: OpenMaildrop) -> Facts:
    """Return what there is to say of what is not marked as deleted.

    ``messages`` and ``size`` are ``count`` and ``octets`` in words: ``2 messages``, ``1 octet``.
    """
    sizes = [message.octets for _, message in drop.unmarked]
    number, octets = len(sizes), sum(sizes)
    return {
        "count": number,
        "octets": octets,
        "messages": counted(number, "message"),
        "size": counted(octets, "octet"),
    }


def of_message(number: int, message: StoredMessage) -> Facts:
    """Return what there is to say of one message."""
    return {"number": number, "octets": message.octets, "uid": message.unique_id.decode()}


def of_all(count: int) -> Facts:
    """Return what there is to say of how many messages there were at the login."""
    return {"count": count, "messages": counted(count, "message")}


def of_timestamp(timestamp: bytes) -> Facts:
    """Return what a greeting can name: *timestamp*, its ``host``, and what is new in each session.

    RFC 1939, section 7.
    """
    session, _, host = timestamp.decode().strip("<>").partition("@")
    return {"timestamp": timestamp.decode(), "host": host, "session": session}


def left(count: int) -> str:
    """Say what stays in a maildrop: ``2 messages left``."""
    return f"{counted(count, 'message')} left" if count else "maildrop empty"


def counted(number: int, thing: str) -> str:
    """Say how many: ``1 message``, ``2 messages``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
