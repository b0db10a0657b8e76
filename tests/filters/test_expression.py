"""Filter expressions: what they mean, and what is said of one that means nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.judged import ALL, numbers, others
from logs.dialogue import CLIENT, SERVER, chunks
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import TERMS, Progress, TermKind
from pop3spy.filters.tokens import FilterError
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Answered, Told
from pop3spy.session.reading import Reading
from pop3spy.session.tls import Tls

MEANT = [
    ("verb = RETR", (7,)),
    ("VERB == retr", (7,)),
    ("verb=RETR,TOP", (7, 8)),
    ("verb != RETR,TOP", others((7, 8))),
    ("verb = U*", (2, 4, 11)),
    ("verb = ?OP", (8,)),
    ("verb ~ ^R", (7,)),
    ("verb !~ ^R", others((7,))),
    ("arg = 2", (8, 9)),
    ("arg = 0", (8,)),
    ("arg = bob", (2, 4)),
    ("arg = 1,12", (7, 11)),
    ("arg = ??", (11,)),
    ("state = USER_GIVEN", (3, 5)),
    ("state = authorization", (1, 2, 3, 4, 5)),
    ("state = TRANSACTION", (6, 7, 8, 9, 10, 11)),
    ("ok", (2, 4, 5, 6, 7, 9)),
    ("err", (1, 3, 8, 10)),
    ("not ok and not err", (11,)),
    ("not (ok or err)", (11,)),
    ("! (ok || err)", (11,)),
    ("not not ok", (2, 4, 5, 6, 7, 9)),
    ("code = IN-USE", (3,)),
    ("code = sys/*", (8,)),
    ("code = *", (3, 8)),
    ("code != *", others((3, 8))),
    ("session = 3", ALL),
    ("session = 1,2", ()),
    ("session > 2 & session < 4", ALL),
    ("user = bob", others((1,))),
    ("user != bob", (1,)),
    ("client = 127.0.0.1", ALL),
    ("client = 127.0.0.1:50312", ALL),
    ("client = 127.0.0.1:1", ()),
    ("server = *.example.org", ALL),
    ("server = example.org", ()),
    ("latency > 200ms", (3,)),
    ("latency <= 200ms", others((3, 11))),
    ("not latency > 200ms", others((3,))),
    ("latency > 0", others((11,))),
    ("duration > 1s", (7,)),
    ("duration >= 1h", ()),
    ("octets > 20", (7,)),
    ("octets >= 14", (6, 7)),
    ("octets = 14", (6,)),
    ("octets != 14", others((6,))),
    ("octets > 1MB", ()),
    ("octets < 1K", (6, 7)),
    ("incomplete", ()),
    ("waiting", (11,)),
    ("not waiting", others((11,))),
    ("tls", ()),
    ('"octets"', (6, 7)),
    ("'OCTETS'", (6, 7)),
    ('"found nowhere"', ()),
    ('"+OK 120 octets"', (7,)),
    ('text ~ "\\d+ octets$"', (7,)),
    ('text ~ "^-ERR (no|unknown)"', (1, 10)),
    ("text = *octets", (7,)),
    ('text = "+ok"', (2, 4)),
    ('"again\\\\tlater"', (8,)),
    ('"\\x1b[1m"', (9,)),
    ("verb = RETR or verb = TOP and err", (7, 8)),
    ("(verb = RETR or verb = TOP) and err", (8,)),
    ("not verb = RETR and ok", (2, 4, 5, 6, 9)),
    ("not (verb = RETR and ok)", others((7,))),
    ("ok AND NOT verb=RETR", (2, 4, 5, 6, 9)),
    ("  ok\n", (2, 4, 5, 6, 7, 9)),
]


@pytest.mark.parametrize(("expression", "meant"), MEANT)
def test_an_expression_means_these_exchanges(expression: str, meant: tuple[int, ...]) -> None:
    assert numbers(expression) == meant


@pytest.mark.parametrize(("expression", "meant"), MEANT)
def test_the_plain_spelling_means_the_same_and_is_its_own(
    expression: str, meant: tuple[int, ...]
) -> None:
    wanted = compile_filter(expression)
    again = compile_filter(str(wanted))
    assert str(again) == str(wanted)
    assert again.known is wanted.known
    assert numbers(again) == meant


def test_a_reply_that_broke_off_is_incomplete_and_waits_for_nothing() -> None:
    said = "S: +OK\nC: STAT\nS: +OK 0 0\nC: RETR 1\nS: +OK\nS: a\n"
    assert numbers("incomplete", said) == (2,)
    assert numbers("waiting", said) == ()


TLS = """
    S: +OK
    C: NOOP
    S: +OK
    C: STLS
    S: +OK
