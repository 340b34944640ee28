"""Files and users of the private servers: a lock between processes, short socket paths, the user they run as.

PostgreSQL refuses to run as root. As root its server runs as a system user of its own, which must be able to reach
the data directory: missing search bits (`o+x`, never read) are added on the way there.
"""

import errno
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError

SYSTEM_USER = "sales-agent-db"
SOCKET_PATH_BYTES = 103  # macOS; Linux allows 107
SHORT_PATHS = Path("/tmp")  # noqa: S108 - what is made there is private: owner and mode are checked
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")


@dataclass(frozen=True)
class RunUser:
    """The operating system user a private server runs as; `None` for "as we are"."""

    uid: int | None = None
    gid: int | None = None

    def popen_arguments(self) -> dict[str, object]:
        """Return what `subprocess` needs to run as this user."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand `path` to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


@contextmanager
def explained(home: Path) -> Iterator[None]:
    """Turn an unusable data directory into a `ConfigurationError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise unusable_home(home, error) from error


def unusable_home(home: Path, error: OSError) -> ConfigurationError:
    """Return what is wrong with the data directory and what to set."""
    elsewhere = "or set SALES_AGENT_HOME to a directory elsewhere"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ConfigurationError(
            f"The disk that holds {home} is full: free some space (200 MB at least), {elsewhere}."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        named = error.filename or home
        return ConfigurationError(f"Cannot write {named}: give this user the data directory {home}, {elsewhere}.")
    return ConfigurationError(
        f"Cannot use the data directory {home} ({error.strerror or error}): repair it, {elsewhere}."
    )


@contextmanager
def locked(path: Path, *, timeout_s: float, doing: str) -> Iterator[None]:
    """Hold the lock file `path` against other processes; the kernel frees it when its holder dies.

    Raises:
        ConfigurationError: Another process held it for longer than `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"Another process has been {doing} for {timeout_s:.0f} s: end it ({path} is its lock)."
                    raise ConfigurationError(message) from None
                time.sleep(0.02)
        yield


def private_dir(path: Path, user: RunUser, *, mode: int = 0o700) -> Path:
    """Make `path` if it is missing, owned by `user` and closed to others."""
    if not path.is_dir():
        path.mkdir(parents=True, mode=mode, exist_ok=True)
    if path.stat().st_uid == os.geteuid():
        path.chmod(mode)
        user.own(path)
    return path


def run_user(data: Path) -> RunUser:
    """Choose the user for a server whose data directory is `data`: who owns it, else our system user (as root)."""
    if os.geteuid() != 0:
        return RunUser()
    owner = data.stat().st_uid if data.exists() else 0
    entry = _user_of(owner) if owner else _system_user()
    if entry is None:
        raise ConfigurationError(f"{data} belongs to user id {owner}, which this system does not know: chown it.")
    return RunUser(entry.pw_uid, entry.pw_gid)


def owner_of(path: Path) -> RunUser:
    """Return the user to act as in an existing directory of a user's own (root only; otherwise ourselves)."""
    if os.geteuid() != 0 or path.stat().st_uid == 0:
        return RunUser()
    return run_user(path)


def _user_of(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def _system_user() -> pwd.struct_passwd:
    """Find or make the system user that runs PostgreSQL when we are root."""
    for attempt in range(2):
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            if attempt == 0:
                _make_system_user()
    message = f"PostgreSQL does not run as root and the user {SYSTEM_USER} could not be made: run as a normal user"
    raise ConfigurationError(f"{message}, or set POSTGRES_URL.")


def _make_system_user() -> None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    adduser = shutil.which("adduser") or shutil.which("adduser", path="/usr/sbin:/sbin")
    if useradd:
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    elif adduser:
        command = [adduser, "-S", "-H", "-s", "/sbin/nologin", SYSTEM_USER]
    else:
        return
    # Whether it worked is decided by looking the user up: another process may have made it in between.
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - fixed program and arguments


def open_for_search(path: Path, user: RunUser) -> None:
    """Let `user` pass through the directories above `path` (root only; adds `o+x` where it is missing)."""
    if user.uid is None:
        return
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH and parent.stat().st_uid != user.uid:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def socket_dir(preferred: Path, user: RunUser, socket_name: str) -> Path:
    """Return a private directory whose socket path is short, plain ASCII and so safe in every driver's URL.

    Args:
        preferred: Used when its path qualifies; otherwise a directory below /tmp named after it.
        user: Who must own it.
        socket_name: File name of the socket.
    """
    path = preferred.resolve()
    if not _PLAIN.fullmatch(str(path)) or len(str(path / socket_name)) > SOCKET_PATH_BYTES:
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        path = SHORT_PATHS / f"sales-agent-{name}"
    private_dir(path, user)
    info = path.lstat()
    owner = os.geteuid() if user.uid is None else user.uid
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != owner or stat.S_IMODE(info.st_mode) & 0o077:
        raise ConfigurationError(f"{path} is not a private directory of user id {owner}: remove it.")
    return path


def remove_socket_dir(path: Path) -> None:
    """Remove a short socket directory whose server has stopped; one inside the data directory stays."""
    if path.parent == SHORT_PATHS:
        shutil.rmtree(path)
