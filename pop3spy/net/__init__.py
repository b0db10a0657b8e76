"""The only home of sockets.

``listen`` and ``dial`` make connections, ``half`` is one end of one, ``link`` joins a client's and
a server's, ``proxy`` does that for every client that comes, and ``host`` lets something that
answers like a server speak to clients.
"""
