"""What is known of earlier sessions, kept from one run of the program to the next.

``sqlite`` keeps it in a file, for one machine; ``postgres`` in a database, for proxies that share
accounts, and only who asks for that loads it, as it needs the extra ``postgres``.  ``forms`` says
how accounts stand in either, ``bounds`` how much is kept, ``gathering`` what waits to be written.
"""

from pop3spy.ledger.database import Database
from pop3spy.ledger.sqlite import Ledger, counts_in

__all__ = ["Database", "Ledger", "counts_in"]
