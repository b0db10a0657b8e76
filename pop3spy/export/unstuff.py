"""Takes the stuffed dots out of a body that comes in parts."""

from pop3spy.protocol.message import unstuff


class Unstuffer:
    """Unstuffs one body (RFC 1939, section 3); how it is cut into parts changes nothing."""

    __slots__ = ("_at_line_start",)

    def __init__(self) -> None:
        self._at_line_start = True

    def feed(self, part: bytes) -> bytes:
        """Return the content of *part*, which may begin and end in the middle of a line."""
        if not part:
            return b""
        content = unstuff(part) if self._at_line_start else part.replace(b"\n.", b"\n")
        self._at_line_start = part.endswith(b"\n")
        return content
