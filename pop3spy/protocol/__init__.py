"""POP3 itself: bytes and their meaning, without sockets, clocks or logs.

``commands`` is the table of what can be asked, ``replies``, ``capabilities`` and ``sasl`` read
what is answered, ``states`` says where a session stands, and ``decoder`` turns the bytes of both
sides into ``frames``.
"""
