"""A Rashba wire in a Zeeman field with a prescribed gap, after Lutchyn, Oreg and others (2010)."""

import numpy as np

from hpcneq.lattice import Model


def build(N=40, t=1.0, alpha=0.5, B=0.6, mu=0.0, delta=0.3):
    """h_i = 2t - mu + B sigma_x, hop -t + i alpha sigma_y / 2, D = delta on every site."""
    sigma_x = np.array([[0, 1], [1, 0]])
    sigma_y = np.array([[0, -1j], [1j, 0]])
    shift = np.eye(N, k=1)
    hop = np.kron(shift, -t * np.eye(2) + 0.5j * alpha * sigma_y)
    hopping = np.kron(np.eye(N), (2 * t - mu) * np.eye(2) + B * sigma_x) + hop + hop.conj().T
    return Model(
        hopping,
        position=np.arange(N, dtype=float)[:, None],
        spin="full",
        pairing=delta * np.eye(N),
        groups={"left": [0], "right": [N - 1]},
    )
