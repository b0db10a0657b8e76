import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.protocol.capabilities import (
    CAPABILITIES,
    Capability,
    CapabilitySpec,
    parse_capabilities,
)
from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.states import State


@pytest.mark.parametrize(
    ("line", "tag", "params"),
    [
        pytest.param(b"TOP\r\n", "TOP", (), id="a tag"),
        pytest.param(
            b"SASL PLAIN LOGIN\r\n", "SASL", ("PLAIN", "LOGIN"), id="a tag and parameters"
        ),
        pytest.param(b"sasl Plain\n", "SASL", ("Plain",), id="lower case, bare LF"),
        pytest.param(b"EXPIRE 60  USER", "EXPIRE", ("60", "USER"), id="two blanks, no line end"),
        pytest.param(b"UTF8 USER\r\n", "UTF8", ("USER",), id="UTF8"),
        pytest.param(b"EXPIRENEVER\r\n", "EXPIRENEVER", (), id="GNU mailutils forgets the space"),
        pytest.param(b"X-GOOGLE-RICO\r\n", "X-GOOGLE-RICO", (), id="a vendor's tag"),
        pytest.param(b"IMPLEMENTATION \xe9\r\n", "IMPLEMENTATION", ("\udce9",), id="no UTF-8"),
    ],
)
def test_a_line_is_a_tag_and_its_parameters(line: bytes, tag: str, params: tuple[str, ...]) -> None:
    assert parse_capabilities([line]) == (Capability(tag, params),)


def test_lines_keep_their_order_and_empty_ones_are_left_out() -> None:
    lines = [b"UIDL\r\n", b"\r\n", b"  \r\n", b"CAPA\r\n", b"PIPELINE CELERITY\r\n"]

    assert " / ".join(map(str, parse_capabilities(lines))) == "UIDL / CAPA / PIPELINE CELERITY"


def test_the_table_is_the_registry() -> None:
    assert list(CAPABILITIES) == [
        *("TOP", "USER", "SASL", "RESP-CODES", "LOGIN-DELAY", "PIPELINING", "EXPIRE", "UIDL"),
        *("IMPLEMENTATION", "STLS", "AUTH-RESP-CODE", "UTF8", "LANG"),
    ]


@pytest.mark.parametrize("spec", CAPABILITIES.values(), ids=lambda spec: spec.tag)
def test_what_a_capability_adds_is_in_the_table_of_commands(spec: CapabilitySpec) -> None:
    assert set(spec.commands) <= set(COMMANDS)


def test_only_stls_is_announced_in_one_state_only() -> None:
    both = {State.AUTHORIZATION, State.TRANSACTION}

    assert CAPABILITIES["STLS"].announced == {State.AUTHORIZATION}
    assert all(spec.announced == both for tag, spec in CAPABILITIES.items() if tag != "STLS")


@given(st.lists(st.binary()))
def test_any_lines_can_be_read(lines: list[bytes]) -> None:
    for capability in parse_capabilities(lines):
        assert parse_capabilities([str(capability).encode("utf-8", "surrogateescape")])
