"""The inspector: sessions watched and steered in a browser, and an API for programs.

``watched`` and ``sessions`` know what there is to show, ``feed`` tells of what changes, ``acts``
does what a console would, ``admission`` decides who may ask, ``routes`` answers, ``server`` is
where browsers come.  The page itself is in ``page``.
"""
