import pytest

from pop3spy.protocol.frames import Frame, Side


def test_each_side_has_a_peer() -> None:
    assert [side.other.value for side in Side] == ["S", "C"]


@pytest.mark.parametrize(
    ("raw", "truncated"),
    [
        pytest.param(b"+OK\r\n", False, id="a line"),
        pytest.param(b"+OK\n", False, id="a line ended by LF alone"),
        pytest.param(b"+OK aaa", True, id="the beginning of one"),
    ],
)
def test_a_frame_knows_whether_its_line_was_cut(raw: bytes, *, truncated: bool) -> None:
    assert Frame(Side.SERVER, raw).truncated is truncated
