"""Starting a part of this program in an interpreter of its own.

As a program instead of by `multiprocessing`, which would fork a process full of threads or import the caller's script
once more, and starts nothing at all in a process that is itself a child of it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def start_program(
    module: str, *arguments: str, environment: Mapping[str, str], pass_fds: Sequence[int] = (), **pipes: Any
) -> subprocess.Popen[bytes]:
    """Start the `main` of a module.

    Args:
        module: its name.
        arguments: what it finds in `sys.argv`.
        environment: all that it gets of one, beside where to import from.
        pass_fds: descriptors it inherits.
        pipes: `stdin` and `stdout`, as of `subprocess.Popen`.

    Raises:
        OSError: The system starts no process.
    """
    paths = os.pathsep.join(part or os.curdir for part in sys.path)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-P", "-c", f"from {module} import main; main()", *arguments],
        env={**environment, "PYTHONPATH": paths},
        start_new_session=True,  # Ctrl-C is the parent's to handle
        pass_fds=pass_fds,
        **pipes,
    )
