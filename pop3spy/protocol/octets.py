"""Octets that are taken from the front, as binary protocols nest them."""


class Octets:
    """What is left of some octets; what is not there is empty, and never an error."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def __bool__(self) -> bool:
        """Return whether anything is left."""
        return self._place < len(self._data)

    def take(self, size: int) -> bytes:
        """Take *size* octets, or as many as there are."""
        taken = self._data[self._place : self._place + size]
        self._place += size
        return taken

    def number(self, width: int) -> int:
        """Take a number of *width* octets."""
        return int.from_bytes(self.take(width))

    def vector(self, width: int) -> bytes:
        """Take a size of *width* octets, and as many octets as it says."""
        return self.take(self.number(width))
