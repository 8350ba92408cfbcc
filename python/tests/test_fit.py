"""Fits against ArviZ and against least squares, saved, loaded, pickled, shown."""

from __future__ import annotations

import gc
import json
import pickle
import subprocess
import sys
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pytest

import ornstein


def arviz_summary(fit: ornstein.Fit) -> pd.DataFrame:
    """Unrounded, whatever the version of ArviZ."""
    try:
        return az.summary(fit.idata, round_to="none")
    except TypeError:
        return az.summary(fit.idata, round_to=None)


@pytest.mark.parametrize("name", ["linear", "multilevel"])
def test_the_summary_is_that_of_arviz(name: str, request: pytest.FixtureRequest) -> None:
    fit = request.getfixturevalue(name)
    ours, theirs = fit.summary(), arviz_summary(fit)
    assert list(ours.index) == list(theirs.index)
    # Convergence statistics are of the draws that are kept, in both; the tails of ArviZ 1 begin elsewhere.
    for column in ("ess_bulk", "r_hat", *(["ess_tail"] if az.__version__ < "1" else [])):
        np.testing.assert_allclose(ours[column], theirs[column].astype(float), rtol=1e-6)
    # Means are over every step of the chains, ArviZ's over the kept draws: both within their Monte Carlo error.
    draws = fit.idata["posterior"]
    for row in ours.index:
        kept = np.asarray(draws[row])
        sd, error = kept.std(ddof=1), kept.std(ddof=1) / np.sqrt(ours.loc[row, "ess_bulk"])
        assert abs(kept.mean() - ours.loc[row, "mean"]) < 4.5 * np.hypot(error, ours.loc[row, "mcse_mean"])
        # The relative error of an sd is 1/sqrt(2 n), more with heavy tails.
        assert abs(sd / ours.loc[row, "sd"] - 1) < 4.5 / np.sqrt(ours.loc[row, "ess_tail"])


def test_the_answer_is_that_of_least_squares(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    sizes = pd.get_dummies(frame["size"]).astype(float)
    design = np.column_stack([frame.x, sizes["medium"], sizes["large"], frame.late, np.ones(len(frame))])
    expected, residual, *_ = np.linalg.lstsq(design, frame.y, rcond=None)
    variance = residual[0] / (len(frame) - 5)
    sds = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * variance)
    ours = linear.summary().iloc[:5]
    assert list(ours.index) == ["x", "size[medium]", "size[large]", "late[true]", "Intercept"]
    # The priors are wide: they move no coefficient by a tenth of an sd.
    assert np.all(np.abs(ours["mean"] - expected) < 0.1 * sds)
    np.testing.assert_allclose(ours["sd"], sds, rtol=0.05)


def test_idata_has_the_draws_and_the_data(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    posterior = linear.idata["posterior"]
    assert dict(posterior.sizes) == {"chain": 4, "draw": 500}
    observed = np.asarray(linear.idata["observed_data"]["y"])
    np.testing.assert_allclose(observed, frame.y, rtol=1e-6, atol=1e-6)
    assert linear.idata is linear.idata


def test_the_certificate_and_what_is_shown(linear: ornstein.Fit) -> None:
    assert linear.verdict == linear.certificate["verdict"] == "ok"
    assert "Certificate: ok" in str(linear)
    assert repr(linear) == "<ornstein.Fit 'y ~ x + size + late', gaussian, 400 rows, certificate: ok>"
    assert linear.result["data"]["rows"] == 400


def test_html_is_escaped() -> None:
    name = "<script>alert(1)</script>"
    data = {name: np.cos(np.arange(60)), "y": np.sin(np.arange(60) ** 2)}
    shown = ornstein.fit(data, f"y ~ `{name}`", sampler="conjugate", quiet=True)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "Certificate: <b>" in shown


def test_saved_loaded_and_pickled_fits_predict_the_same(
    linear: ornstein.Fit, frame: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "fit.nc"
    linear.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["fit.nc"]
    loaded = ornstein.load(path)
    # A fit is a copy, whatever becomes of the file.
    path.write_bytes(b"something else")
    expected = linear.predict(frame, quiet=True)
    for other in (loaded, pickle.loads(pickle.dumps(linear))):
        pd.testing.assert_frame_equal(other.predict(frame, quiet=True), expected)
        pd.testing.assert_frame_equal(other.summary(), linear.summary())
    with pytest.raises(ornstein.InputError, match=r"fit\.nc"):
        ornstein.load(path)
    with pytest.raises(ornstein.InputError, match="could not be read: No such file"):
        ornstein.load(tmp_path / "none.nc")


def test_nothing_is_left_behind(frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fit = ornstein.fit(frame, "y ~ x", sampler="conjugate", quiet=True)
    assert [file.name for file in tmp_path.glob("*/*")] == ["fit.nc"]
    with pytest.raises(ornstein.InputError):
        ornstein.fit(frame, "y ~ nothing", quiet=True)
    del fit
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_the_fit_is_the_commands(linear: ornstein.Fit, frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "data.parquet", index=False)
    flags = ["--formula=y ~ x + size + late", "--draws=500", "--json", "-", "--quiet"]
    command = [sys.executable, "-m", "ornstein", "fit", "data.parquet", *flags]
    record = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout)
    assert record["coefficients"] == linear.result["coefficients"]


def test_a_failed_certificate_is_warned_of(frame: pd.DataFrame) -> None:
    # So few draws that nothing is known of the chains.
    with pytest.warns(ornstein.CertificateWarning, match="A check of the certificate failed"):
        fit = ornstein.fit(frame, "y ~ x", chains=2, draws=4, quiet=True)
    assert fit.verdict == "failed"


def test_an_update_is_the_fit_of_all_rows(frame: pd.DataFrame) -> None:
    first = ornstein.fit(frame[:250], "y ~ x + size", draws=500, quiet=True)
    before = first.summary()
    updated = first.update(frame[250:], draws=500, seed=3, quiet=True)
    whole = ornstein.fit(frame, "y ~ x + size", draws=500, quiet=True).summary()
    assert updated.result["data"]["rows"] == len(frame)
    assert updated.result["data"]["updates"] == [len(frame) - 250]
    # 2,000 draws and averages over every step know a mean to less than 0.05 sd.
    found = updated.summary()
    assert ((found["mean"] - whole["mean"]).abs() < 0.2 * whole["sd"]).all()
    assert ((found["sd"] / whole["sd"] - 1).abs() < 0.1).all()
    pd.testing.assert_frame_equal(first.summary(), before)
    with pytest.raises(ornstein.InputError, match="no new rows"):
        first.update()
    with pytest.raises(ornstein.InputError, match="update\\(\\) has no keyword 'family'"):
        first.update(frame, family="gaussian")


def test_group_effects(multilevel: ornstein.Fit, linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    effects = multilevel.group_effects()
    assert list(effects.columns) == ["factor", "level", "name", "mean", "sd"]
    assert sorted(effects.level) == sorted(frame.school.unique())
    # They are the means of what the rows of a group have beyond the fixed effects, shrunk.
    rest = frame.y - multilevel.summary().loc["x", "mean"] * frame.x
    means = (rest - rest.mean()).groupby(frame.school).mean()
    assert np.corrcoef(effects.set_index("level")["mean"], means.loc[effects.level])[0, 1] > 0.95
    with pytest.raises(ornstein.InputError, match="no group terms"):
        linear.group_effects()
