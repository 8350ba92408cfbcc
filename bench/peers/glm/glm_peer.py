"""What the peers of the logistic regressions share: arguments, clocks, and the JSON line that a peer ends with.

    python PEER.py DESIGN METHOD [--draws 1000] [--warmup 1000]     DESIGN is a folder that designs.py wrote
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("design")
    parser.add_argument("method")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--warmup", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = Path(options.design)
    design = json.loads((folder / "design.json").read_text())
    return options, np.load(folder / "x.npy"), np.load(folder / "y.npy"), np.array(design["priorSds"])


class Clock:
    """Seconds of work; what JAX spends on tracing and compiling is counted apart."""

    def __init__(self):
        self.compiling = []
        self.started = time.perf_counter()

    def watch_jax(self):
        import jax

        def listen(event, seconds, **_):
            # Tracing, lowering and XLA's compilation; each is told when it ends.
            if event.startswith("/jax/core/compile/"):
                now = time.perf_counter()
                self.compiling.append((now - seconds, now))

        jax.monitoring.register_event_duration_secs_listener(listen)
        return self

    def spent(self):
        whole = time.perf_counter() - self.started
        compiling, end = 0.0, self.started
        # What is traced within another trace is told twice: the union of the spans counts.
        for begun, ended in sorted(self.compiling):
            compiling += max(0.0, ended - max(begun, end))
            end = max(end, ended)
        return {"run": whole - compiling, "compile": compiling}


def answer(version, draws, spent, **more):
    """`draws`: (chains, draws, parameters), or (draws, parameters)."""
    flat = np.asarray(draws, float).reshape(-1, draws.shape[-1])
    print(json.dumps({"version": version, "mean": flat.mean(0).tolist(), "sd": flat.std(0, ddof=1).tolist(), **spent, **more}))
