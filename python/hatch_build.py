"""Puts the command into the package: what `npm install` of it would install, for this machine.

A wheel holds the built JavaScript and the packages that it needs, of which DuckDB is machine code; nothing is fetched when the
package is used. A source distribution holds the archive that `npm pack` makes, from which such wheels are built elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

archive_name = "command.tgz"
lock_name = "command-lock.json"


class CommandHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # An editable installation runs the command of the checkout.
        if version == "editable":
            return
        self.folder = Path(tempfile.mkdtemp(prefix="ornstein-build-"))
        archive, lock = self.packed()
        if self.target_name == "sdist":
            build_data["force_include"] |= {str(archive): archive_name, str(lock): lock_name}
            return
        build_data["force_include"][str(self.installed(archive, lock))] = "ornstein/_command"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self.folder, ignore_errors=True)

    def packed(self) -> tuple[Path, Path]:
        """The archive of the command and the versions of what it needs: of the checkout around, or of the source distribution."""
        here = Path(self.root)
        if (here / archive_name).exists():
            return here / archive_name, here / lock_name
        checkout = here.parent
        if not (checkout / "bin" / "ornstein.mjs").exists():
            raise RuntimeError(f"There is no command to package: {checkout} is no checkout of ornstein.")
        self.run("node", "scripts/prepare.mjs", cwd=checkout)
        self.run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(self.folder), cwd=checkout)
        (archive,) = self.folder.glob("*.tgz")
        return archive, checkout / "package-lock.json"

    def installed(self, archive: Path, lock: Path) -> Path:
        """The command with the packages that it needs, without what only a library's user reads."""
        with tarfile.open(archive) as tar:
            if sys.version_info >= (3, 12):
                tar.extractall(self.folder, filter="data")
            else:
                tar.extractall(self.folder)
        command = self.folder / "package"
        for part in ("docs", "examples", "bench"):
            shutil.rmtree(command / part, ignore_errors=True)
        manifest = json.loads((command / "package.json").read_text("utf8"))
        # They are for other users than those of the command.
        for part in ("devDependencies", "peerDependencies", "peerDependenciesMeta", "scripts"):
            manifest.pop(part, None)
        (command / "package.json").write_text(json.dumps(manifest, indent=2), "utf8")
        shutil.copy(lock, command / "package-lock.json")
        quiet = ("--no-audit", "--no-fund", "--loglevel=error")
        self.run("npm", "install", "--omit=dev", "--ignore-scripts", *quiet, cwd=command)
        # npm passes over an optional package that it could not fetch, and without them there is no command.
        missing = [name for name in manifest["optionalDependencies"] if not (command / "node_modules" / name).exists()]
        if missing:
            raise RuntimeError(f"npm did not install {', '.join(missing)}: is the registry of npm within reach?")
        shutil.rmtree(command / "node_modules" / ".bin", ignore_errors=True)
        self.run("node", "bin/ornstein.mjs", "--version", cwd=command)
        return command

    def run(self, program: str, *arguments: str, cwd: Path) -> None:
        path = self.path_with_node()
        found = shutil.which(program, path=path)
        if found is None:
            raise RuntimeError(f"Building ornstein needs {program}, and there is none.")
        done = subprocess.run(
            [found, *arguments],
            cwd=cwd,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf8",
            errors="replace",
        )
        if done.returncode != 0:
            raise RuntimeError(f"`{program} {' '.join(arguments)}` failed:\n{done.stdout}\n{done.stderr}")

    def path_with_node(self) -> str:
        """The search path, and where it has no Node that is new enough, before it a folder with that of the Python package."""
        sys.path.insert(0, str(Path(self.root) / "src" / "ornstein"))
        import _node

        path = os.environ.get("PATH", os.defpath)
        node = _node.find()
        if shutil.which("node") == node and shutil.which("npm"):
            return path
        programs = self.folder / "programs"
        if not programs.exists():
            programs.mkdir()
            npm = _node.npm_script()
            if os.name == "nt":
                (programs / "npm.cmd").write_text(f'@"{node}" "{npm}" %*\n')
                shutil.copy(node, programs / "node.exe")
            else:
                (programs / "node").symlink_to(node)
                script = programs / "npm"
                script.write_text(f'#!/bin/sh\nexec "{node}" "{npm}" "$@"\n')
                script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return f"{programs}{os.pathsep}{path}"
