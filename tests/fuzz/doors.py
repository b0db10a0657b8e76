"""Every door, by its name: a row of a table is tried in all the ways that there are."""

from collections.abc import Sequence
from functools import cache

from fuzz import corpora, file_doors, reader_doors, recording_doors, text_doors, wire_doors
from fuzz.trial import Door

DOORS = {
    door.name: door
    for table in (
        *(recording_doors.DOORS, reader_doors.DOORS, wire_doors.DOORS, text_doors.DOORS),
        file_doors.DOORS,
    )
    for door in table
}


@cache
def inputs_for(door: Door) -> Sequence[bytes]:
    """Return what others are made of: the door's seeds, and what is kept of earlier searches."""
    return [*door.seeds(), *corpora.kept(door.name)]
