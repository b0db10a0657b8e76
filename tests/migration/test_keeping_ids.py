"""How ids are kept is told by the name of the option, where that is known."""

import pytest

from pop3spy.migration.keeping_ids import form_of_ids, how_to_keep_ids

FORMS = [
    (["UID12-1672628400", "UID13-1672628400"], "Courier"),
    (["1672628400.1", "1672628400.27"], "Cyrus"),
    (["0000000163b248b0", "0000001f63b248b0"], "Dovecot"),
    (["1", "2", "17"], "an old Cyrus"),
    (["1672628401.M000001P1.lab", "1672628402.M000002P1.lab"], "an old Courier"),
    (["0000000163b248b0", "x"], None),
    (["!abc~"], None),
    ([], None),
]


@pytest.mark.parametrize(("ids", "name"), FORMS)
def test_ids_are_recognised_by_their_look(ids: list[str], name: str | None) -> None:
    form = form_of_ids(ids)
    assert (form.name if form else None) == name


ADVICE = [
    ("Dovecot (Debian) ready.", ["UID1-16"], "pop3_uidl_format = UID%u-%v makes those of Courier"),
    ("Dovecot ready.", ["1672628400.1"], "pop3_uidl_format = %v.%u makes those of Cyrus"),
    ("Dovecot ready.", ["odd"], "pop3_migration"),
    ("server Cyrus POP3 3.6", ["UID1-16"], "uidl_format: courier in imapd.conf"),
    ("Hello there. <1@x>", ["1"], "courierpop3dsizelist"),
    ("The Microsoft Exchange POP3 service is ready.", ["1"], "nothing can be set"),
    ("Gpop ready for requests", ["1"], "nothing can be set"),
]


@pytest.mark.parametrize(("said", "ids", "told"), ADVICE)
def test_the_option_is_named(said: str, ids: list[str], told: str) -> None:
    assert told in how_to_keep_ids(said, form_of_ids(ids))


def test_nothing_is_guessed_of_a_server_that_is_not_known() -> None:
    assert how_to_keep_ids("POP3 ready", form_of_ids(["UID1-16"])) == ""
    cyrus = how_to_keep_ids("Cyrus POP3", form_of_ids(["1672628401.M000001P1.lab"]))
    assert "uidl_format" not in cyrus, "Cyrus makes no ids of that form"
