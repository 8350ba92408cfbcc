"""Bayesian generalised linear and multilevel models for big tables, each with a certificate of its error.

>>> import ornstein
>>> fit = ornstein.fit(df, "y ~ x + (1 | school)")
>>> fit.summary(), fit.verdict, fit.idata
"""

from ._errors import CertificateWarning, CommandError, InputError, OrnsteinWarning
from ._fit import Fit, fit, load
from ._node import NodeError
from ._options import version as __version__

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
