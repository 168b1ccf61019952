"""Patterns that mirrors of the lattice leave as they are are sought among such alone, by dense
matrices of each way to turn.

Every docstring names a change of the code under which the test was seen to fail.
"""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hpcneq.errors import NotConverged
from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers import newton
from hpcneq.systems.nsn_junction.physics import junction as model
from hpcneq.systems.nsn_junction.physics import patterns
from hpcneq.systems.nsn_junction.physics.site_lattice import Sites
from hpcneq.systems.nsn_junction.shared import site_patterns
from hpcneq.tasks import start_progress

BIAS = drives.Drive(0.3)


def junction(Lx, Ly):
    """A junction with a bias, of leads that mirror each other."""
    sides = (("left", 1), ("right", -1))
    pair = tuple(model.Lead(name, 0.05, 0.05, 0.0, sign) for name, sign in sides)
    poles = model.fit_poles(pair, 0.1, model.window(pair, 0.0, 0.2, BIAS, 10.0), 1e-4)
    return model.Junction(1.5, 0.0, 0.2, pair, model.stripe(Lx, Ly, 0.0), BIAS, poles)


def place(Lx, Ly, **more):
    """Sites that are alike."""
    return Sites(Lx, Ly, np.zeros(Lx * Ly), np.full(Lx * Ly, 1.5), **more)


def both(Lx, Ly, **more):
    """(the equations of any pattern, those of even ones, an even pattern)."""
    sites = place(Lx, Ly, **more)
    problem = site_patterns.gap_equations(junction(Lx, Ly), sites)
    seed = patterns.site_seed(Lx, Ly, "crossed", 1, 0.3).ravel()
    return problem, site_patterns.even_equations(problem, sites, seed), seed


@pytest.mark.parametrize("Lx, Ly, sectors", [(5, 4, 4), (5, 5, 5), (6, 6, 5)])
def test_an_even_pattern_has_the_image_that_resolvents_give(Lx, Ly, sectors):
    """Of all sectors of the mirrors, those of the square's diagonal among them.

    Fails if the sector that is odd in x alone counts once, or holes' modes are not conjugated.
    """
    problem, even, seed = both(Lx, Ly)
    assert even.items == sectors
    sizes = [len(h) for h in even.levels]
    if sectors == 5:  # the last one stands for two
        sizes.append(sizes[-1])
    assert sum(sizes) == Lx * Ly
    one = newton.Work(problem, solo()).residual(problem.unknowns(seed + 0j))
    other = newton.Work(even, solo()).residual(even.unknowns(seed + 0j))
    assert np.abs(one).max() > 0.01
    assert np.abs(one - problem.unknowns(even.whole(other))).max() < 1e-13


def test_what_is_not_even_is_sought_as_before():
    """A pattern with noise, a disordered lattice, a vector potential have no such equations.

    Fails where any of the three is not looked at.
    """
    problem, even, seed = both(5, 4)
    sites = problem.system.sites
    noise = patterns.site_noise(20, 1e-3, 1)
    assert even is not None
    assert site_patterns.even_equations(problem, sites, seed + noise) is None
    assert site_patterns.even_equations(problem, sites, seed + noise.real) is None
    rough = replace(sites, potential=0.1 * np.arange(20.0))
    pushed = replace(sites, vector=(drives.Drive(0.2), drives.Drive(0.0)))
    for other in (rough, pushed):
        equations = site_patterns.gap_equations(junction(5, 4), other)
        assert site_patterns.even_equations(equations, other, seed) is None


@pytest.mark.parallel
def test_ranks_share_the_sectors(comm):
    """On any number of ranks the image is that of one.

    Fails if a rank takes the first sectors in place of its own.
    """
    _, even, seed = both(5, 5)
    x = even.unknowns(seed + 0j)
    alone = newton.Work(even, solo()).residual(x)
    assert np.abs(newton.Work(even, comm).residual(x) - alone).max() < 1e-14


def test_a_long_search_tells_how_far_it_is(monkeypatch):
    """A line for every image of the mean field, were there ten seconds between them.

    Fails if the search of even patterns has no progress.
    """
    monkeypatch.setattr(start_progress, "EVERY", 0.0)
    lines, sites, given = [], place(5, 4), junction(5, 4)
    monkeypatch.setitem(site_patterns.ANDERSON, "snes_max_it", 2)
    seed = patterns.site_seed(5, 4, "crossed", 1, 0.3).ravel() + 0j
    said = SimpleNamespace(initial=SimpleNamespace(state="crossed"))
    with pytest.raises(NotConverged):
        site_patterns.self_consistent(said, solo(), given, sites, lines.append, (seed, 1))
    assert lines[0].startswith("initial: 1 evaluations of the mean field, it moves by ")
    assert "ETA" in lines[1] and len(lines) >= 4
