"""How much a ledger keeps, wherever it is."""

from typing import Final

AGE: Final = 90 * 86400.0
"""Seconds after which what nobody saw again is forgotten."""
MOST_MESSAGES: Final = 1_000_000
"""Messages that are kept; the oldest go first."""
MOST_SESSIONS: Final = 100_000
"""Sessions that are kept, in the same way."""
PRUNED_EVERY: Final = 1000
"""Sessions that are written between two looks at what is too old or too much."""
