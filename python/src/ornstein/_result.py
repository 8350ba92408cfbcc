"""What the command writes of a fit, as JSON, in the terms of this package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._errors import CertificateWarning, OrnsteinWarning

#: The columns of `Fit.summary`, which are those of `az.summary`.
statistics = ("mean", "sd", "hdi_3%", "hdi_97%", "mcse_mean", "ess_bulk", "ess_tail", "r_hat")


def estimates(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for coefficient in result["coefficients"]:
        yield coefficient["name"], coefficient
    for group in result.get("groups", []):
        for sd in group["sds"]:
            yield f"sd({group['factor']})[{sd['name']}]", sd
        for correlation in group["correlations"]:
            yield f"cor({group['factor']})[{','.join(correlation['names'])}]", correlation


def remarks(result: dict[str, Any], is_loaded: bool) -> Iterator[tuple[type[OrnsteinWarning], str]]:
    """What a result should not be read without; of a loaded fit what its certificate says."""
    certificate, dropped = result["certificate"], result["data"].get("droppedRows", 0)
    if not is_loaded:
        for sentence in result["warnings"]:
            yield OrnsteinWarning, sentence
        if dropped:
            yield OrnsteinWarning, f"{dropped:,} rows with a missing value in a column that the formula uses were left out."
    checks, assumptions = ([part for part in certificate[of] if not part["passed"]] for of in ("checks", "assumptions"))
    said = " ".join(part["message"] for part in checks or assumptions)
    if certificate["verdict"] == "failed":
        yield CertificateWarning, f"A check of the certificate failed, so the numbers may be off. {said}"
    elif certificate["verdict"] == "warning":
        yield OrnsteinWarning, f"The certificate warns. {said}"


def significant(value: float) -> str:
    return f"{value:.4g}"
