"""What tests of detection share: the models, where they are installed."""

from pathlib import Path

import pytest

from detection.faces import FaceFinder
from detection.models import Condition, Models, read_lock

FOLDER = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="session")
def models() -> Models:
    opened = Models(FOLDER, read_lock())
    missing = [name for name, found in opened.conditions.items() if found != Condition.PRESENT]
    if missing:
        pytest.skip(f"not installed by `candor models install`: {', '.join(missing)}")
    return opened


@pytest.fixture(scope="session")
def finder(models: Models) -> FaceFinder:
    return FaceFinder(models)
