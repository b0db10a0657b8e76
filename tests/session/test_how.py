"""How sessions end, and why octets are not read: the tables, and what is found in them."""

import pytest

from pop3spy.protocol.frames import Side
from pop3spy.protocol.why import Trait, Why
from pop3spy.session.how import How


@pytest.mark.parametrize("how", How)
def test_how_a_session_ended_is_found_by_its_name_in_recordings(how: How) -> None:
    assert How.named(how.value) is how
    assert how.plain == how.value.replace("_", " ")
    assert how.logged
    assert how.noted


@pytest.mark.parametrize(
    ("side", "reset", "how"),
    [
        (Side.CLIENT, False, How.CLIENT_CLOSED),
        (Side.SERVER, False, How.SERVER_CLOSED),
        (Side.CLIENT, True, How.CLIENT_RESET),
        (Side.SERVER, True, How.SERVER_RESET),
    ],
)
def test_a_peer_closes_or_resets(side: Side, how: How, *, reset: bool) -> None:
    assert How.by_peer(side, reset=reset) is how


@pytest.mark.parametrize("why", Why)
def test_why_octets_are_not_read_is_found_by_its_name_in_recordings(why: Why) -> None:
    assert Why.coded(why.code) is why


def test_a_name_that_nobody_knows_is_an_error() -> None:
    for find in (How.named, Why.coded):
        with pytest.raises(KeyError):
            find("boredom")


def test_what_may_hold_a_secret_is_not_counted() -> None:
    counted = {why for why in Why if Trait.COUNTED in why.traits}
    assert counted == {Why.TLS, Why.TLS_HEADER, Why.SASL_LAYER, Why.TELNET, Why.PROXY}


def test_what_a_dry_run_cannot_see_into_is_all_that_goes_on_unread() -> None:
    unseen = {why for why in Why if Trait.UNSEEN in why.traits}
    assert unseen == {Why.TLS, Why.SASL_LAYER, Why.OUT_OF_STEP}
