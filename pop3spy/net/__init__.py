"""The only home of TLS, and of all sockets but those that the system hands over.

``listen`` and ``dial`` make connections, ``half`` is one end of one, ``link`` joins a client's and
a server's, ``proxy`` does that for every client that comes, and ``host`` lets something that
answers like a server speak to clients.
"""
