"""A ring whose levels are equally spaced: a constant density of states, nothing else."""

import numpy as np

from hpcneq.lattice import Model


def build(N=64, width=8.0):
    """e(k) rises in equal steps from -width/2 to width/2; spin down has e(-k).

    Uniform pairs are then (k up, -k down) of one energy, as in the theory of quenches.
    """
    levels = width * ((np.arange(N) + 0.5) / N - 0.5)
    waves = np.exp(2j * np.pi * np.outer(np.arange(N), np.arange(N)) / N) / np.sqrt(N)
    hopping = (waves * levels) @ waves.conj().T
    hopping = 0.5 * (hopping + hopping.conj().T)
    return Model(hopping, hopping_down=hopping.conj(), spin="z")
