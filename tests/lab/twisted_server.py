"""Twisted's POP3 server over Maildirs, with SASL and without TLS.

Run as a program: twisted_server.py LISTENING-DESCRIPTOR FOLDER-OF-MAILDIRS PASSWORD
"""

import os
import socket
import sys
from pathlib import Path
from typing import IO, Any, cast

from twisted.cred import checkers, credentials, portal
from twisted.internet import protocol, reactor
from twisted.internet.interfaces import IReactorCore, IReactorSocket
from twisted.mail import maildir, pop3
from zope.interface import implementer


class Mailbox(maildir.MaildirMailbox):
    """A Maildir.  Twisted's own reads text where octets are to be sent, and RETR never ends."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path)
        self._all = list(self.list)

    def getMessage(self, i: int) -> IO[Any]:
        return Path(cast(bytes, self.list[i]).decode()).open("rb")

    def deleteMessage(self, i: int) -> None:
        self.list[i] = 0

    def undeleteMessages(self) -> None:
        self.list[:] = self._all

    def sync(self) -> None:
        for path, kept in zip(self._all, self.list, strict=True):
            if not kept:
                Path(cast(bytes, path).decode()).unlink()


@implementer(portal.IRealm)
class Realm:
    """Everybody who may log in has the Maildir of that name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def requestAvatar(self, avatarId: bytes, mind: object, *interfaces: object) -> object:
        del mind, interfaces
        return pop3.IMailbox, Mailbox(bytes(self._folder / avatarId.decode())), lambda: None


@implementer(pop3.IServerFactory)
class Factory(protocol.Factory):
    """Makes the server of each connection, and tells what there is beside what all have."""

    def __init__(self, folder: Path, password: bytes) -> None:
        checker = checkers.InMemoryUsernamePasswordDatabaseDontUse()
        checker.users = {each.name.encode(): password for each in folder.iterdir()}
        self._portal = portal.Portal(Realm(folder), [checker])
        self.challengers = {b"CRAM-MD5": credentials.CramMD5Credentials}

    def buildProtocol(self, addr: object) -> pop3.POP3:
        del addr
        made = pop3.POP3()
        made.factory, made.portal = self, self._portal
        return made

    def cap_IMPLEMENTATION(self) -> bytes:
        return b"Twisted"

    # Twisted leaves out the capability whose method raises NotImplementedError.
    def cap_EXPIRE(self) -> None:
        raise NotImplementedError

    def cap_LOGIN_DELAY(self) -> None:
        raise NotImplementedError

    def perUserExpiration(self) -> bool:
        return False

    def perUserLoginDelay(self) -> bool:
        return False


def main() -> None:
    listening, folder, password = sys.argv[1:]
    factory = Factory(Path(folder), password.encode())
    os.set_blocking(int(listening), False)  # or it waits for the next client in vain
    sockets, core = cast(IReactorSocket, reactor), cast(IReactorCore, reactor)
    sockets.adoptStreamPort(int(listening), socket.AF_INET, factory)
    core.run()


if __name__ == "__main__":
    main()
