"""Keywords, the command's ends, interrupts, and how the command is found."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ornstein
from ornstein import _command, _node, _options

checkout = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="signals and scripts are POSIX's")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"famly": "gaussian"}, r"fit\(\) has no keyword 'famly'; did you mean family"),
        ({"batchSize": 5}, "did you mean batch_size"),
        ({"qqq": 5}, "its keywords are sql, weights"),
        ({"draws": -5}, "draws cannot be -5: it takes a whole number from 4"),
        ({"draws": 4.5}, "draws cannot be 4.5"),
        ({"chains": True}, "true"),
        ({"tolerance": float("nan")}, "nan"),
        ({"family": "gausian"}, "Allowed choices are gaussian"),
        ({"prior": 3}, "prior cannot be"),
        ({"prior": {"x": 1}}, None),
        ({"prior": [None]}, "prior cannot be None"),
        ({"quiet": "no"}, "quiet is True or False"),
        ({"sampler": "nuts", "damping": 0.1}, "damping does not apply to nuts"),
        ({"nu": 3, "family": "gaussian"}, "nu"),
        ({"formula": "y ~ x"}, None),
    ],
)
def test_wrong_keywords(frame: pd.DataFrame, options: dict[str, Any], sentence: str | None) -> None:
    with pytest.raises((ornstein.InputError, TypeError), match=sentence):
        ornstein.fit(frame, "y ~ x", **{"quiet": True, **options})


def test_values_reach_the_command() -> None:
    options = {
        "prior": ["normal(0, 1)", "x: laplace(0, 0.5)"],
        "chains": np.int64(2),
        "tolerance": np.float64(0.05),
        "save_data": True,
        "quiet": False,
        "seed": None,
        "event": True,
    }
    assert _options.flags("fit", options) == [
        *["--prior=normal(0, 1)", "--prior=x: laplace(0, 0.5)", "--chains=2", "--tolerance=0.05"],
        *["--save-data", "--event=true"],
    ]
    at = {"x": [1, 2.5], "city": ["a,b", "c", "it's"], "day": pd.Timestamp("2024-01-02")}
    assert _options.flags("effects", {"at": at, "of": "x"}) == [
        *["--at=x=1,2.5", "--at=city=\"a,b\",c,\"it's\"", "--at=day=2024-01-02T00:00:00", "--of=x"]
    ]


def test_sentences_speak_of_keywords() -> None:
    said = "run more --draws 2900, or use --sampler nuts; --json and --no-such stay."
    assert _options.in_python(said) == "run more draws=2900, or use sampler nuts; --json and --no-such stay."


def test_options_change_the_fit(frame: pd.DataFrame) -> None:
    options = {"prior": ["normal(0, 0.01)"], "sampler": "conjugate", "chains": 2, "draws": 300, "seed": 3}
    # The certificate sees that such a prior contradicts the data, and speaks of keywords.
    with pytest.warns(ornstein.OrnsteinWarning, match="The certificate warns.* give a wider prior, such as"):
        narrow = ornstein.fit(frame, "y ~ x", quiet=True, **options)
    settings = narrow.result["settings"]
    assert (settings["chains"], settings["draws"], settings["seed"], settings["sampler"]) == (2, 300, 3, "conjugate")
    assert narrow.summary().loc["x", "mean"] < 1


def test_keywords_are_listed_where_people_look() -> None:
    parameters = inspect.signature(ornstein.fit).parameters
    assert list(parameters)[:3] == ["data", "formula", "command"]
    assert {"family", "prior", "batch_size"} <= set(parameters)
    assert "batch_size: rows in each step's minibatch" in (ornstein.fit.__doc__ or "")
    assert "posterior_draws" in inspect.signature(ornstein.Fit.predict).parameters


def test_formulas_that_are_none(frame: pd.DataFrame) -> None:
    with pytest.raises(ornstein.InputError, match="did you mean x"):
        ornstein.fit(frame, "y ~ xx", quiet=True)
    with pytest.raises(ornstein.InputError, match="expected a term"):
        ornstein.fit(frame, "y ~", quiet=True)
    with pytest.raises(ornstein.InputError, match="The formula is a text"):
        ornstein.fit(frame, None, quiet=True)  # type: ignore[arg-type]


def test_progress_goes_to_standard_error(frame: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    ornstein.fit(frame, "y ~ x", sampler="conjugate")
    out, err = capsys.readouterr()
    assert out == "" and "finding the mode" in err and "fit.nc" not in err
    ornstein.fit(frame, "y ~ x", sampler="conjugate", quiet=True)
    assert capsys.readouterr().err == ""


def children() -> set[int]:
    """All processes that run the command."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"ornstein-" in (folder / "cmdline").read_bytes() and b"--save=" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
        except OSError:
            pass
    return found


