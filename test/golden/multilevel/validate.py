"""Checks of the integration and of the priors: posteriors of public data sets against references made by other programs.

    python validate.py FOLDER_OF_DATA FOLDER_OF_REFERENCES     (toenail, contraception, sleepstudy; cbpp is written)

The folders hold toenail.csv, .. of the R packages lme4, mlmRev and HSAUR3, and toenail.json, .. (long NUTS runs). Also
writes references/cbpp.json: `incidence | trials(size) ~ period + (1 | herd)` on lme4's cbpp, of which no copy is kept here;
period and herd are read as text.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from cases import gaussian, random_intercepts, slopes_binary, target_of
from references import REFERENCES, posterior_of


def toenail(frame):
    frame["treatment"] = (frame["treatment"] == "terbinafine").astype(float)
    frame["product"] = frame["treatment"] * frame["time"]
    return random_intercepts(
        frame, y=(frame["outcome"] != "none or mild").astype(float), predictors=["treatment", "time", "product"], by="patientID",
        family="bernoulli", formula="outcome ~ treatment * time + (1 | patientID)",
    ), {"treatment": "treatment[terbinafine]", "product": "treatment[terbinafine]:time"}


def contraception(frame):
    return slopes_binary(
        frame.assign(**{"urban[Y]": (frame["urban"] == "Y").astype(float)}), y=target_of(frame, "use", "Y"),
        predictors=["age", "livch", "urban[Y]"], by="district", slope="urban[Y]", formula="use == 'Y' ~ age + livch + urban + (1 + urban | district)",
    ), {}


def sleepstudy(frame):
    return gaussian(
        frame, y=target_of(frame, "Reaction"), predictors=["Days"], terms=[("Subject", frame["Subject"].astype(str).to_numpy(), "Days")],
        formula="Reaction ~ Days + (1 + Days | Subject)",
    ), {"cor(Subject)[Intercept,Days]": "cor(Subject)"}


def cbpp(frame):
    return random_intercepts(
        frame, y=frame["incidence"].astype(float), trials=frame["size"].astype(float), predictors=["period"], by="herd", family="binomial",
        formula="incidence | trials(size) ~ period + (1 | herd)", step=0.05,
    )


def compare(name, case, renamed, reference):
    posterior, _, ess = posterior_of(case, seed=2, count=4096)
    print(f"{name}: ESS {ess:.0f}")
    for key, ours in posterior.items():
        other = reference["posterior"][renamed.get(key, key)]
        shift = (ours["mean"] - other["mean"]) / other["sd"]
        print(f"  {key:40s} shift {shift:+.3f} sd, sd {100 * (ours['sd'] / other['sd'] - 1):+.1f}%", flush=True)


def main(data, references):
    text = {"herd": str, "period": str}
    case = cbpp(pd.read_csv(Path(data) / "cbpp.csv", dtype=text))
    posterior, effects, ess = posterior_of(case, seed=1)
    result = {
        "name": "cbpp", **case.info, "source": "R package lme4, data set cbpp (Lesnoff et al. 2004)",
        "method": f"exact integration of the groups' effects, importance sampling of the other parameters, ESS {ess:.0f} of 16384",
        "posterior": posterior, "effects": effects,
    }
    (REFERENCES / "cbpp.json").write_text(json.dumps(result, indent=1) + "\n")
    for file, build in (("toenail", toenail), ("sleepstudy", sleepstudy), ("Contraception", contraception)):
        name = file.lower()
        reference = json.loads((Path(references) / f"{name}.json").read_text())
        compare(name, *build(pd.read_csv(Path(data) / f"{file}.csv")), reference)


if __name__ == "__main__":
    main(*sys.argv[1:3])
