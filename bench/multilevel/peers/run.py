"""Runs every peer on every table, one at a time, and writes results.md: seconds, and errors against the reference.

    python run.py --public FOLDER --simulated FOLDER --references FOLDER [FOLDER ...] [--limit SECONDS] [--only PEER/TABLE ...]

Needs R with lme4, glmmTMB, jsonlite and data.table on the path, and requirements.txt in the Python that runs it. Answers are
kept in --work (default /tmp/peers) and are not asked for again. An error is |estimate - posterior mean| / posterior sd.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

from prepare import TRIALS, table

HERE = Path(__file__).parent
PEERS = {
    "lme4": ["Rscript", "lme4.R"],
    "lme4, 11 nodes": ["Rscript", "lme4.R"],
    "glmmTMB": ["Rscript", "glmmtmb.R"],
    "GPBoost": [sys.executable, "gpboost_peer.py"],
    "statsmodels": [sys.executable, "statsmodels_peer.py"],
    "Bambi": [sys.executable, "bambi_peer.py"],
}


def applies(peer, trial):
    if peer == "lme4, 11 nodes":
        return trial.family == "binomial"
    # NUTS over all effects takes hours on the larger tables.
    return peer != "Bambi" or trial.name in ("sleepstudy", "toenail")


def ask(peer, trial, path, limit):
    command = [*PEERS[peer], str(path), trial.formula, trial.family, *(["11"] if peer.endswith("nodes") else [])]
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    try:
        done = subprocess.run(command, cwd=HERE, env=os.environ | threads, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {limit} s"}
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    answer["total"] = {
        "wall": time.perf_counter() - started,
        "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }
    return answer


def reference_of(name, folders):
    for folder in folders:
        path = Path(folder) / f"{name}.json"
        if path.exists():
            return json.loads(path.read_text())["posterior"]
    return None


def plain(name):
    return name.split("[Intercept,")[0]


def errors_of(answer, trial, reference):
    known = {plain(name): entry for name, entry in reference.items()}
    errors = {}
    for name, entry in answer["estimates"].items():
        other = known.get(trial.renamed.get(name, name))
        if other is not None and "estimate" in entry:
            errors[name] = ((entry["estimate"] - other["mean"]) / other["sd"], entry.get("se", float("nan")) / other["sd"])
    return errors


def row_of(peer, answer, trial, reference):
    if "failed" in answer:
        return f"| {peer} | | | | | {answer['failed'][:160]} |"
    errors = errors_of(answer, trial, reference) if reference else {}
    fixed = {n: e for n, e in errors.items() if not n.startswith(("sd(", "cor(", "sigma"))}
    others = {n: e for n, e in errors.items() if n not in fixed}
    worst = max(fixed, key=lambda n: abs(fixed[n][0])) if fixed else None
    told = "; ".join(m.replace("\n", " ").replace("|", "/") for m in answer["said"])[:200] or "nothing"
    widths = [e[1] for e in fixed.values() if e[1] == e[1]]
    return (
        f"| {peer} {answer['version']} | {answer['processor']:.1f} ({answer['wall']:.0f}) "
        f"| {f'{fixed[worst][0]:+.2f} ({worst})' if worst else ''} | {', '.join(f'{n} {e[0]:+.2f}' for n, e in others.items())} "
        f"| {f'{min(widths):.2f} to {max(widths):.2f}' if widths else ''} | {told} |"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--public", required=True)
    parser.add_argument("--simulated", required=True)
    parser.add_argument("--references", nargs="+", required=True)
    parser.add_argument("--work", default="/tmp/peers")
    parser.add_argument("--limit", type=float, default=900)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    work = Path(options.work)
    work.mkdir(exist_ok=True)
    lines = []
    for trial in TRIALS:
        path = work / f"{trial.name}.csv"
        if not path.exists():
            table(trial.name, options.public, options.simulated).to_csv(path, index=False)
        reference = reference_of(trial.name, options.references)
        lines += [
            "", f"### {trial.name}: `{trial.formula}`", "",
            "| package | processor seconds (wall) | fixed effects: largest error | sds and correlations: errors | their se / reference sd, fixed effects | what it said |",
            "|---|---|---|---|---|---|",
        ]
        for peer in PEERS:
            kept = work / f"{trial.name}-{peer.replace(', ', '-').replace(' ', '-')}.json"
            if not applies(peer, trial):
                continue
            asked = not options.only or f"{peer}/{trial.name}" in options.only
            if not kept.exists() and asked:
                kept.write_text(json.dumps(ask(peer, trial, path, options.limit)))
            if kept.exists():
                lines.append(row_of(peer, json.loads(kept.read_text()), trial, reference))
                print(lines[-1], flush=True)
    print(f"\n{platform.python_version()}, {os.cpu_count()} cores, one thread")
    (work / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
