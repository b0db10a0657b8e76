"""Recordings of sessions: written as they happen, read again anywhere.

``recorder`` makes records of events, ``files`` writes them, and ``reader`` makes a tape of them;
``packets``, ``pcap`` and ``rawlog`` read what other programs recorded.  ``docs/captures.md`` is the
format's only definition.
"""
