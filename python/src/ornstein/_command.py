"""Running the command `ornstein`, and what it says."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from . import _node
from ._errors import CommandError, InputError
from ._options import in_python

#: Exit statuses that come with a result: done, and done with a certificate that failed.
_with_result = (0, 1)
_unusable = 2
_not_written = 3
#: An interrupted command ends within a second; it is given so long before it is killed.
_seconds_to_end = 5
_unforeseen = "something unforeseen went wrong: "
#: What begins a sentence on what went wrong.
_sentences = ("ornstein: ", "error: ")
#: What the command writes here are files between it and this package, of which nobody needs to hear.
_own_files = "writing "


def command_line(command: str | Sequence[str] | None = None) -> list[str]:
    """How the command is called: as the caller or ORNSTEIN_COMMAND says, or the one in this package, or that of the checkout."""
    given = command if command is not None else os.environ.get("ORNSTEIN_COMMAND") or None
    if isinstance(given, (str, os.PathLike)):
        text = os.fspath(given)
        return [text] if Path(text).exists() else shlex.split(text)
    if given is not None:
        return list(given)
    here = Path(__file__).resolve().parent
    for script in (here / "_command" / "bin" / "ornstein.mjs", here.parents[2] / "bin" / "ornstein.mjs"):
        if script.exists():
            return [_node.find(), str(script)]
    raise CommandError("This installation of ornstein has no command in it: install it again, or set ORNSTEIN_COMMAND.")


def run(arguments: Sequence[str], *, command: str | Sequence[str] | None, output: IO[bytes] | int) -> bool:
    """Runs the command, passes its progress on to standard error, and says whether the certificate held.

    Raises InputError with the command's sentence where the input was unusable, and CommandError where the command failed.
    """
    line = command_line(command)
    try:
        process = subprocess.Popen(
            [*line, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            encoding="utf8",
            errors="replace",
            env={**os.environ, "NO_COLOR": "1"},
        )
    except OSError as error:
        raise CommandError(f"The command {line[0]!r} could not be started: {error.strerror}.") from error
    try:
        said = _pass_on(process.stderr)
        status = process.wait()
    except BaseException:
        _end(process)
        raise
    finally:
        if process.stderr:
            process.stderr.close()
    if status not in _with_result:
        _fail(status, said)
    return status == 0


def _pass_on(stream: IO[str] | None) -> str:
    """Progress and notes go to standard error; returns the sentence on what went wrong, if there is one."""
    sentence: list[str] = []
    for line in stream or ():
        if sentence or line.startswith(_sentences):
            sentence.append(line)
        elif not line.startswith(_own_files):
            sys.stderr.write(line)
            sys.stderr.flush()
    return "".join(sentence).strip()


def _fail(status: int, said: str) -> NoReturn:
    for beginning in _sentences:
        said = said.removeprefix(beginning)
    if status == _unusable and said and not said.startswith(_unforeseen):
        # Commander's remark on where to find help is about the command line.
        lines = [line for line in said.split("\n") if not line.startswith("(ornstein ")]
        raise InputError(in_python("\n".join(lines)))
    if status == _not_written:
        raise OSError(said)
    number = -status if status < 0 else status - 128
    if number > 0 and number in set(signal.Signals):
        name = signal.Signals(number).name
        raise CommandError(said or f"The command was ended by {name}, as systems do where memory runs out.")
    raise CommandError(said or f"The command ended with status {status}.")


def _end(process: subprocess.Popen[Any]) -> None:
    """Interrupts the command, which then removes what it has not finished."""
    if os.name == "nt":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_seconds_to_end)
    except BaseException:
        process.kill()
        process.wait()


def main() -> NoReturn:
    """The command itself, as `ornstein` on the command line."""
    line = [*command_line(), *sys.argv[1:]]
    if os.name != "nt":
        os.execvp(line[0], line)
    sys.exit(subprocess.call(line))
