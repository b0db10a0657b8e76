"""Recordings in the forms of other programs: text, JSON, mail files, packets.

``exporter`` says what an exporter is, ``formats`` lists those there are, and ``output`` opens what
they write to.  ``messages`` puts retrieved messages together for the formats that hold mail.
"""

from pop3spy.export.exporter import Exporter, ExportError, ExportSource
from pop3spy.export.formats import EXPORTERS, FolderFormat, Format, StreamFormat
from pop3spy.export.output import exporting, output_stream

__all__ = [
    "EXPORTERS",
    "ExportError",
    "ExportSource",
    "Exporter",
    "FolderFormat",
    "Format",
    "StreamFormat",
    "exporting",
    "output_stream",
]
