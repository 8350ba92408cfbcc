"""What can go wrong, and what is warned of."""

from __future__ import annotations


class InputError(ValueError):
    """Data, a formula or options that cannot be used; one sentence says what, where, and what to do."""


class CommandError(RuntimeError):
    """The command could not be run, or ended in a way that nobody foresaw."""


class OrnsteinWarning(UserWarning):
    """What a result should not be read without."""


class CertificateWarning(OrnsteinWarning):
    """A check of the certificate failed: the numbers may be off by more than they say."""
