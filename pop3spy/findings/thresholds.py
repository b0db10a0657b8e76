"""Where a time becomes too long or a number too large: the defaults, which users may change."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of rules, in seconds unless the name says otherwise; each is one setting."""

    greeting_slow: float = 5.0
    greeting_missing: float = 60.0
    greeting_awaited: float = 20.0  # a client that closes sooner may not have waited for one
    hung_up: float = 5.0  # so soon a server closes that wants no talk
    reply_slow: float = 10.0
    login_slow: float = 15.0
    stalled: float = 30.0
    gave_up: float = 10.0  # a client that says nothing for so long waits for something
    stray: float = 2.0  # so long a status line may come behind a line that is none
    parting: float = 2.0  # so soon a server closes behind its last words
    deadlocked: float = 10.0
    idle_shortest: float = 20.0
    idle_standard: float = 590.0
    idle_dead: float = 60.0  # so long a silence may cost a connection its way
    held_open: float = 600.0
    bad_commands: int = 3
    same_answers: int = 3  # so often the same answer to the same question is a habit
    same_spread: float = 60.0  # over so long at least
    lock_kept: float = 900.0  # so long a lock may outlive a session that was left without QUIT
    polls: int = 10  # so many sessions without anything new are too many
    polls_within: float = 600.0
    listed_alone: int = 10  # so many messages asked about one by one are many
    previewed: int = 5  # so many messages retrieved behind a TOP are a habit
    redownloaded: int = 3
    single_sessions: int = 5  # so many sessions with one message each are a habit
    single_apart: float = 30.0
    replicated: float = 60.0  # by then all servers of a mailbox know what one of them did
    line_refused: int = 2048  # octets of a line of mail that common clients take
    other_way: float = 3600.0  # so soon another way to log in tells that APOP never works
    worked: float = 3600.0  # so long a password that worked is taken for the right one
    retrying: float = 600.0
    retries: int = 3  # so often the same password is refused while a client is retrying
    listed_days: float = 30.0  # so long a server is known to offer STLS
    password_days: float = 30.0  # so long an account is known to take passwords
    without_tls: float = 60.0  # so soon a client comes back without TLS that was refused it
