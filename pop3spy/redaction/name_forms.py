"""What has the form of a name, and which words name nobody."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from pop3spy.redaction.secret_index import SHORT

_FORMS: Final = rb"""
    (?P<mail>
        [\w.!\#$%&'*+/=?^`{|}~-]{1,64} @
        (?: \[ [^\]\s]{1,64} \] | [\w-]{1,63} (?: \. [\w-]{1,63} ){0,9} )
    )
  | (?P<host>
        (?<! [\w.-] ) (?: [a-z0-9_] [\w-]{0,62} \. ){1,9} [a-z] [a-z0-9-]{1,62} (?! [\w-] )
    )
  | (?P<ipv4> (?<! [\w.-] ) \d{1,3} (?: \. \d{1,3} ){3} (?! [\w-] | \.\d ) )
  | (?P<ipv6>
        (?<! [\w:.] ) (?= [0-9a-f]{0,4} : [0-9a-f:]{0,39} : ) [0-9a-f:.]{2,45} (?! \w )
    )
"""
"""An address of mail, a host with a dot in it, an IP address."""

_VERSION: Final = re.compile(rb"v?\d[\d.]*[a-z]?\d*", re.IGNORECASE)
_AROUND: Final = b".-'*[]"
_PLAIN_WORDS: Final = frozenset(
    b"""
    a accept account again all and are at authentication available banner bytes can cannot
    check closed closing commands community connect connected connection connections courier
    cubic cyrus dbmail debian dovecot edition enterprise error esmtp exchange express for
    from ftp gmail gnu go good gpop gpopd hello here hi home host imap imap4 imap4rev1 in
    inc incoming internet ipop3d is it later lite load local locked login logins mail
    mailbox maildrop mailenable mailer mailserver mailutils mdaemon mercury message messages
    microsoft ms name network no not of office ok on only ose out overloaded pass password
    please pop pop2 pop3 pop3d pop3spy popa3d popper post postfix postoffice protocol qpop
    qpopper ready refused release requests rev sasl secure send serve server service session
    sessions sir smtp solid-pop3d spoken ssl start starting system temporary the there this
    time timeout tls to too try ubuntu unavailable up user users v version vm-pop3d wait
    waiting welcome welcomes what with xmail you your zimbra
    """.split()
)
"""Words that greetings have and that name nobody."""
_REPLY_WORDS: Final = frozenset(
    b"""
    argument arguments authorization authenticated already bad command credentials
    denied disabled enabled expected failed failure first incorrect invalid known limit missing
    octets permission permitted plaintext rejected required such supported syntax temporarily
    unable unexpected unknown unrecognized username valid wrong
    """.split()
)
"""Words that refusals have."""


def looked_for(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return the pattern of whatever has the form of a name, and of these *names*.

    The name of its group is the form: ``mail``, ``host``, ``ipv4``, ``ipv6``, ``known``.
    """
    known = b"|".join(map(_pattern, sorted(names, key=len, reverse=True)))
    pattern = _FORMS + b"| (?P<known> " + known + b" )" if known else _FORMS
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE)


def _pattern(name: bytes) -> bytes:
    """Return the pattern of a known name; a short one has to stand alone."""
    pattern = re.escape(name)
    return pattern if len(name) >= SHORT else b"(?<!\\w)" + pattern + b"(?!\\w)"


def is_address(text: bytes) -> bool:
    """Return whether *text* is an IP address."""
    try:
        ip_address(text.decode("latin-1"))
    except ValueError:
        return False
    return True


def any_server_says(word: bytes) -> bool:
    """Return whether *word* is one that a server may say by itself, whatever it heard."""
    bare = word.lower().strip(_AROUND)
    return bare in _PLAIN_WORDS or bare in _REPLY_WORDS


def names_nobody(word: bytes) -> bool:
    """Return whether a *word* of a greeting is one that any server may say, or a version."""
    bare = word.lower().strip(_AROUND)
    return not bare or bare in _PLAIN_WORDS or _VERSION.fullmatch(bare) is not None
