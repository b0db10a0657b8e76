"""Who asks the inspector: whole requests and answers of HTTP, each header as a test wants it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from net.wires import PATIENCE

T = TypeVar("T")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Told:
    """One event of the stream."""

    id: str
    name: str
    data: Any


@dataclass
class Browser:
    """Asks at *port* with ``headers`` of its own, and keeps the cookie that it is given."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    cookie: str = ""

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, None, **headers)

    async def post(self, path: str, told: object, **headers: str) -> Answer:
        return await self.ask("POST", path, json.dumps(told).encode(), **headers)

    async def ask(self, method: str, path: str, body: bytes | None, **headers: str) -> Answer:
        """Ask, with *headers* whose underlines are hyphens; an empty one is left out."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self.request(method, path, body, **headers))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            status, found = _head(head)
            length = found.get("content-length")
            if length is None and found.get("transfer-encoding") == "chunked":
                octets = b""
                while size := int(await reader.readline(), 16):
                    octets += await reader.readexactly(size)
                    await reader.readline()
            else:
                octets = await asyncio.wait_for(reader.readexactly(int(length or 0)), PATIENCE)
            answer = Answer(status, found, octets)
        finally:
            writer.close()
        if set_cookie := found.get("set-cookie"):
            self.cookie = set_cookie.partition(";")[0]
        return answer

    def request(self, method: str, path: str, body: bytes | None, **headers: str) -> bytes:
        kind = {"content-type": "application/json"} if body is not None else {}
        size = {"content-length": str(len(body))} if body is not None else {}
        cookie = {"cookie": self.cookie} if self.cookie else {}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        all_of_them = {
            "host": f"127.0.0.1:{self.port}",
            **kind,
            **size,
            **cookie,
            **self.headers,
            **given,
        }
        lines = [f"{name}: {value}" for name, value in all_of_them.items() if value]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])
        return head.encode() + (body or b"")

    async def login(self, link: str) -> Answer:
        """Follow *link*, as the page does."""
        return await self.post("/api/login", {"token": link.partition("#")[2]})

    @asynccontextmanager
    async def events(self, since: str = "") -> AsyncIterator["Events"]:
        """Hear what changes while the block lasts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        try:
            last = {"last_event_id": since} if since else {}
            writer.write(self.request("GET", "/api/events", None, **last))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            yield Events(_head(head)[0], reader, writer)
        finally:
            writer.close()


class Events:
    """What one page hears."""

    def __init__(
        self, status: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.status = status
        self.heard: list[Told] = []
        self.writer = writer
        self._reader = reader
        self._octets = b""

    async def until(self, enough: Callable[[Told], bool]) -> Told:
        """Hear until there is *enough*; return the event that was."""
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await self.next()
                if enough(told):
                    return told

    async def knows(self, enough: Callable[[Told], bool]) -> Told:
        """Return the event that is *enough*, which may have been heard before."""
        return next(filter(enough, self.heard), None) or await self.until(enough)

    async def named(self, name: str) -> Told:
        """Hear until there is an event of that name."""
        return await self.until(lambda told: told.name == name)

    async def next(self) -> Told:
        """Hear the next event; raise EOFError if there is none."""
        while True:
            while b"\n\n" not in self._octets:
                size = int((await self._reader.readline()) or b"0", 16)
                if not size:
                    raise EOFError
                self._octets += await self._reader.readexactly(size)
                await self._reader.readline()
            block, _, self._octets = self._octets.partition(b"\n\n")
            fields = dict(
                line.split(": ", 1) for line in block.decode().split("\n") if ": " in line
            )
            if "data" in fields:
                told = Told(fields["id"], fields["event"], json.loads(fields["data"]))
                self.heard.append(told)
                return told


def _head(octets: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = octets.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines if line)
    return int(first.split()[1]), {name.lower(): value for name, _, value in pairs}


async def until(happened: Callable[[], object]) -> None:
    """Wait until something *happened* that tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - it is the loop's own business
            await asyncio.sleep(0)
