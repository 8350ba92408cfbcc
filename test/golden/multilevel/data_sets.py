"""Simulated tables of the kinds that multilevel models are tried on: writes data/*.csv, by fixed seeds.

    python data_sets.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"


def logistic(eta):
    return 1 / (1 + np.exp(-eta))


def immunisation():
    """Children in mothers in communities; sd of mothers 7, of communities 4 on the logit scale."""
    rng = np.random.default_rng(101)
    num_mothers, num_communities = 1500, 160
    community = np.concatenate([np.arange(num_communities), rng.integers(num_communities, size=num_mothers - num_communities)])
    children = rng.choice([1, 2, 3], size=num_mothers, p=[0.71, 0.25, 0.04])
    education = rng.choice(["none", "primary", "secondary"], size=num_mothers, p=[0.5, 0.4, 0.1])
    rural = rng.random(num_communities) < 0.75
    indigenous = np.round(np.where(rural, rng.beta(1.2, 1, num_communities), rng.beta(0.8, 2, num_communities)), 3)
    mother = np.repeat(np.arange(num_mothers), children)
    older = rng.random(len(mother)) < 0.75
    home = community[mother]
    eta = (
        -1.5 + 3 * older + 2 * (education[mother] == "primary") + 3 * (education[mother] == "secondary")
        - 2 * rural[home] - 2.5 * indigenous[home]
        + 7 * rng.normal(size=num_mothers)[mother] + 4 * rng.normal(size=num_communities)[home]
    )
    return pd.DataFrame({
        "immunised": np.where(rng.random(len(mother)) < logistic(eta), "Y", "N"),
        "older": np.where(older, "Y", "N"),
        "education": education[mother],
        "rural": np.where(rural[home], "Y", "N"),
        "indigenous": indigenous[home],
        "mother": [f"m{k + 1}" for k in mother],
        "community": [f"c{k + 1}" for k in home],
    })


def counts(dispersion):
    """Counts by subject with an exposure; sd of subjects 0.6, 4 to 10 rows each."""
    rng = np.random.default_rng(102 if dispersion == 0 else 103)
    subject = np.repeat(np.arange(60), rng.integers(4, 11, size=60))
    treated = rng.random(60) < 0.5
    x = np.round(rng.normal(size=len(subject)), 3)
    exposure = np.round(0.5 + 4 * rng.random(len(subject)) ** 2, 2)
    mean = exposure * np.exp(0.4 - 0.3 * treated[subject] + 0.25 * x + 0.6 * rng.normal(size=60)[subject])
    noise = rng.gamma(1 / dispersion, dispersion, size=len(subject)) if dispersion > 0 else 1
    return pd.DataFrame({
        "seizures": rng.poisson(mean * noise),
        "treatment": np.where(treated[subject], "drug", "placebo"),
        "x": x,
        "exposure": exposure,
        "subject": subject + 1,
    })


def slopes_binary():
    """(1 + x | g) with a correlation near zero: 80 groups of 6 to 18 rows, sds 1 and 0.6."""
    rng = np.random.default_rng(104)
    group = np.repeat(np.arange(80), rng.integers(6, 19, size=80))
    x = np.round(2 + 1.5 * rng.normal(size=len(group)), 3)
    w = np.round(rng.normal(size=len(group)), 3)
    z = (x - x.mean()) / x.std()
    eta = -0.4 + 0.8 * z - 0.3 * w + 1.0 * rng.normal(size=80)[group] + 0.6 * rng.normal(size=80)[group] * z
    return pd.DataFrame({"y": (rng.random(len(group)) < logistic(eta)).astype(int), "x": x, "w": w, "g": [f"g{k + 1}" for k in group]})


def pupils():
    """Gaussian, three levels: 60 schools, 240 classes, 4 to 9 pupils a class; sds 2, 1.5 and 4."""
    rng = np.random.default_rng(105)
    school = np.repeat(np.arange(60), 4)
    pupils_of = rng.integers(4, 10, size=240)
    classroom = np.repeat(np.arange(240), pupils_of)
    size = np.round(15 + 15 * rng.random(240)).astype(int)
    before = np.round(50 + 10 * rng.normal(size=len(classroom)), 1)
    score = (
        60 + 0.3 * (before - 50) - 0.15 * (size[classroom] - 22)
        + 2 * rng.normal(size=60)[school[classroom]] + 1.5 * rng.normal(size=240)[classroom] + 4 * rng.normal(size=len(classroom))
    )
    return pd.DataFrame({
        "score": np.round(score, 2), "before": before, "size": size[classroom],
        # Numbers of classes start again in every school: the factor is school:classroom.
        "classroom": classroom % 4 + 1, "school": [f"s{k + 1}" for k in school[classroom]],
    })


def slopes_few_groups():
    """Gaussian (1 + x | g), 12 groups of 15 rows; no variance of slopes, so the posterior of their sd is at 0."""
    rng = np.random.default_rng(106)
    group = np.repeat(np.arange(12), 15)
    x = np.round(rng.uniform(0, 10, size=180), 2)
    y = 5 + 0.4 * x + 0.8 * rng.normal(size=12)[group] + 2 * rng.normal(size=180)
    return pd.DataFrame({"y": np.round(y, 3), "x": x, "g": [f"g{k + 1}" for k in group]})


def crossed_schools(binary):
    """Pupils in 100 primary and 20 secondary schools, with primaries that feed few secondaries."""
    rng = np.random.default_rng(107 if binary else 108)
    primary = rng.integers(100, size=3000)
    near = primary // 5
    secondary = np.where(rng.random(3000) < 0.5, near, rng.integers(20, size=3000))
    verbal = np.round(rng.normal(size=3000), 2)
    sex = rng.choice(["boy", "girl"], size=3000)
    sd_primary, sd_secondary = (0.8, 0.5) if binary else (1.1, 0.7)
    common = 0.2 * (sex == "girl") + sd_primary * rng.normal(size=100)[primary] + sd_secondary * rng.normal(size=20)[secondary]
    table = {"verbal": verbal, "sex": sex, "primary": [f"p{k + 1}" for k in primary], "secondary": secondary + 1}
    if binary:
        passed = rng.random(3000) < logistic(-0.3 + 0.9 * verbal + common)
        return pd.DataFrame({"passed": np.where(passed, "yes", "no"), **table})
    return pd.DataFrame({"attain": np.round(5.5 + 1.6 * verbal + common + 2 * rng.normal(size=3000), 2), **table})


def small_groups():
    """Random-intercept logit, 400 groups of 3 rows, sd 1: what Laplace's approximation gets wrong."""
    rng = np.random.default_rng(109)
    group = np.repeat(np.arange(400), 3)
    x = np.round(rng.normal(size=1200), 3)
    w = np.round(rng.normal(size=400), 3)[group]
    eta = -1 + 0.5 * x + 0.25 * w + rng.normal(size=400)[group]
    return pd.DataFrame({"y": (rng.random(1200) < logistic(eta)).astype(int), "x": x, "w": w, "g": group + 1})