"""


def test_tls_is_where_it_begins() -> None:
    assert numbers("tls", TLS) == (2,)


def test_tls_is_everything_that_is_said_inside_it() -> None:
    found: list[bool] = []

    def look(event: Told) -> None:
        if isinstance(event, Answered):
            found.append(compile_filter("tls").means(event.session, event.exchange))

    reading = Reading(1, CLIENT, SERVER, 0.0, look)
    for at, (side, _, data) in enumerate(chunks(TLS)):
        reading.append(Chunk(side, data, float(at)))
        reading.read_all()
    reading.secured(Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256"), 9.0)
    for side, data in ((Side.CLIENT, b"NOOP\r\n"), (Side.SERVER, b"+OK\r\n")):
        reading.append(Chunk(side, data, 10.0))
        reading.read_all()
    assert found == [False, True, True]


@pytest.mark.parametrize("term", TERMS.values(), ids=lambda term: term.name)
def test_the_example_of_a_term_is_right_and_uses_it(term: object) -> None:
    name = getattr(term, "name", "")
    example = TERMS[name].example
    wanted = compile_filter(example)
    assert example.startswith(name)
    assert wanted.known is TERMS[name].known


# -- what holds for all of them -----------------------------------------------------------------

SIMPLE = st.sampled_from(
    [term.example for term in TERMS.values()]
    + ["verb != RETR", 'arg = "2"', "code = *", "octets < 20", "duration > 1s", '"octets"']
)
EXPRESSIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
        st.tuples(SIMPLE, st.sampled_from(["and", "or"]), inner).map(" ".join),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS, EXPRESSIONS)
def test_de_morgan(first: str, second: str) -> None:
    assert numbers(f"not (({first}) and ({second}))") == numbers(f"not ({first}) or not ({second})")
    assert numbers(f"not (({first}) or ({second}))") == numbers(f"not ({first}) and not ({second})")


@given(EXPRESSIONS)
def test_what_is_not_meant_is_everything_else(expression: str) -> None:
    meant = numbers(expression)
    assert numbers(f"not ({expression})") == others(meant)
    assert numbers(f"not not ({expression})") == meant


@given(EXPRESSIONS)
def test_the_plain_spelling_of_anything_means_the_same(expression: str) -> None:
    wanted = compile_filter(expression)
    assert numbers(str(wanted)) == numbers(wanted)
    assert str(compile_filter(str(wanted))) == str(wanted)


PIECES = st.sampled_from(
    [
        *TERMS,
        *"()=~!<>&|,\"'\\*?[]{}.+-$^ \t\n\0",
        "and",
        "or",
        "not",
        "!=",
        "200ms",
        "1MB",
        "é",
        "█",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("".join)))
def test_any_text_is_an_expression_or_a_mistake_with_a_column(text: str) -> None:
    try:
        wanted = compile_filter(text)
    except FilterError as error:
        mistake = error
    else:
        assert numbers(wanted) == numbers(str(wanted))
        return
    assert 1 <= mistake.column <= len(text) + 1
    assert str(mistake).isprintable()
    shown, caret = mistake.pointer.split("\n")
    assert caret.strip() == "^"
    assert all(char.isprintable() or char.isspace() for char in shown)  # such as U+00A0
    assert shown.splitlines() in ([], [shown])


@given(st.text(max_size=30), st.sampled_from(["arg =", "text ~", ""]))
def test_any_text_can_be_quoted(text: str, before: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    try:
        wanted = compile_filter(f'{before} "{quoted}"')
    except FilterError:
        assert before == "text ~"
    else:
        assert str(wanted).strip() == f'{before} "{quoted}"'.strip()


# -- mistakes -----------------------------------------------------------------------------------

MISTAKES = [
    ("", 1, "a term belongs here"),
    ("  ", 1, "a term belongs here"),
    ("verbb = RETR", 1, "did you mean verb?"),
    ("ok and latecy > 1s", 8, "did you mean latency?"),
    ("banana", 1, "there are verb, arg"),
    ("verb", 5, "verb needs one of = != ~ !~ here, as in: verb = RETR"),
    ("verb RETR", 6, "needs one of"),
    ("verb > RETR", 6, "needs one of = != ~ !~"),
    ("latency = 5ms", 9, "needs one of > >= < <="),
    ("octets ~ 5", 8, "needs one of = != > >= < <="),
    ("verb =", 7, "a value belongs here"),
    ("verb = and", 8, "a value belongs here"),
    ("verb = RETR,", 13, "a value belongs here"),
    ("verb = (RETR)", 8, "a value belongs here"),
    ("verb = RETRR", 8, "did you mean RETR?"),
    ("verb = RETR,TOPP", 13, "did you mean TOP?"),
    ("verb = Q*X", 8, "there is no such verb"),
    ("verb ~ ^Q.Z", 8, "there is no such verb"),
    ("state = TRANSACT", 9, "did you mean TRANSACTION?"),
    ("latency > 200", 11, "200ms or 200s"),
    ("latency > fast", 11, "is no time"),
    ("latency > 1s,2s", 13, "> takes one value"),
    ("text ~ a,b", 9, "~ takes one value"),
    ("octets > 1.5M", 10, "is no size"),
    ("session = one", 11, "is no count"),
    ("ok = true", 4, "ok is true or false"),
    ("ok err", 4, "'and' or 'or' belongs before this"),
    ("ok and", 7, "a term belongs here"),
    ("and ok", 1, "a term belongs here"),
    ("not", 4, "a term belongs here"),
    ("ok or or err", 7, "a term belongs here"),
    ("(ok", 4, "the ( in column 1 needs its )"),
    ("err and (ok or (tls)", 21, "the ( in column 9 needs its )"),
    ("ok)", 3, "no ( stands before this )"),
    ("()", 2, "a term belongs here"),
    ('text ~ "abc', 8, "this quote has no end"),
    ("user = o'brien", 9, "this quote has no end"),
    ("> 5", 1, "a term belongs here"),
    ('text ~ "a("', 8, "this is no regular expression"),
    ('text ~ "(a"', 8, "this is no regular expression of RE2: missing )"),
    ('text ~ "(a{1,100}){1,10}"', 8, "this is too large"),
    ('text ~ "(?=a)"', 8, "invalid perl operator: (?="),
    ('text ~ "(a)\\1"', 8, "invalid escape sequence"),
    ("(" * 51 + "ok" + ")" * 51, 51, "too many ("),
    ("ok or " * 200, 1001, "this is too long"),
]


@pytest.mark.parametrize(("expression", "column", "problem"), MISTAKES)
def test_a_mistake_points_at_its_column(expression: str, column: int, problem: str) -> None:
    with pytest.raises(FilterError) as raised:
        compile_filter(expression)

    assert problem in str(raised.value)
    assert raised.value.column == column
    assert str(raised.value).startswith(f"column {column}: ")


def test_the_caret_stands_below_the_mistake() -> None:
    with pytest.raises(FilterError) as raised:
        compile_filter("ok and\tverbb = RETR")
    assert raised.value.pointer == "ok and\\tverbb = RETR\n        ^"


def test_of_a_long_expression_the_part_around_the_mistake_is_shown() -> None:
    with pytest.raises(FilterError) as raised:
        compile_filter("ok or " * 100 + "oops")
    shown, caret = raised.value.pointer.split("\n")
    assert shown[caret.index("^") :] == "oops"
    assert len(shown) < 130


@pytest.mark.parametrize("term", TERMS.values(), ids=lambda term: term.name)
@pytest.mark.parametrize("known", Progress)
def test_a_term_that_cannot_be_known_yet_is_a_mistake(term: object, known: Progress) -> None:
    row = TERMS[getattr(term, "name", "")]
    expression = (
        f"ok or {row.example}" if known > Progress.ASKED else f"verb = STAT or {row.example}"
    )
    if row.known <= known:
        assert compile_filter(expression, known).known <= known
        return
    with pytest.raises(FilterError, match="too late here") as raised:
        compile_filter(expression, known)
    assert raised.value.column == expression.index(row.example) + 1


def test_a_flag_takes_no_operator_and_everything_else_needs_one() -> None:
    for term in TERMS.values():
        expression = f"{term.name} = 1" if term.kind is TermKind.FLAG else term.name
        with pytest.raises(FilterError):
            compile_filter(expression)


# -- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        '"{}"',
        'text ~ "{}"',
        "text = *{}*",
        'arg = "{}"',
        'arg ~ "{}"',
        "arg = {}*",
        'user = "{}"',
        'code = "{}"',
    ],
)
@pytest.mark.parametrize("secret", ["sesame123", "esame", "123", "SESAME123", "sesame"])
def test_a_filter_finds_no_secret(expression: str, secret: str) -> None:
    wanted = compile_filter(expression.format(secret))
    assert numbers(wanted) == ()


@pytest.mark.parametrize("lengths", [(4, 9), (8, 30)])
def test_a_filter_cannot_tell_how_long_a_secret_is(lengths: tuple[int, int]) -> None:
    said = "S: +OK\nC: USER bob\nS: +OK\nC: PASS {0}\nS: -ERR not {0}\n"
    for length in range(0, 40, 3):
        for expression in (f'text ~ "^PASS .{{{length}}}$"', f'arg ~ "^.{{{length}}}$"'):
            first, second = (numbers(expression, said.format("q" * size)) for size in lengths)
            assert first == second
