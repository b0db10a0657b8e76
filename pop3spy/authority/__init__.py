"""The local certificate authority: certificates for servers that clients are to believe we are.

The only home of ``cryptography``, which is imported when an authority is opened and not before.
"""

from pop3spy.authority.authority import STORE_PASSWORD, Authority
from pop3spy.authority.folder import authority_in
from pop3spy.authority.leaf import Leaf

__all__ = ["STORE_PASSWORD", "Authority", "Leaf", "authority_in"]
