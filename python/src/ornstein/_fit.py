"""Fits, and what is asked of them."""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
import tempfile
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ._command import run
from ._errors import InputError, OrnsteinWarning
from ._options import documented, flags, in_python
from ._result import estimates, remarks, significant, statistics
from ._tables import Data, file_of, is_pandas, is_polars

if TYPE_CHECKING:
    import arviz

Command = str | Sequence[str] | None


@documented("fit")
def fit(data: Data | None, formula: str, *, command: Command = None, **options: Any) -> Fit:
    """Fits a Bayesian regression model to a table, and certifies how exact the result is.

    data: a pandas or polars data frame, an Arrow table, columns as a dict, or the path of a CSV, JSON-lines or Parquet file;
        None where `sql` names the files.
    formula: the target and what explains it, such as "y ~ x + C(code) + (1 | school)".
    command: how the command is called, where it is not the one in this package.

    Returns a Fit; `Fit.idata` is what ArviZ works with. Raises InputError where the data, the formula or an option cannot be
    used, and warns (CertificateWarning) where a check of the certificate failed.
    """
    arguments = flags("fit", options)
    if data is None and options.get("sql") is None:
        raise InputError("There is nothing to read: give a table, the path of a file, or sql.")
    if not isinstance(formula, str):
        raise InputError(f"The formula is a text such as 'y ~ x', not {formula!r}.")

    def make(place: Path, record: Path, folder: Path, printed: Any) -> bool:
        path = file_of(data, folder, "data")
        rows = [] if path is None else [path]
        files = [f"--save={place}", f"--json={record}", "--no-color"]
        return run(
            ["fit", *rows, f"--formula={formula}", *files, *arguments], command=command, output=printed
        )

    return Fit._made(make, command)


def load(path: str | os.PathLike[str], *, command: Command = None) -> Fit:
    """A fit that `Fit.save` or `ornstein fit --save` wrote.

    The fit is a copy: what becomes of the file later does not change it. Raises InputError where the file is no such fit, was
    damaged, or is of another format.
    """

    def make(place: Path, record: Path, folder: Path, printed: Any) -> bool:
        try:
            shutil.copyfile(path, place)
        except OSError as error:
            raise InputError(f"{os.fspath(path)!r} could not be read: {error.strerror}.") from error
        return run(["check", str(place), f"--json={record}", "--no-color"], command=command, output=printed)

    return Fit._made(make, command, named=os.fspath(path))


