"""Faults and rewrites as people write them, and what is said of a mistake."""

from typing import Any

import pytest

from pop3spy.filters.tokens import FilterError
from pop3spy.gate.faults import FAULTS
from pop3spy.gate.faulttext import read_fault, read_rewrite
from pop3spy.protocol.frames import Side


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_asked_for_by_its_name_alone(name: str) -> None:
    fault = read_fault(name)
    assert (fault.kind, fault.side, fault.when, fault.chance) == (
        FAULTS[name],
        FAULTS[name].side,
        None,
        1.0,
    )


RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("cut after=1K when verb = RETR and arg = 3", {"after": 1024}),
    ("  cut   after='2'  ", {"after": 2}),
    ('answer line="-ERR [IN-USE] \\"so\\""', {"line": b'-ERR [IN-USE] "so"\r\n'}),
    ("stall time=forever", {"time": float("inf")}),
    ("wrong-size by=-5", {"by": -5}),
    ("changed-capa remove='SASL, stls' add=", {"remove": (b"SASL", b"stls"), "add": ()}),
]


@pytest.mark.parametrize(("text", "values"), RIGHT, ids=[text for text, _ in RIGHT])
def test_settings_mean_what_they_look_like(text: str, values: dict[str, Any]) -> None:
    fault = read_fault(text)
    assert values.items() <= dict(fault.values).items()
    assert read_fault(str(fault)) == fault


def test_a_mapping_is_the_same_fault_as_a_text() -> None:
    mapping = {"fault": "cut", "after": "1K", "chance": "10%", "when": "verb = RETR"}
    assert read_fault(mapping) == read_fault("cut after=1K chance=10% when verb = RETR")


WRONG: list[tuple[str, int, str]] = [
    ("", 1, "there is no such fault; there are delay,"),
    ("ct", 1, "there is no such fault; did you mean cut?"),
    ("cut aftr=3", 5, "there is no such setting of cut; did you mean after?"),
    ("cut after=x", 11, "'x' is no size; write octets, or 500K, 10M, 1G"),
    ("cut 17", 5, "a setting is key=value"),
    ("cut after=3 after=4", 13, "this has been set before"),
    ("delay time=soon", 12, "'soon' is no time"),
    ("bandwidth rate=0", 16, "0 is too little"),
    ("garbage octets=2M", 16, "1M is the most"),
    ('answer line="+OK', 13, "this quote has no end"),
    ('answer line="', 13, "this quote has no end"),
    ("answer line='+OK\"", 13, "this quote has no end"),
    ("delay chance=2", 14, "'2' is no chance; write 0.5 or 50%"),
    ("unstuffed side=client", 16, "unstuffed is about the octets of the server"),
    ("cut when verb = RTR", 17, "there is no such verb; did you mean"),
    ("cut when octets > 5", 10, "octets is known only once the whole reply has come"),
    ("answer when err", 13, "err is known only once the status line has come"),
    ("answer line='a\x07'", 13, "a line holds no control characters"),
    ("changed-uid suffix='a b'", 20, "a unique-id has at most 70"),
]


@pytest.mark.parametrize(("text", "column", "told"), WRONG, ids=[text for text, _, _ in WRONG])
def test_a_mistake_is_pointed_at(text: str, column: int, told: str) -> None:
    with pytest.raises(FilterError) as raised:
        read_fault(text)
    assert raised.value.column == column
    assert told in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({}, "there is no such fault"),
        ({"fault": "ct"}, "did you mean cut?"),
        (
            {"fault": "cut", "aftr": "1"},
            "cut: there is no such setting of cut; did you mean after?",
        ),
        ({"fault": "cut", "after": "x"}, "cut: after: 'x' is no size"),
        ({"fault": "cut", "after": ["1"]}, "cut: after: one value belongs here"),
        ({"fault": "cut", "when": ["1"]}, "cut: when: a filter is a text"),
        (["cut"], "a fault is a text, or a mapping with the key 'fault'"),
    ],
)
def test_a_mistake_in_a_mapping_is_named(mapping: object, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        read_fault(mapping)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        r"client s/^STAT$/NOOP/",
        r"server s|\[IN-USE\]|[SYS/TEMP]| when err",
        r"client s,(RETR) (\d+),TOP \2 0,",
    ],
)
def test_a_rewrite_reads_as_its_spelling(text: str) -> None:
    rewrite = read_rewrite(text)
    assert (str(rewrite), read_rewrite(str(rewrite))) == (text, rewrite)
    assert rewrite.side is (Side.CLIENT if text.startswith("c") else Side.SERVER)


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("", 1, "a rewrite is a side and s/FROM/TO/"),
        ("cliet s/a/b/", 1, "there is no such side; did you mean client?"),
        ("client s/a/b", 9, "s needs the same sign three times"),
        ("client s/a/b/ wen ok", 14, "a filter stands behind 'when'"),
        ("client s/a/b/ when ok", 20, "ok is known only once"),
        (r"client s/(a)/\2/", 10, "\\2 means nothing here"),
        (r"client s/a/\n/", 10, "\\n means nothing here"),
        ("client s/a/\x07/", 10, "printable latin-1"),
        ("client s/(ab/b/", 10, "missing ): (ab"),
    ],
)
def test_a_mistake_in_a_rewrite_is_pointed_at(text: str, column: int, told: str) -> None:
    with pytest.raises(FilterError) as raised:
        read_rewrite(text)
    assert (raised.value.column, told in str(raised.value)) == (column, True)
