"""In which charset a line makes sense: what servers say in their own language."""

import pytest

from pop3spy.findings.charsets import reading_of

SAID = [
    ("+OK Welcome", "ascii", "UTF-8"),
    ("-ERR Anmeldung verweigert: Passwort ungültig", "utf-8", "UTF-8"),
    ("-ERR Anmeldung verweigert: Passwort ungültig", "latin-1", "Latin-1"),
    ("+OK Willkommen für alle", "latin-1", "Latin-1"),
    ("-ERR boîte aux lettres verrouillée", "latin-1", "Latin-1"),
    ("-ERR 登录失败", "gbk", "GB 18030"),
    ("-ERR 系统繁忙, 请稍后再试", "gb18030", "GB 18030"),
    ("-ERR ログインできません", "shift_jis", "Shift_JIS"),
    ("-ERR Неверный пароль", "koi8-r", "KOI8-R"),
    ("-ERR неверный пароль", "koi8-r", "KOI8-R"),
    ("-ERR Неверный пароль", "cp1251", "Windows-1251"),
    ("+OK Добро пожаловать", "cp1251", "Windows-1251"),
]


@pytest.mark.parametrize(("text", "codec", "charset"), SAID)
def test_the_charset_that_was_written_is_the_one_that_is_read(
    text: str, codec: str, charset: str
) -> None:
    assert reading_of(text.encode(codec)) == (charset, text)


@pytest.mark.parametrize(
    "line", [b"+OK \x80\x81\x82\x83", b"+OK \x01\x90", b"+OK \xff\xfe\xfd\x8f"]
)
def test_octets_that_no_charset_explains_are_not_read(line: bytes) -> None:
    assert reading_of(line) is None
