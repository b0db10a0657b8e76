"""What is remembered of other sessions stays bounded, whoever logs in."""

from pop3spy.findings.history import (
    ACCOUNTS,
    MESSAGES,
    MESSAGES_IN_ALL,
    AccountKey,
    History,
    KnownAccount,
    PastSession,
)

HOST, PORT = "mail.example.org", 110


def listing(history: History, user: str, messages: int) -> None:
    """Let a session of *user* end that listed so many messages."""
    account = history.account(HOST, PORT, user)
    for number in range(messages):
        account.message(b"id%d" % number)
    history.ended((HOST, PORT, user), PastSession("session 1", "", 0.0, clear=False))


def remembered(history: History, user: str) -> int:
    return len(history.account(HOST, PORT, user).messages)


def test_large_accounts_make_the_ones_of_long_ago_forgotten() -> None:
    history, room = History(), MESSAGES_IN_ALL // MESSAGES
    users = [f"user{number}" for number in range(room + 2)]
    for user in users:
        listing(history, user, MESSAGES + 1)
    assert [remembered(history, user) for user in users[2:]] == [MESSAGES] * room
    assert [remembered(history, user) for user in users[:2]] == [0, 0]


def test_small_accounts_are_all_remembered() -> None:
    history = History()
    for number in range(100):
        listing(history, f"user{number}", 10)
    assert [remembered(history, f"user{number}") for number in range(100)] == [10] * 100


def test_what_the_ledger_recalls_counts_as_well() -> None:
    large = History()
    listing(large, "any", MESSAGES)
    known = large.account(HOST, PORT, "any")
    recalled = []

    def recall(key: AccountKey) -> KnownAccount:
        recalled.append(key[2])
        return known

    history = History(recall=recall)
    for number in [*range(MESSAGES_IN_ALL // MESSAGES + 1), 0]:
        history.account(HOST, PORT, f"user{number}")
    assert recalled[-1] == "user0"  # which had been forgotten


def test_an_account_is_known_once_it_was_asked_for() -> None:
    history = History()
    listing(history, "alice", 1)
    assert history.knows((HOST, PORT, "alice"))
    assert not history.knows((HOST, PORT, "bob"))


def test_the_account_that_was_asked_for_longest_ago_is_forgotten_first() -> None:
    history = History()
    for number in range(ACCOUNTS):
        history.account(HOST, PORT, f"user{number}")
    history.account(HOST, PORT, "user0")
    history.account(HOST, PORT, "one more")
    assert history.knows((HOST, PORT, "user0"))
    assert not history.knows((HOST, PORT, "user1"))
