"""Where the program begins: ``pop3spy``, or ``python -m pop3spy``."""

import sys


def start() -> int:
    """Run the program and return its exit status, 130 if Ctrl-C came before it was loaded."""
    try:
        from pop3spy.cli.main import main  # noqa: PLC0415 - loading takes long enough for a Ctrl-C
    except KeyboardInterrupt:
        return 130
    return main()


if __name__ == "__main__":
    sys.exit(start())
