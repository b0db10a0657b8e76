"""Playing a recorded session again: as its server, as its client, or beside another.

``recording`` picks one session of a tape, ``assemble`` cuts it into the turns of a ``script``, and
``outcome`` tells what became of each command.  ``stand_in`` is the recorded server, ``player`` the
recorded client, and ``compare`` says how two times differ.
"""
