"""Where a server is looked for, and how that is shown."""

import pytest

from pop3spy.check.doors import target_of
from pop3spy.protocol.url import parse_url


@pytest.mark.parametrize(
    ("url", "ports", "doors", "shown"),
    [
        ("pop3://host", (None, None), (110, 995), "pop3://host:110"),
        ("pop3s://host", (None, None), (110, 995), "pop3s://host:995"),
        ("pop3://host:1110", (None, None), (1110, 0), "pop3://host:1110"),
        ("pop3://host", (1110, None), (1110, 995), "pop3://host:1110"),
        ("pop3://host", (None, 1995), (110, 1995), "pop3://host:110"),
        ("pop3s://host", (1110, 1995), (1110, 1995), "pop3s://host:1995"),
    ],
)
def test_the_doors_are_those_that_were_named_and_so_is_the_url_that_is_shown(
    url: str, ports: tuple[int | None, int | None], doors: tuple[int, int], shown: str
) -> None:
    target = target_of(parse_url(url), *ports)
    assert (target.clear_port, target.tls_port) == doors
    assert str(target.url) == shown
