"""The tools, in the protocol that the official SDK speaks."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from pop3spy import __version__
from pop3spy.console.meaning import explanation
from pop3spy.embedding.recordings import Recording
from pop3spy.errors import Pop3SpyError
from pop3spy.findings.loading import all_rules
from pop3spy.mcp.answers import (
    NOTICE,
    Answer,
    exchange_answer,
    finding_answer,
    from_wire,
    page,
    session_answer,
    verdict_answer,
)
from pop3spy.mcp.folder import RecordingFolder
from pop3spy.session.failure import describe
from pop3spy.session.model import Session

_READS: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_Name = Annotated[str, Field(description="a recording, as list_recordings names it")]
_Number = Annotated[int, Field(ge=1, description="a session's number")]
_Start = Annotated[
    int, Field(ge=1, le=sys.maxsize, description="where to start; next of the answer before")
]


def serve_folder(path: Path) -> None:
    """Answer on stdin and stdout until stdin ends; raise ConfigError if *path* is no folder."""
    server_of(RecordingFolder(path)).run("stdio")


def server_of(folder: RecordingFolder) -> MCPServer:
    """Return a server of the recordings in *folder*."""
    server = MCPServer(
        "pop3spy",
        version=__version__,
        instructions=f"Recorded POP3 sessions, with secrets masked. {NOTICE}",
        log_level="CRITICAL",
    )
    for tool in _Tools(folder).all():
        server.add_tool(tool, annotations=_READS, structured_output=False)
    return server


class _Tools:
    """What may be asked; each docstring is what a program is told of the tool."""

    def __init__(self, folder: RecordingFolder) -> None:
        self._folder = folder

    def all(self) -> list[Callable[..., str]]:
        """Return them all."""
        return [
            self.list_recordings,
            self.list_sessions,
            self.show_exchanges,
            self.list_findings,
            self.verdict,
            self.explain,
        ]

    def list_recordings(self, start: _Start = 1) -> str:
        """List the files of the folder, recordings and packet captures among them."""
        return _told(lambda: page("recordings", self._folder.names(), start, _named))

    def list_sessions(self, recording: _Name, start: _Start = 1) -> str:
        """List the sessions of a recording: who, when, how they ended, what was found."""

        def tell() -> Answer:
            read = self._folder.read(recording)
            return page("sessions", read.sessions, start, lambda one: session_answer(read, one))

        return _told(tell)

    def show_exchanges(self, recording: _Name, session: _Number, start: _Start = 1) -> str:
        """Show the commands of a session with their replies; of messages only sizes are told."""

        def tell() -> Answer:
            one = _session_of(self._folder.read(recording), session)
            return page("exchanges", one.exchanges, start, exchange_answer)

        return _told(tell)

    def list_findings(self, recording: _Name, start: _Start = 1) -> str:
        """List what was found in all sessions of a recording: what is wrong, whose side it is."""

        def tell() -> Answer:
            read = self._folder.read(recording)
            found = [(one, each) for one in read.sessions for each in one.findings]
            return page("findings", found, start, lambda pair: finding_answer(*pair))

        return _told(tell)

    def verdict(self, recording: _Name, session: _Number) -> str:
        """Tell what became of a session in one paragraph."""
        return _told(lambda: verdict_answer(_session_of(self._folder.read(recording), session)))

    def explain(
        self, about: Annotated[str, Field(max_length=1000, description="an id, a code, or words")]
    ) -> str:
        """Explain the id of a finding, a response code, or what a server or a client says."""

        def tell() -> Answer:
            return {"paragraphs": explanation(about, all_rules())}

        return _told(tell)


def _named(name: str) -> dict[str, Any]:
    return {"recording": name}


def _session_of(recording: Recording, number: int) -> Session:
    for session in recording.sessions:
        if session.id == number:
            return session
    raise ToolError(f"there is no session {number}; list_sessions has all")


def _told(tell: Callable[[], Answer]) -> str:
    """Return what *tell* returns as JSON; what keeps it from that becomes one line."""
    try:
        return json.dumps(tell(), ensure_ascii=False)
    except ToolError:
        raise
    except Pop3SpyError as error:
        raise ToolError(json.dumps(from_wire(str(error)), ensure_ascii=False)) from None
    except Exception as error:  # noqa: BLE001 - its text may be anything
        raise ToolError(f"this is a bug in pop3spy: {describe(error)}") from None
