"""What happened, told in types.

``tracker`` turns frames into ``model`` objects and ``events``, ``redact`` hides the secrets before
``bus`` hands anything on, and ``reading`` ties them together for one connection.
"""
