"""Bayesian generalised linear and multilevel models for big tables, each with a certificate of its error.

>>> import ornstein
>>> fit = ornstein.fit(df, "y ~ x + (1 | school)")
>>> fit.summary(), fit.verdict, fit.idata
"""

from typing import TYPE_CHECKING, Any

from ._errors import CertificateWarning, CommandError, InputError, OrnsteinWarning
from ._node import NodeError
from ._options import version as __version__

if TYPE_CHECKING:
    from ._fit import Fit, fit, load

__all__ = [
    "CertificateWarning",
    "CommandError",
    "Fit",
    "InputError",
    "NodeError",
    "OrnsteinWarning",
    "__version__",
    "fit",
    "load",
]


def __getattr__(name: str) -> Any:
    # pandas and Arrow take a second to load, for which the command `ornstein` is not to wait.
    if name in ("Fit", "fit", "load"):
        from . import _fit

        return getattr(_fit, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
