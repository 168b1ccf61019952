"""A ring with a flux made by Kwant, as a model of hpcneq; needs the package kwant."""

import kwant
import numpy as np

from hpcneq.lattice import Model


def build(N=12, t=1.0, flux=0.3):
    """A Kwant builder's Hamiltonian, its sites' positions, two contacts as groups.

    Kwant's leads are not read: they are given in [leads], by a table of their self-energy if need
    be. norbs = 1: one orbital, both spins alike.
    """
    lattice = kwant.lattice.general([(1.0, 0.0), (0.0, 1.0)], [(0.0, 0.0)], norbs=1)
    (sub,) = lattice.sublattices
    builder = kwant.Builder()
    side = N // 4
    edge = [(x, 0) for x in range(side)] + [(side, y) for y in range(side)]
    edge += [(side - x, side) for x in range(side)] + [(0, side - y) for y in range(side)]
    for place in edge:
        builder[sub(*place)] = 0.0
    for a, b in zip(edge, edge[1:] + edge[:1]):
        builder[sub(*b), sub(*a)] = -t * np.exp(2j * np.pi * flux / len(edge))
    finalized = builder.finalized()
    position = np.array([site.pos for site in finalized.sites])
    tags = [tuple(site.tag) for site in finalized.sites]
    hopping = finalized.hamiltonian_submatrix(sparse=True)
    return Model(
        hopping,
        position=position,
        groups={"left": [tags.index((0, 0))], "right": [tags.index((side, side))]},
    )
