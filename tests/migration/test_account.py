"""What two maildrops mean: what is there, what is not, and what clients will fetch again."""

import pytest

from pop3spy.migration.account import ComparedAccount, judge_account
from pop3spy.migration.content import ContentOf
from pop3spy.migration.maildrop import ReadMaildrop
from pop3spy.replay.content import Content
from pop3spy.replay.messages import Message
from pop3spy.session.tls import Tls


def maildrop(text: str, **more: object) -> ReadMaildrop:
    """Return messages that are written as ``id:content/size:identity``; ``-`` is none of it."""
    messages = {}
    for number, word in enumerate(text.split(), 1):
        unique_id, content, identity = f"{word}::".split(":")[:3]
        digest, _, size = content.partition("/")
        body = Content(9, 1, complete=True, text=digest) if digest and digest != "-" else None
        messages[number] = Message(
            int(size or 100), unique_id.strip("-") or None, body, identity=identity or None
        )
    return ReadMaildrop(messages, **more)  # type: ignore[arg-type]


def judged(old: str, new: str, content: ContentOf = ContentOf.FULL) -> ComparedAccount:
    return judge_account("bob", maildrop(old), maildrop(new), content)


FOUND = [
    ("a:x b:y", "a:x b:y", "same", {}),
    ("a:x b:y c:z", "a:x c:z", "differs", {"missing": [2]}),
    ("a:x", "a:x n:y", "differs", {"added": [2]}),
    ("a:x b:y", "1:x 2:y", "differs", {"ids_changed": 2, "ids_known": 2}),
    ("a:x::", "1:x2::", "differs", {"missing": [1], "added": [1]}),
    ("a:x:m b:y:n", "1:x:m 2:z:n", "differs", {"changed": [2], "ids_changed": 2}),
    ("a:x b:y", "a:x b:z", "differs", {"changed": [2], "ids_changed": 0}),
    ("a:x b:y c:z", "c:z a:x b:y", "differs", {"moved": 1, "ids_changed": 0}),
    ("a:x b:x", "1:x 2:x", "differs", {"ids_changed": 2, "missing": [], "added": []}),
    ("a:x b:x c:x", "1:x 2:x", "differs", {"missing": [3]}),
    ("", "", "same", {"both": 0}),
    ("-:x -:y", "-:x -:y", "same", {"ids_known": 0}),
    # An id that means another message at the new server is no proof against two headers.
    ("1:x:m 2:y:n", "1:y:n 2:z:o", "differs", {"missing": [1], "added": [2]}),
]


@pytest.mark.parametrize(("old", "new", "outcome", "facts"), FOUND)
def test_what_became_of_an_account(
    old: str, new: str, outcome: str, facts: dict[str, object]
) -> None:
    found = judged(old, new)
    assert found.outcome == outcome
    assert {name: getattr(found, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("content", "outcome", "resized"),
    [
        (ContentOf.FULL, "same", []),
        (ContentOf.TOP, "differs", [1]),
        (ContentOf.NONE, "differs", [1]),
    ],
)
def test_another_size_matters_only_where_the_content_is_not_known(
    content: ContentOf, outcome: str, resized: list[int]
) -> None:
    words = "a:-/{}" if content is ContentOf.NONE else "a:x/{}"
    found = judged(words.format(100), words.format(102), content)
    assert (found.outcome, found.resized) == (outcome, resized)


def test_content_that_was_refused_is_not_taken_for_the_same() -> None:
    old = maildrop("a:x b:y")
    new = maildrop("a:x b:-", unread=[2])
    found = judge_account("bob", old, new, ContentOf.FULL)
    assert (found.outcome, found.unread) == ("failed", [2])


def test_the_map_has_every_id_that_both_have() -> None:
    assert judged("a:x b:y c:z", "1:z 2:x").ids == [("a", "2"), ("c", "1")]


def test_capabilities_and_tls_are_told() -> None:
    old = maildrop("a:x", capabilities={"TOP": "", "EXPIRE": "NEVER", "SASL": "PLAIN LOGIN"})
    new = maildrop("a:x", capabilities={"UTF8": "", "EXPIRE": "30", "SASL": "LOGIN PLAIN"})
    new.tls = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    found = judge_account("bob", old, new, ContentOf.TOP)
    assert found.outcome == "same", "what a server can do is no difference of an account"
    assert found.capabilities == ["EXPIRE was NEVER, is 30", "TOP is gone", "UTF8 is new"]
    assert found.tls == {"old": "no TLS", "new": "TLSv1.3, TLS_AES_256_GCM_SHA384"}


def test_of_very_many_messages_only_the_first_are_named() -> None:
    found = judged(" ".join(f"i{number}:c{number}" for number in range(2500)), "")
    assert (len(found.missing), found.counts["missing"]) == (1000, 2500)