class Fit:
    """The posterior of a model, with its certificate.

    `idata` is what ArviZ works with; `print(fit)` is what the command prints. A fit can be pickled.
    """

    def __init__(self, place: Path, result: dict[str, Any], printed: str, command: Command) -> None:
        self._place = place
        self._printed = printed
        self._command = command
        self._idata: arviz.InferenceData | None = None
        #: All of the result, as `ornstein fit --json` writes it.
        self.result: dict[str, Any] = result
        owner = os.getpid()
        weakref.finalize(self, _remove, place.parent, owner)

    @classmethod
    def _made(
        cls, make: Callable[[Path, Path, Path, Any], bool], command: Command, named: str | None = None
    ) -> Fit:
        """The fit that a run of the command leaves in a folder of its own."""
        own = Path(tempfile.mkdtemp(prefix="ornstein-"))
        place = own / "fit.nc"
        try:
            with _folder() as folder:
                printed, record = folder / "printed.txt", folder / "result.json"
                try:
                    with printed.open("wb") as output:
                        make(place, record, folder, output)
                except InputError as error:
                    # People know the file that they named, not its copy.
                    raise (InputError(str(error).replace(str(place), named)) if named else error) from None
                made = cls(place, json.loads(record.read_text("utf8")), printed.read_text("utf8"), command)
        except BaseException:
            shutil.rmtree(own, ignore_errors=True)
            raise
        for kind, sentence in remarks(made.result, is_loaded=named is not None):
            warnings.warn(in_python(sentence), kind, stacklevel=3)
        return made

    @property
    def idata(self) -> arviz.InferenceData:
        """The draws for ArviZ, on the data's scale: InferenceData, or from ArviZ 1.0 on a DataTree with the same groups."""
        if self._idata is None:
            import arviz

            self._idata = arviz.from_netcdf(str(self._place)).load()
        return self._idata

    @property
    def formula(self) -> str:
        return str(self.result["formula"])

    @property
    def family(self) -> str:
        return str(self.result["family"])

    @property
    def certificate(self) -> dict[str, Any]:
        """What the theory predicts of the error, what was measured, and which assumption failed."""
        return dict(self.result["certificate"])

    @property
    def verdict(self) -> str:
        """Of the certificate: "ok", "warning" or "failed"."""
        return str(self.result["certificate"]["verdict"])

    def summary(self) -> pd.DataFrame:
        """A row for each coefficient, and for each sd and correlation of group terms.

        Names are those of the table; `idata` has them too, but for what a netCDF file cannot hold.

        Columns are those of `az.summary`. Means, sds and intervals are over every step of the chains, and known a little better
        than from the draws that are kept; intervals are the narrowest that hold 94%.
        """
        rows = list(estimates(self.result))
        numbers = {column: [row[column] for _, row in rows] for column in statistics}
        return pd.DataFrame(numbers, index=[name for name, _ in rows], dtype=float)

    @documented("predict")
    def predict(self, newdata: Data | None = None, **options: Any) -> Any:
        """Predicts rows by the fit's own preprocessing: a data frame with a row for each of theirs.

        Of polars and Arrow tables it is one of their kind, and otherwise one of pandas, with the index of `newdata`. Rows with a
        missing value are predicted as missing.
        """
        table, record = self._predict(newdata, options)
        self._warn(record)
        if is_polars(newdata):
            import polars

            return polars.from_arrow(table)
        if isinstance(newdata, pa.Table):
            return table
        frame = table.to_pandas()
        if is_pandas(newdata) and options.get("sql") is None:
            frame.index = newdata.index
        return frame

    @documented("predict")
    def score(self, newdata: Data | None = None, **options: Any) -> dict[str, Any]:
        """Scores predictions of rows whose target is known: log score, errors, coverage, calibration, posterior predictive checks."""
        _, record = self._predict(newdata, options)
        self._warn(record)
        if record.get("scores") is None:
            raise InputError("There is nothing to score: the data do not have the target of the fit.")
        return dict(record["scores"])

    @documented("effects")
    def effects(self, data: Data | None = None, **options: Any) -> pd.DataFrame:
        """What columns do to the prediction: averages, comparisons, slopes, contrasts of levels, hypotheses; a row for each.

        data: the rows to average over; without them one row stands for those of the fit, at their means and most frequent levels.
        """
        arguments = flags("effects", options)
        with _folder() as folder:
            table, record = folder / "effects.parquet", folder / "effects.json"
            self._ask("effects", data, folder, [f"--out={table}", f"--json={record}", *arguments])
            found, told = _read(table), json.loads(record.read_text("utf8"))
        self._warn(told)
        return found.to_pandas()

    @documented("update")
    def update(self, data: Data | None = None, **options: Any) -> Fit:
        """The fit of all rows so far: new rows are added to what this one has kept, without the rows that it was made of.

        data: the new rows alone, with columns as in the fit. Formula, family, priors and weights are the fit's. This fit stays what it was.

        Warns (CertificateWarning) where a check failed: among others whether the new rows contradict the old ones.
        """
        arguments = flags("update", options)
        if data is None and options.get("sql") is None:
            raise InputError("There are no new rows: give a table, the path of a file, or sql.")

        def make(place: Path, record: Path, folder: Path, printed: Any) -> bool:
            path = file_of(data, folder, "data")
            rows = [] if path is None else [path]
            files = [f"--save={place}", f"--json={record}", "--no-color"]
            return run(
                ["update", str(self._place), *rows, *files, *arguments], command=self._command, output=printed
            )

        return Fit._made(make, self._command)

    def group_effects(self) -> pd.DataFrame:
        """Posterior mean and sd of every effect of every level, on the data's scale: columns factor, level, name, mean, sd."""
        if not self.result.get("groups"):
            raise InputError("The formula has no group terms such as (1 | g), so that there are no effects of groups.")
        with _folder() as folder:
            table = folder / "effects.parquet"
            run(["check", str(self._place), f"--effects={table}"], command=self._command, output=subprocess.DEVNULL)
            return pq.read_table(table).to_pandas()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the whole fit into a netCDF-4 file, for `load`, for the command, and for ArviZ, xarray and R."""
        target = Path(path)
        beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            shutil.copyfile(self._place, beside)
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)

    def _predict(self, newdata: Data | None, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
        arguments = flags("predict", options)
        if newdata is None and options.get("sql") is None:
            raise InputError("There is nothing to predict: give a table, the path of a file, or sql.")
        with _folder() as folder:
            table, record = folder / "predictions.parquet", folder / "scores.json"
            self._ask("predict", newdata, folder, [f"--out={table}", f"--json={record}", *arguments])
            return _read(table), json.loads(record.read_text("utf8"))

    def _ask(self, what: str, data: Data | None, folder: Path, arguments: list[str]) -> None:
        path = file_of(data, folder, "data")
        rows = [] if path is None else [path]
        run([what, str(self._place), *rows, *arguments], command=self._command, output=subprocess.DEVNULL)

    def _warn(self, record: dict[str, Any]) -> None:
        for sentence in record.get("warnings", []):
            warnings.warn(in_python(sentence).replace(str(self._place), "fit.nc"), OrnsteinWarning, stacklevel=4)

    def __str__(self) -> str:
        return self._printed

    def __repr__(self) -> str:
        rows = self.result["data"]["rows"]
        return f"<ornstein.Fit {self.formula!r}, {self.family}, {rows:,} rows, certificate: {self.verdict}>"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(float_format=significant, escape=True, border=0)
        text = html.escape(self._printed)
        head = html.escape(f"{self.formula}   [{self.family}]")
        return (
            f"<div><p><code>{head}</code></p>{table}<details><summary>Certificate: <b>{html.escape(self.verdict)}</b>"
            f"</summary><pre>{text}</pre></details></div>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self._place.read_bytes(), self.result, self._printed, self._command)


def _unpickled(content: bytes, result: dict[str, Any], printed: str, command: Command) -> Fit:
    place = Path(tempfile.mkdtemp(prefix="ornstein-")) / "fit.nc"
    place.write_bytes(content)
    return Fit(place, result, printed, command)


def _remove(folder: Path, owner: int) -> None:
    # A forked process has the same fits, and is not to remove their files.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ornstein-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _read(path: Path) -> pa.Table:
    table = pq.read_table(path)
    return table.drop_columns(["row"]) if "row" in table.column_names else table
