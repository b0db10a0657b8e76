"""How fast a recording is played."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Pace:
    """``speed`` 1 is as recorded, 10 is ten times as fast, None means that nobody waits."""

    speed: float | None = None

    def pause(self, seconds: float) -> float:
        """Return how long a recorded wait of *seconds* takes now."""
        return 0.0 if self.speed is None else max(0.0, seconds) / self.speed


AT_ONCE: Final = Pace()
AS_RECORDED: Final = Pace(1.0)
