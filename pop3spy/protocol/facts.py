"""What is known of a frame beyond the octets that may be shown: a few facts, none of them a secret.

``redaction/secret_facts.py`` has the table of them.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NoReturn, final

FactValue = str | int | bool
Facts = Mapping[str, FactValue]
"""Facts by their names; treat them as read-only."""


@final
class _NoFacts(Mapping[str, FactValue]):
    """A mapping without anything, which nobody can change."""

    __slots__ = ()

    def __getitem__(self, name: str) -> NoReturn:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:  # a field of a dataclass has no default without
        return 0

    def __repr__(self) -> str:
        return "{}"


NO_FACTS: Final[Facts] = _NoFacts()
"""What nearly every frame has."""