def heavy_tails():
    """Student-t rows (3.5 degrees of freedom) in 50 groups of 4 to 14 rows."""
    rng = np.random.default_rng(110)
    group = np.repeat(np.arange(50), rng.integers(4, 15, size=50))
    x = np.round(rng.normal(size=len(group)), 3)
    y = 10 + 1.5 * x + 1.2 * rng.normal(size=50)[group] + 1.5 * rng.standard_t(3.5, size=len(group))
    return pd.DataFrame({"y": np.round(y, 3), "x": x, "g": [f"g{k + 1}" for k in group]})


def three_classes():
    """Three classes in 60 groups of 6 to 14 rows; sds of the groups' logits 0.9 (car) and 0.5 (train) against bus."""
    rng = np.random.default_rng(111)
    group = np.repeat(np.arange(60), rng.integers(6, 15, size=60))
    x = np.round(rng.normal(size=len(group)), 3)
    eta = np.stack([
        np.zeros(len(group)),
        0.3 + 0.6 * x + 0.9 * rng.normal(size=60)[group],
        -0.4 - 0.5 * x + 0.5 * rng.normal(size=60)[group],
    ], axis=1)
    classes = np.array(["bus", "car", "train"])
    # The largest of logits with Gumbel noise has the softmax's law.
    mode = classes[np.argmax(eta + rng.gumbel(size=eta.shape), axis=1)]
    return pd.DataFrame({"mode": mode, "x": x, "g": group + 1})


def crossed_heavy_tails():
    """Student-t rows (3.5 degrees of freedom) of 60 raters × 25 samples, each rater of some of them."""
    rng = np.random.default_rng(112)
    rater = rng.integers(60, size=900)
    sample = (25 * rng.random(900) ** 1.5).astype(int)
    x = np.round(rng.normal(size=900), 3)
    y = 20 + 1.2 * x + 1.0 * rng.normal(size=60)[rater] + 1.5 * rng.normal(size=25)[sample] + 1.4 * rng.standard_t(3.5, size=900)
    return pd.DataFrame({"y": np.round(y, 3), "x": x, "rater": [f"r{k + 1}" for k in rater], "sample": sample + 1})


def crossed_counts():
    """Counts with a dispersion of 0.5 at 50 sites × 15 seasons, with hours of observation; one in twenty is above 64."""
    rng = np.random.default_rng(113)
    site, season = rng.integers(50, size=700), rng.integers(15, size=700)
    x = np.round(rng.normal(size=700), 3)
    hours = np.round(0.5 + 6 * rng.random(700) ** 2, 2)
    mean = hours * np.exp(1.2 + 0.3 * x + 0.7 * rng.normal(size=50)[site] + 0.4 * rng.normal(size=15)[season])
    count = rng.poisson(mean * rng.gamma(2, 0.5, size=700))
    return pd.DataFrame({"count": count, "x": x, "hours": hours, "site": [f"s{k + 1}" for k in site], "season": season + 1})


TABLES = {
    "immunisation": immunisation,
    "counts": lambda: counts(0),
    "overdispersed-counts": lambda: counts(0.5),
    "slopes-binary": slopes_binary,
    "pupils": pupils,
    "slopes-few-groups": slopes_few_groups,
    "crossed-schools": lambda: crossed_schools(False),
    "crossed-schools-binary": lambda: crossed_schools(True),
    "small-groups": small_groups,
    "heavy-tails": heavy_tails,
    "three-classes": three_classes,
    "crossed-heavy-tails": crossed_heavy_tails,
    "crossed-counts": crossed_counts,
}

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for name, make in TABLES.items():
        table = make()
        table.to_csv(DATA / f"{name}.csv", index=False, lineterminator="\n")
        print(name, len(table))
