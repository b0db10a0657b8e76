"""What ``pop3spy --version`` tells: which version this is, and which of the two builds."""

from importlib.machinery import ExtensionFileLoader
from importlib.util import find_spec

from pop3spy import __version__


def version_line() -> str:
    """Return the version, and whether what handles every line was compiled."""
    return f"pop3spy {__version__} ({'compiled' if is_compiled() else 'pure Python'})"


def is_compiled() -> bool:
    """Return whether what handles every line was compiled.

    That is asked of the decoder itself: a module of machine code is loaded as an extension.
    """
    decoder = find_spec("pop3spy.protocol.decoder")
    return decoder is not None and isinstance(decoder.loader, ExtensionFileLoader)
