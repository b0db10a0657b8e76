"""What a text means that somebody met: a finding, a response code, a refusal, an error.

Rule: the tables say it, and nothing is guessed; the text itself is never repeated, since it may
hold anything.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from pop3spy.console.explain import CODES, PARENTS
from pop3spy.console.oauth_error import explain_oauth_error
from pop3spy.findings.documentation import documentation
from pop3spy.findings.error_texts import LONGEST, error_text_of
from pop3spy.findings.refusals import refusal_of
from pop3spy.findings.rule import Rule
from pop3spy.findings.tls_alerts import ALERT_MEANINGS
from pop3spy.findings.wording import plain

FOUND_BY_CODE: Final = {
    "IN-USE": "in-use",
    "LOGIN-DELAY": "login-delay-refused",
    "SYS/TEMP": "server-temporary",
    "SYS/PERM": "server-permanent",
    "AUTH": "login-failed",
    "UTF8": "utf8-message-refused",
}
"""What is found where a server gives a response code."""

_BRACKETS: Final = re.compile(r"\[([A-Za-z0-9/_-]{1,40})\]")
_LONG_WORD: Final = re.compile(rb"[A-Za-z0-9+/=]{16,}")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means, in whole sentences; ``remedy`` is what to do, empty if unknown.

    ``findings`` are the ids of what tells more.
    """

    means: str
    remedy: str = ""
    findings: tuple[str, ...] = ()


def explanation(text: str, rules: Mapping[str, Rule]) -> list[str]:
    """Return the paragraphs that explain *text*, empty ones between them; none if it is not known.

    Lines that begin with blanks are to be left as they are.
    """
    word = text.strip(" \t'\"`")
    rule = rules.get(word if word.isupper() else word.lower())  # IN-USE is a code as well
    if rule is not None:
        return list(documentation(rule))
    paragraphs: list[str] = []
    for meaning in _meanings(text[:LONGEST], rules):
        paragraphs += ["", meaning.means] if paragraphs else [meaning.means]
        if meaning.remedy:
            paragraphs.append(f"To do: {meaning.remedy}")
        if meaning.findings:
            told = "finding" if len(meaning.findings) == 1 else "findings"
            paragraphs.append(f"See the {told}: {', '.join(meaning.findings)}")
    return paragraphs


def nearest(text: str, rules: Mapping[str, Rule]) -> str | None:
    """Return the id of a finding that *text* may have meant."""
    word = text.strip().lower()
    return next(iter(get_close_matches(word, rules, 1, cutoff=0.7)), None)


def _meanings(text: str, rules: Mapping[str, Rule]) -> Iterator[Meaning]:
    if (code := _code_in(text)) is not None:
        yield Meaning(f"[{code}]: {CODES[code]}.", findings=(FOUND_BY_CODE[code],))
    for word in _LONG_WORD.findall(text.encode("utf-8", "surrogateescape")):
        if told := explain_oauth_error(word):
            yield Meaning(f"{told[:1].upper()}{told[1:]}.", findings=("oauth-rejected",))
    if (refusal := refusal_of(text)) is not None:
        rule = rules.get(refusal.finding)
        means = f"Said by {refusal.who}: {refusal.means}."
        yield Meaning(means, plain(rule.remedy) if rule else "", (refusal.finding,))
    if (error := error_text_of(text)) is not None:
        yield Meaning(f"{error.means} (Said by {error.who}.)", error.remedy, error.findings)
    yield from _alert(text)


def _code_in(text: str) -> str | None:
    """Return the response code that *text* is or holds, as the table has it."""
    words = [text.strip(), *_BRACKETS.findall(text)]
    for word in map(str.upper, words):
        for code in (word, PARENTS.get(word.partition("/")[0], "")):
            if code in CODES:
                return code
    return None


def _alert(text: str) -> Iterator[Meaning]:
    small = re.sub(r"[\s_]+", " ", text.casefold()).strip()
    for name, row in ALERT_MEANINGS.items():
        words = name.replace("_", " ")
        if words == small or ("alert" in small and re.search(rf"\b{words}\b", small)):
            cures = [
                f"if the {side} sent it, {cure}"
                for side in ("client", "server")
                if (cure := row.cure(side))
            ]
            yield Meaning(
                f"The side that sends this alert of TLS says: {row.means}.", f"{'; '.join(cures)}."
            )
            return
