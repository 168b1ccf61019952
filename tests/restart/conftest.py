"""A small run, whole and stopped in its middle."""

import shutil

import pytest
from support.programs import INPUT, here

STOPPED = 75


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The small run, never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "in.toml").write_text(INPUT)
    code, out = here("run", "in.toml", "-o", "out.h5", folder=folder)
    assert code == 0, out
    return folder / "out.h5"


@pytest.fixture
def place(tmp_path):
    """A folder with the input of the small run."""
    (tmp_path / "in.toml").write_text(INPUT)
    return tmp_path


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    """A run stopped in its middle, with two generations."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "in.toml").write_text(INPUT)
    code, out = here(
        "run", "in.toml", "-o", "out.h5", "--set", "run.wall_limit=0.0001", folder=folder
    )
    assert code == STOPPED, out
    code, out = here("resume", "out.h5", folder=folder)
    assert code == STOPPED and "continuing out.h5 at t = 0.25, step 1" in out, out
    return folder


@pytest.fixture
def cut(place, begun):
    """A copy of it."""
    for path in begun.glob("out.h5*"):
        shutil.copy(path, place)
    return place
