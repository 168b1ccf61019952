"""Phonon semiconductor: right-hand sides a second against plain numpy; one point of Fig. 2.

python tools/bench.d/phonon.py
"""

import time

import numpy as np

from hpcneq.systems.phonon_semiconductor.inputs import Numerics, Parameters
from hpcneq.systems.phonon_semiconductor.shared.model import semiconductor


def seconds(function, least=0.5):
    """Seconds of one call, the best of five rounds."""
    best, count = np.inf, 1
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(count):
            function()
        spent = time.perf_counter() - begun
        best, count = (
            min(best, spent / count),
            max(count, int(least / 5 / max(spent / count, 1e-9))),
        )
    return best


def plain(model, n11, n22, n21, s):
    """The same rates written down as the equations are, with whole matrices, for one run."""
    bands, turned = model.bands, slice(None, None, -1)
    delta = np.conj(model.V * (s @ bands.weight))
    pairs, flow = -2 * (delta * s).imag, (model.Omega * n21.conj()).imag
    gain1, loss1 = model.M1 @ n11, model.M1 @ n11 + model.M1.T @ (1 - n11)
    gain2, loss2 = model.M2 @ n22, model.M2 @ n22 + model.M2.T @ (1 - n22)
    down = model.recombination * n22 * (1 - n11)
    dn11 = flow + pairs[turned] + 2 * (gain1 - n11 * loss1) + down
    dn22 = -flow + pairs + 2 * (gain2 - n22 * loss2) - down
    dn21 = (
        1j * bands.eps * n21
        - 0.5j * model.Omega * (n22 - n11)
        - (loss1 + loss2) * n21
        - model.recombination * n21 * (1 - n11 + n22)
    )
    ds = (
        1j * bands.E * s
        + 1j * np.conj(delta) * (n11[turned] + n22 - 1)
        - (loss2 + loss1[turned]) * s
    )
    return dn11, dn22, dn21, ds


p = Parameters(Gamma_ph=0.02, Gamma_rr=0.002, A1=7.0, A2=24.0, m=[7, 2])
n = Numerics()
single = semiconductor(p, n)
rng = np.random.default_rng(1)
fields = [
    rng.uniform(0, 1, 201),
    rng.uniform(0, 1, 201),
    rng.normal(size=201) + 0j,
    rng.normal(size=201) + 0j,
]
worst = max(np.abs(a - b).max() for a, b in zip(single.rhs(0.0, *fields), plain(single, *fields)))
by_hand = seconds(lambda: plain(single, *fields))
print(
    f"plain numpy, 201 momenta: {1 / by_hand:8.0f} right-hand sides/s (largest difference "
    f"{worst:.0e})"
)
for runs in (1, 5, 10, 20):
    model = semiconductor(p, n, V=np.linspace(0.5, 5, runs)[:, None])
    many = [np.tile(values, (runs, 1)) for values in fields]
    each = seconds(lambda model=model, many=many: model.rhs(0.0, *many)) / runs
    print(
        f"{runs:3d} runs together: {1 / each:8.0f} right-hand sides/s, {by_hand / each:.1f} "
        "times the plain way; "
        f"32000 of them (t = 4000 of one point of Fig. 2) {32000 * each:.2f} s"
    )
