"""Whether a port can be listened on, and who does so already."""

import socket

import psutil

from core.errors import ConfigurationError


def refuse_taken_port(host: str, port: int) -> None:
    """Raise a `ConfigurationError` that says by whom when the port is taken or cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as error:
        by = user_of_port(port)
        told = f"Port {port} is taken by {by}" if by else f"Port {port} on {host} cannot be used ({error.strerror})"
        raise ConfigurationError(f"{told}: stop that, or choose another port with --port.") from error


def user_of_port(port: int) -> str | None:
    """Return who listens on a TCP port, where the system tells."""
    try:
        listening = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
            and connection.pid
        ]
        if not listening:
            return None
        command = " ".join(psutil.Process(listening[0]).cmdline())
        return f"process {listening[0]} ({command[:80]})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return None
