"""Packet captures: from the octets of a pcap or pcapng file to what each side of a session said.

One file a layer, outermost first: ``source``, ``classic`` and ``blocks`` (the two kinds of file),
``link``, ``internet`` with ``fragments``, ``connection`` (TCP), and ``sessions``, which keeps the
POP3 among the connections.  A layer says nothing of what is inside it and skips what it does not
know; only the two kinds of file can be damaged.
"""
