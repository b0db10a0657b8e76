"""The colour in which the transcript tells a finding, by how bad it is."""

from typing import Final

from pop3spy.logs.layout import LineTone
from pop3spy.session.finding import Severity

TONES: Final = {
    Severity.ERROR: LineTone.FAILURE,
    Severity.WARNING: LineTone.PROBLEM,
    Severity.INFO: LineTone.NOTE,
}
