"""The tables that peers are tried on, with columns (and gaussian targets) standardised as in the references."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Trial:
    name: str
    family: str
    formula: str
    # Names of the formula's columns and of parameters, where the reference's differ.
    renamed: dict


TRIALS = [
    Trial("sleepstudy", "gaussian", "y ~ Days + (1 + Days | Subject)", {}),
    Trial("toenail", "binomial", "y ~ treatment + time + product + (1 | patientID)", {"treatment": "treatment[terbinafine]", "product": "treatment[terbinafine]:time"}),
    Trial("insteval", "gaussian", "y ~ service + lectage + studage + (1 | s) + (1 | d)", {}),
    Trial("logit-unequal", "binomial", "y ~ x1 + x2 + (1 | g)", {}),
    Trial("logit-1m", "binomial", "y ~ x1 + x2 + (1 | g)", {}),
]


def standard(values):
    values = values.astype(float)
    return (values - values.mean()) / values.std(ddof=0)


def table(name, public, simulated):
    """`public`: folder of sleepstudy.csv, toenail.csv, InstEval.csv.gz; `simulated`: of what simulate.mjs wrote."""
    if name == "sleepstudy":
        frame = pd.read_csv(Path(public) / "sleepstudy.csv")
        return pd.DataFrame({"y": standard(frame["Reaction"]), "Days": standard(frame["Days"]), "Subject": frame["Subject"]})
    if name == "toenail":
        frame = pd.read_csv(Path(public) / "toenail.csv")
        treated = (frame["treatment"] == "terbinafine").astype(float)
        return pd.DataFrame({
            "y": (frame["outcome"] != "none or mild").astype(int), "treatment": standard(treated), "time": standard(frame["time"]),
            "product": standard(treated * frame["time"]), "patientID": frame["patientID"],
        })
    if name == "insteval":
        frame = pd.read_csv(Path(public) / "InstEval.csv.gz")
        columns = {column: standard(frame[column]) for column in ("y", "service", "lectage", "studage")}
        return pd.DataFrame({**columns, "s": frame["s"], "d": frame["d"]})
    frame = pd.read_csv(Path(simulated) / f"{name}.csv")
    return frame.assign(x1=standard(frame["x1"]), x2=standard(frame["x2"]))
