"""A PostgreSQL server of its own: nobody else's data, no port, a socket in a folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from lab.loopback import until
from lab.processes import end, need, start

OWNER, GUEST, PASSWORD = "pop3spy", "guest", "Zq7vKx2%Wm"
"""Who may do anything, who needs a password, and that."""
_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_RULES = f"local all {GUEST} scram-sha-256\nlocal all all trust\n"


@dataclass
class Postgres:
    """A server whose socket is in ``folder``."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, schema: str = "public", who: str = OWNER) -> str:
        """Return the URL by which *who* comes to tables in *schema*."""
        options = f"host={self.folder}&options=-csearch_path%3D{schema}"
        return f"postgresql://{who}@/postgres?{options}"

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.url(), autocommit=True, connect_timeout=5)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it stand still, with all its processes, while the block lasts."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        all_of_it = [pid, *map(int, children)]
        for each in all_of_it:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in all_of_it:
                os.kill(each, signal.SIGCONT)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a server while the block lasts; root runs it as somebody else, as it wants."""
    initdb, server = need("initdb", *_PLACES), need("postgres", *_PLACES)
    folder = Path(tempfile.mkdtemp(prefix="pop3spy-pg-", dir="/tmp"))  # a socket's path is short
    before: list[str] = []
    try:
        if os.geteuid() == 0:
            user = _somebody()
            os.chown(folder, user.pw_uid, user.pw_gid)
            before = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
            before += ["--clear-groups", "--pdeathsig=TERM"]
        data = folder / "data"
        made = subprocess.run(
            [*before, initdb, "-D", data, "-U", OWNER, "-A", "trust", "-N", "-E", "UTF8"],
            capture_output=True,
            cwd=folder,
            check=False,
        )
        assert made.returncode == 0, made.stderr.decode()
        (data / "pg_hba.conf").write_text(_RULES)
        quick = ["fsync=off", "shared_buffers=8MB", "max_connections=50", "autovacuum=off"]
        places = [f"unix_socket_directories={folder}", "listen_addresses="]
        settings = [word for each in (*quick, *places) for word in ("-c", each)]
        with (folder / "log").open("wb") as log:
            process = start([*before, server, "-D", data, *settings], stdout=log, stderr=log)
        try:
            postgres = Postgres(folder, process)
            until(lambda: _answers(postgres), "a server that answers", 60)
            yield postgres
        finally:
            os.kill(process.pid, signal.SIGINT)  # it waits for no client then
            end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(postgres: Postgres) -> bool | None:
    try:
        with postgres.connect() as connection:
            connection.execute(f"CREATE ROLE {GUEST} LOGIN PASSWORD '{PASSWORD}'")
    except psycopg.OperationalError:
        return None
    return True


def _somebody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
