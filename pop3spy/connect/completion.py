"""What may come next in a line: commands, message numbers, mechanisms; never anything secret."""

from collections.abc import Iterable, Iterator
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from pop3spy.connect.commands import logins, speaking
from pop3spy.connect.console import Console
from pop3spy.console.finding_rows import found_first
from pop3spy.console.prompt import Choice
from pop3spy.console.registry import RefusalError
from pop3spy.protocol import sasl
from pop3spy.protocol.capabilities import CAPABILITIES
from pop3spy.protocol.commands import COMMANDS

_NUMBERS: Final = 200
"""Messages that are offered at once."""


class ConnectCompleter(Completer):
    """Completes lines for *console*."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt_toolkit's
    ) -> Iterator[Completion]:
        """Yield what the word before the cursor may become."""
        if self._console.takes_everything:
            return
        *before, word = document.text_before_cursor.split(" ")
        for choice, told in self.choices(before):
            if choice.lower().startswith(word.lower()):
                yield Completion(choice, -len(word), display_meta=told)

    def choices(self, before: list[str]) -> Iterable[Choice]:
        """Return what may stand behind the words *before*."""
        if not before:
            return [
                *self._commands(),
                *((f":{row.name}", row.summary) for row in self._console.console_commands),
            ]
        if before[0].startswith(":"):
            return self._of_console_command(before)
        spec = COMMANDS.get(before[0].upper())
        if spec is None or len(before) > 1:
            return []
        if spec.turn is not None and spec.syntax:
            return self._mechanisms(sasl.MECHANISMS)
        if "message" in spec.syntax.split(" ")[0]:
            return self._numbers()
        return []

    def _commands(self) -> Iterator[Choice]:
        """Yield the commands, those that are allowed in this state first."""
        state = self._console.state
        ordered = sorted(COMMANDS.values(), key=lambda spec: state not in spec.states)
        for spec in ordered:
            told = spec.summary
            if state is not None and state not in spec.states:
                told = f"(not in {state.phase.value}) {told}"
            elif not self._announced(spec.name):
                told = f"(not in CAPA) {told}"
            yield spec.name, told

    def _console_commands(self) -> Iterator[Choice]:
        for row in self._console.console_commands:
            yield f":{row.name}", row.summary

    def _announced(self, name: str) -> bool:
        """Return whether the server may have a command: it lists it, or need not, or is unknown."""
        listed = self._listed()
        tags = {row.tag for row in CAPABILITIES.values() if name in row.commands}
        return listed is None or not tags or bool(tags & listed.keys())

    def _listed(self) -> dict[str, tuple[str, ...]] | None:
        session = self._console.session
        known = session.capabilities.get(session.state.phase) if session else None
        return None if known is None else {each.tag: each.params for each in known}

    def _mechanisms(self, names: Iterable[str]) -> Iterator[Choice]:
        listed = self._listed()
        offered = {word.upper() for word in (listed or {}).get("SASL", ())}
        for name in sorted(names, key=lambda name: name not in offered):
            note = "" if listed is None or name in offered else "(not in CAPA) "
            yield name, f"{note}{sasl.MECHANISMS[name].reference}"

    def _numbers(self) -> Iterator[Choice]:
        for number, told in self._console.view.maildrop.messages(_NUMBERS):
            yield str(number), told

    def _of_console_command(self, before: list[str]) -> Iterable[Choice]:
        try:
            name = self._console.console_commands.find(before[0][1:]).name
        except RefusalError:
            return []
        if len(before) > 1:
            return []
        match name:
            case "headers" | "message" | "save":
                return self._numbers()
            case "auth":
                return self._mechanisms(logins.COMPUTED)
            case "help":
                return [
                    *self._commands(),
                    *((f":{row.name}", row.summary) for row in self._console.console_commands),
                ]
            case "eol":
                return [(end, "") for end in speaking.ENDS]
            case "explain":
                session = self._console.session
                return found_first([session] if session else [])
            case "time":
                return [("on", ""), ("off", "")]
        return []
