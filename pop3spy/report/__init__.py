"""Recordings as reports: pages, pictures and tickets for people who have no pop3spy.

``collecting`` keeps of each session what a report tells, ``ladder``, ``transcript``, ``timeline``
and ``facts`` arrange it, and ``html``, ``svg`` and ``markdown`` write it.
"""
