"""pop3spy inside other programs: recordings as objects, and servers that last as long as a block.

``recordings`` reads, ``starting`` has what can be started, ``server`` is what a program sees of it,
``heard_sessions`` remembers what was said, and ``loop_thread`` is where it runs.  What others use
is exported by ``pop3spy`` itself, and ``docs/python.md`` describes it.
"""
