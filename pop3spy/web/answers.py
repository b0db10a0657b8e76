"""Answers and questions of the API: JSON, and no more of it than anybody needs."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from pop3spy.session.json_text import json_text

LARGEST: Final = 64 << 10
"""Octets that a POST may have."""


class QuestionError(Exception):
    """A request that cannot be answered, and the status to say so with."""

    def __init__(self, status: int, why: str, column: int | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.column = column


def answer(told: Mapping[str, Any], status: int = 200) -> Response:
    """Return an answer that tells *told*."""
    return raw_answer(json_text(told), status)


def raw_answer(text: str, status: int = 200) -> Response:
    """Return an answer that is *text*, which is JSON."""
    return Response(text, status, media_type="application/json")


def refusal(status: int, why: str, column: int | None = None) -> Response:
    """Return the answer that says *why* there is none."""
    return answer({"error": why, "column": column}, status)


async def question(request: Request) -> dict[str, Any]:
    """Return the JSON object that a POST brings; raise QuestionError if it brings none."""
    octets = bytearray()
    async for part in request.stream():
        octets += part
        if len(octets) > LARGEST:
            raise QuestionError(413, f"a POST has at most {LARGEST:,} octets")
    try:
        given = json.loads(octets)
    except (ValueError, RecursionError):
        raise QuestionError(400, "this is no JSON") from None
    if not isinstance(given, dict):
        raise QuestionError(400, "this is no JSON object")
    return given


def number(request: Request, name: str, default: int | None = None) -> int | None:
    """Return the whole number that the query calls *name*; raise QuestionError if it is none."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit()) or len(given) > 9:  # noqa: PLR2004 - more than there are
        raise QuestionError(400, f"{name} is a whole number")
    return int(given)
