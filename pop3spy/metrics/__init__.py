"""Numbers of a proxy for Prometheus: what is counted, by what, and how it is told.

``families`` is the table, ``tally`` keeps the numbers, ``counting`` counts what is on the bus,
``health`` asks how the program itself does, ``workers`` adds up those of several processes,
``exposition`` tells them to whoever scrapes.  Only the last one needs the extra ``metrics``.
"""
