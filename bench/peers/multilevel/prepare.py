"""The tables that peers are tried on, with columns (and gaussian targets) standardised as in the references.

    python prepare.py NAME SOURCE OUT     SOURCE: the folder of the public data sets, or of what simulate.mjs wrote
"""

import sys
from pathlib import Path

import pandas as pd


def standard(values):
    values = values.astype(float)
    return (values - values.mean()) / values.std(ddof=0)


def table(name, source):
    if name == "sleepstudy":
        frame = pd.read_csv(Path(source) / "sleepstudy.csv")
        return pd.DataFrame({"y": standard(frame["Reaction"]), "Days": standard(frame["Days"]), "Subject": frame["Subject"]})
    if name == "toenail":
        frame = pd.read_csv(Path(source) / "toenail.csv")
        treated = (frame["treatment"] == "terbinafine").astype(float)
        return pd.DataFrame({
            "y": (frame["outcome"] != "none or mild").astype(int), "treatment": standard(treated), "time": standard(frame["time"]),
            "product": standard(treated * frame["time"]), "patientID": frame["patientID"],
        })
    if name == "insteval":
        frame = pd.read_csv(Path(source) / "InstEval.csv.gz")
        columns = {column: standard(frame[column]) for column in ("y", "service", "lectage", "studage")}
        return pd.DataFrame({**columns, "s": frame["s"], "d": frame["d"]})
    frame = pd.read_csv(Path(source) / f"{name}.csv")
    return frame.assign(x1=standard(frame["x1"]), x2=standard(frame["x2"]))


if __name__ == "__main__":
    table(*sys.argv[1:3]).to_csv(sys.argv[3], index=False)
