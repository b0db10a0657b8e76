"""Recordings of sessions: written as they happen, read again anywhere.

``format`` says what a line is, ``writer`` makes lines of events, ``reader`` makes a tape of lines;
``docs/captures.md`` is the format's only definition.
"""
