"""What conversations beside the rules about framing cannot say."""

from collections.abc import Callable

import pytest

from findings.doors import Found, ids, in_a_recording, on_tape


@pytest.mark.parametrize("door", [on_tape, in_a_recording])
def test_a_client_that_waits_in_clear_at_the_port_of_tls_is_told_so(
    door: Callable[[str], Found],
) -> None:
    found = door("""
        -- clear
        -- port 995
        -- no greeting
        -- 30 s
        -- client closes
    """)
    assert ids(found) == ["clear-on-tls-port"]
