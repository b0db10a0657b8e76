"""What happened, told in types.

``tracker`` turns frames into ``model`` objects and ``events``, ``redaction`` hides the secrets
before ``bus`` hands anything on, and ``reading`` ties them together for one connection.
"""
