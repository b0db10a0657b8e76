"""How many sessions may be open at once."""

from typing import Protocol


class SessionPlaces(Protocol):
    """What counts the sessions that are open; ``most`` of them may be, or any number if it is 0."""

    @property
    def most(self) -> int:
        """How many may be open at once, 0 for any number."""

    def take(self) -> bool:
        """Take a place for a session; return False if none is free."""

    def give_back(self) -> None:
        """Know that a session has ended that had a place."""


class Capacity:
    """The places of one process."""

    def __init__(self, most: int = 0) -> None:
        self.most = most
        self._open = 0

    def take(self) -> bool:
        """Take a place for a session; return False if none is free."""
        if self.most and self._open >= self.most:
            return False
        self._open += 1
        return True

    def give_back(self) -> None:
        """Know that a session has ended that had a place."""
        self._open -= 1
