"""The names that a certificate has, as far as a client could ask for them.

Rule: a leaf has the names of the server that it stands for and no other, in the places where that
has them, so that a client's own check ends as it would have ended with the server itself.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import accumulate
from typing import Final

Address = IPv4Address | IPv6Address

MOST_NAMES: Final = 500
MOST_OCTETS: Final = 16 << 10
"""How many names of a kind a leaf may have, and how many octets its host names together."""

_HOST: Final = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_*.-]{0,252}")
_LONG: Final = 255
"""More characters than a host name can have."""
_COMMON: Final = 64
"""The most characters of a common name (RFC 5280, appendix A.1)."""
_MOST_COMMON: Final = 8


@dataclass(frozen=True, slots=True)
class Names:
    """What stands in a certificate: host names and addresses as alternatives, and common names.

    They are ASCII and print as they are.
    """

    hosts: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    common: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return them for a person."""
        return ", ".join(self.each)

    @property
    def each(self) -> tuple[str, ...]:
        """Every name once."""
        return tuple(dict.fromkeys((*self.hosts, *map(str, self.addresses), *self.common)))

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.hosts or self.addresses or self.common)


def names_from(texts: Iterable[str]) -> Names:
    """Return the names and addresses that *texts* are; what is neither is left out."""
    hosts, addresses = [], []
    for text in texts:
        try:
            addresses.append(ip_address(text.partition("%")[0]))
        except ValueError:
            hosts += _ascii(text.rstrip("."))
    hosts = _bounded(hosts)
    return Names(tuple(hosts), tuple(addresses[:MOST_NAMES]), _common(hosts[:1]))


def names_as_they_stand(
    hosts: Sequence[str], addresses: Sequence[object], common: Sequence[str]
) -> Names:
    """Return those names of a certificate that a leaf can have, each where it stands there.

    Where there are alternatives clients do not look at common names: if those of a kind are of no
    use, common names may not take their place.
    """
    kept = _bounded(hosts)
    usable = [each for each in addresses if isinstance(each, Address)][:MOST_NAMES]
    displaced = (hosts and not kept) or (addresses and not usable)
    return Names(tuple(kept), tuple(usable), () if displaced else _common(common))


def _ascii(text: str) -> list[str]:
    """Return the host name that *text* is as the DNS has it, if it can be one."""
    try:
        return [text[:_LONG].encode("idna").decode("ascii")]
    except UnicodeError:
        return []


def _bounded(hosts: Sequence[str]) -> list[str]:
    good = [host for host in hosts if _HOST.fullmatch(host)][:MOST_NAMES]
    ends = accumulate(map(len, good))
    return [host for host, end in zip(good, ends, strict=True) if end <= MOST_OCTETS]


def _common(names: Sequence[str]) -> tuple[str, ...]:
    good = (name for name in names if len(name) <= _COMMON and _HOST.fullmatch(name))
    return tuple(good)[:_MOST_COMMON]
