"""Where the secrets of accounts come from that are compared: options, commands, a list."""

from functools import partial

from pop3spy.cli.secret import asked_for, password_source, token_source
from pop3spy.cli.secret_command import printed_by
from pop3spy.cli.server_options import ServerOptions
from pop3spy.migration.account import AccountPair
from pop3spy.migration.accounts_file import ListedAccount
from pop3spy.migration.login import Login, Secret


class AccountSecrets:
    """Where the secrets of each account come from."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._password = password_source(options)
        self._token = token_source(options)
        self._new_password = password_source(options.of_new)
        self._new_token = token_source(options.of_new)
        if options.user is not None and self._password is None and self._token is None:
            self._password = partial(_given, asked_for("password", "--password-command"))

    def account(self, listed: ListedAccount) -> AccountPair:
        """Return who logs in for a row of the list, and with what."""
        options = self._options
        new_user = listed.new_user or options.new_user or listed.user
        password = _printed(listed.password_command, "password_command", listed.user)
        token = _printed(listed.token_command, "token_command", listed.user)
        new_password = _printed(listed.new_password_command, "new_password_command", new_user)
        new_token = _printed(listed.new_token_command, "new_token_command", new_user)
        old_password = password or self._for(options.password_command, self._password, listed.user)
        old_token = token or self._for(options.token_command, self._token, listed.user)
        of_new = (
            new_password
            or self._for(options.new_password_command, self._new_password, new_user)
            or (None if new_token or self._new_token else old_password),
            new_token
            or self._for(options.new_token_command, self._new_token, new_user)
            or (None if new_password or self._new_password else old_token),
        )
        auth, clear = options.auth or (), options.clear_login
        return AccountPair(
            listed.user,
            Login(listed.user, old_password, old_token, auth, clear),
            Login(new_user, *of_new, auth, clear),
        )

    @staticmethod
    def _for(command: str | None, source: Secret | None, user: str) -> Secret | None:
        """Return the *source*; a command is told for which user it runs."""
        return _printed(command, "--password-command or --token-command", user) or source


def _printed(command: str | None, option: str, user: str) -> Secret | None:
    if not command:
        return None
    return partial(printed_by, command, option, variables={"POP3SPY_USER": user})


async def _given(secret: bytes) -> bytes:
    return secret
