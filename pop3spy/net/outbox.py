"""What a gate lets go on, until it is written: as much at once as came at once."""

from collections.abc import Callable

from pop3spy.protocol.frames import Side


class Outbox:
    """Keeps in order what goes on in place of each side; *write* sends it to that side's peer."""

    def __init__(self, write: Callable[[Side, bytes], None]) -> None:
        self._write = write
        self._pieces: dict[Side, list[bytes]] = {side: [] for side in Side}

    def add(self, side: Side, data: bytes) -> None:
        """Keep what *side* said, or what is said in its place."""
        self._pieces[side].append(data)

    def flush(self) -> None:
        """Send everything."""
        for side, pieces in self._pieces.items():
            if pieces:
                data = b"".join(pieces)
                pieces.clear()
                self._write(side, data)
