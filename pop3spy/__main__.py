"""Let ``python -m pop3spy`` be the program."""

import sys

from pop3spy.cli.main import main

sys.exit(main())
