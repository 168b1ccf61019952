"""Vortices written on the order parameter of a full lattice.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.programs import here

from hpcneq import driver
from hpcneq.errors import InputError
from hpcneq.files.writer import Result
from hpcneq.systems.nsn_junction.physics.vortices import imprint

INPUT = """
system = "nsn-junction"
task = "evolve"
[parameters]
T = 0.1
gamma = 0.1
[numerics]
Lx = 8
Ly = 7
symmetry = "full"
dt = 0.25
pole_error = 1e-3
error_estimate = false
[initial]
state = "bcs"
vortices = [[2.0, 3.0, 1], [6.0, 3.0, -1]]
noise = 0.0
[run]
t_max = 0.5
"""


def turns(delta):
    """Turns of the phase around the four sites at +x, +y of each, on a torus."""
    phase = np.angle(delta)

    def between(axis):
        step = np.roll(phase, -1, axis) - phase
        return (step + np.pi) % (2 * np.pi) - np.pi

    x, y = between(0), between(1)
    around = x + np.roll(y, -1, 0) - np.roll(x, -1, 1) - y
    return np.rint(around / (2 * np.pi)).astype(int)


@pytest.mark.parametrize(
    "shape, vortices",
    [
        ((24, 24), [[8, 12, 1], [16, 12, -1]]),
        ((31, 20), [[3.2, 2.2, 1], [29.5, 17.3, -1]]),
        ((12, 9), [[0, 2.2, 1], [8.5, 7.3, -1], [4, 4, 1], [11, 8, -1]]),
    ],
)
def test_a_torus_has_the_vortices_that_were_asked_for(shape, vortices):
    """There, and no others across the edges, wherever the torus is cut. Fails if lines are not
    closed by a uniform current.
    """
    factor = imprint(shape, vortices, True)
    wanted = np.zeros(shape, int)
    for x, y, turn in vortices:
        wanted[int(x), int(y)] += turn
    assert np.array_equal(turns(factor), wanted)
    assert 0.5 < np.abs(factor).min() < 0.6 and np.abs(factor).max() < 1
    moved = [[(x + 5) % shape[0], (y + 4) % shape[1], turn] for x, y, turn in vortices]
    ratio = imprint(shape, moved, True) / np.roll(factor, (5, 4), (0, 1))
    assert np.abs(ratio - ratio[0, 0]).max() < 1e-9


def test_with_open_ends_one_vortex_may_be_alone():
    """Only its own four sites are turned around. Fails if dx and dy are exchanged."""
    found = turns(imprint((9, 12), [[4, 5, 1]], False))[:-1, :-1]
    assert found[4, 5] == 1 and np.abs(found).sum() == 1


def test_an_evolution_begins_with_its_vortices(tmp_path):
    """Both are in the first row, in a condensate of the same size far from them. Fails if the
    factor is written on the noise alone.
    """
    (tmp_path / "in.toml").write_text(INPUT)
    code, said = here("run", "in.toml", "-o", "out.h5", folder=tmp_path)
    assert code == 0, said
    result = Result(tmp_path / "out.h5")
    found = turns(result.delta[0])
    assert found[2, 3] == 1 and found[6, 3] == -1 and np.abs(found).sum() == 2
    size = np.abs(result.delta[0]).max()
    assert 0.8 < size / result.summary["initial_delta_max"] < 1.2


@pytest.mark.parametrize(
    "change, words",
    [
        (("[[2.0, 3.0, 1], [6.0, 3.0, -1]]", "[[2.0, 3.0, 1]]"), "turns must add up to 0"),
        (("[6.0, 3.0, -1]", "[6.0, 7.5, -1]"), "is not on the lattice"),
        (("[6.0, 3.0, -1]", "[6.0, 3.0, -0.5]"), "needs .x, y, whole turns."),
        (('"full"', '"stripe"'), 'goes with .numerics. symmetry = "full" only'),
        (('"bcs"', '"normal"'), "has no phase"),
        (("[run]", '[sites]\nboundary_x = "open"\n[run]'), "both boundaries"),
    ],
)
def test_vortices_that_cannot_be_are_refused(tmp_path, change, words):
    """One line each."""
    (tmp_path / "in.toml").write_text(INPUT.replace(*change))
    with pytest.raises(InputError, match=words):
        driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True)
