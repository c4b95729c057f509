"""The real command line, in a folder that is not the repository.

`run` is a process; `say` does the same in this one, ten times faster, for the variants of what a
process has shown. Whatever is printed is searched for the key and for a traceback.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from service.cli import edge

ARPENT = Path(sys.executable).with_name("arpent")
CANARY = "pat-na1-canary-4f1d-never-in-any-output"
# Only there so that nothing hangs, however loaded the machine is.
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Said:
    """What a process answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


@dataclass(slots=True)
class Shell:
    """A person at a terminal, in a folder, with some settings in the environment."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=lambda: {"COLUMNS": "200"})

    def environment(self, **more: str) -> dict[str, str]:
        """The environment without a setting of ours, then these; `log="json"` is ARPENT_LOG."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("ARPENT_")}
        ours = {**self.settings, **more}
        named = {f"ARPENT_{name.upper()}": text for name, text in ours.items()}
        return {**kept, **self.variables, **named}

    def run(self, *words: str, **settings: str) -> Said:
        """Run `arpent WORDS` to its end."""
        return ended(self.start(*words, **settings))

    def say(self, *words: str, **settings: str) -> Said:
        """Run `arpent WORDS` within this process, as its `main` does."""
        out, err = StringIO(), StringIO()
        edge._written_language.cache_clear()
        with (
            patch.dict(os.environ, self.environment(**settings), clear=True),
            patch.object(sys, "argv", ["arpent", *words]),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as exit_,
            chdir(self.folder),
        ):
            edge.main()
        code = exit_.value.code
        return checked(Said(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue()))

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        """Start `arpent WORDS`; the caller ends it."""
        return self.spawn(ARPENT, *words, **settings)

    def spawn(self, *command: str | Path, **settings: str) -> subprocess.Popen[str]:
        """Start any command in this folder; the caller ends it."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def ended(process: subprocess.Popen[str], number: signal.Signals | None = None) -> Said:
    """What a process said once it has ended, by a signal if one is given."""
    if number is not None:
        process.send_signal(number)
    try:
        out, err = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return checked(Said(process.returncode, out, err))


def checked(said: Said) -> Said:
    """The same, once it is sure that it shows no key and no traceback."""
    for text in (said.out, said.err):
        assert CANARY not in text
        assert "Traceback" not in text, text
    return said
