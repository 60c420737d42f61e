"""Detection: what can be known about faces and voices.  Only these names are for others."""

from detection.models import CannotFetch, Condition, Lock, read_lock
from detection.models import check as check_models
from detection.models import install as install_models

__all__ = [
    "CannotFetch",
    "Condition",
    "Lock",
    "check_models",
    "install_models",
    "read_lock",
]