@posix
@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc")
def test_an_interrupt_ends_the_command_and_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import numpy, ornstein\n"
        "n = numpy.arange(200000)\n"
        "ornstein.fit({'y': numpy.sin(n * n), 'x': numpy.cos(n)}, 'y ~ x', sampler='nuts', draws=100000)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(("warming", "sampling")):
            break
    assert list(tmp_path.iterdir()) and any(str(tmp_path) in Path(f"/proc/{pid}/cmdline").read_text() for pid in children())
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - started < 5
    assert "KeyboardInterrupt" in said and process.returncode != 0
    assert not any(str(tmp_path) in Path(f"/proc/{pid}/cmdline").read_text() for pid in children())
    assert list(tmp_path.iterdir()) == []


def script(folder: Path, name: str, text: str) -> str:
    place = folder / name
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return str(place)


@posix
@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("echo 'ornstein: No such thing.' >&2; exit 2", ornstein.InputError, "^No such thing.$"),
        ("echo 'ornstein: something unforeseen went wrong: x' >&2; exit 2", ornstein.CommandError, "unforeseen"),
        ("echo 'ornstein: The disk is full.' >&2; exit 3", OSError, "The disk is full"),
        ("kill -9 $$", ornstein.CommandError, "SIGKILL"),
        ("exit 137", ornstein.CommandError, "SIGKILL"),
        ("exit 77", ornstein.CommandError, "status 77"),
    ],
)
def test_how_the_command_may_end(
    frame: pd.DataFrame, tmp_path: Path, text: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        ornstein.fit(frame, "y ~ x", command=script(tmp_path, "command", text))
    with pytest.raises(ornstein.CommandError, match="could not be started"):
        ornstein.fit(frame, "y ~ x", command=["/nowhere/ornstein"])


@posix
def test_an_old_node_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = script(tmp_path, "node", "echo v18.20.4")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _node.find() != old
    assert (_node.version_of(_node.find()) or ()) >= _node.oldest
    monkeypatch.setattr(_node, "_of_the_package", lambda: None)
    with pytest.raises(ornstein.NodeError, match="needs Node 20.19 or later, and .*node is 18.20.4"):
        _node.find()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(ornstein.NodeError, match="and there is none"):
        _node.find()


@posix
def test_fits_without_node_on_the_path(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ornstein.fit(frame, "y ~ x", sampler="conjugate", quiet=True).verdict == "ok"


def test_the_environment_names_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORNSTEIN_COMMAND", "node 'a folder/ornstein.mjs'")
    assert _command.command_line() == ["node", "a folder/ornstein.mjs"]
    assert _command.command_line(["other"]) == ["other"]


@pytest.mark.skipif(not (checkout / "package.json").exists(), reason="there is no checkout around")
def test_what_is_written_twice_agrees() -> None:
    package = json.loads((checkout / "package.json").read_text("utf8"))
    assert package["engines"]["node"] == f">={'.'.join(map(str, _node.oldest))}"
    assert package["version"] == ornstein.__version__
    assert (checkout / "LICENSE").read_text("utf8") == (checkout / "python" / "LICENSE").read_text("utf8")
