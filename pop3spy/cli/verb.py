"""What every verb of the command line is, apart from its settings: little to load at each start."""

import click


class _Helpful(click.Command):
    """A command that knows ``-h`` in whatever context: click keeps what the first one said."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the options that show the help."""
        return ["-h", "--help"]


class VerbGroup(_Helpful, click.Group):
    """Verbs that belong together."""


class Verb(_Helpful):
    """A command whose errors of usage all know that they are its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line *args*."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
