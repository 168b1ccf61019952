"""The same task by other packages and by plain scipy, side by side: ratios of processor time.

python tools/bench.d/peers.py [laser | junction | exciton | lattice | quench ...]

Both sides compute the same numbers, which is checked. QuTiP and Kwant are asked for where they can
be imported (`pip install qutip`, `pip install kwant`, or a folder in PYTHONPATH). NESSi is in no
package registry: its seconds are those of one run on such a machine.
"""

import importlib.util
import sys
import time

import exciton
import lead_poles
import numpy as np
import propagation

import hpcneq
from hpcneq import petsc
from hpcneq.maths import bands
from hpcneq.systems.exciton_bec.physics import steady_states
from hpcneq.systems.laser_semiconductor.physics import dynamics, material
from hpcneq.systems.laser_semiconductor.physics.material import Material

ROW = "{:44s} {:>11s} {:>11s} {:>9s}"
DELTA = 0.02  # of the laser's block, held
T, STEP = 100.0, 0.05  # of its evolution
TEMPERATURE, ENERGIES = 0.02, 160  # of the leads; at which Kwant is asked
CUBATURE = 20.0  # s after which the plain cubature is stopped


def clocked(call, least=0.3):
    """(processor seconds of a call, the best of some if they are short; what it gives)."""
    taken = []
    while sum(taken) < least or (len(taken) < 2 and taken[0] < 1):
        begun = time.process_time()
        value = call()
        taken.append(time.process_time() - begun)
    return min(taken), value


def row(name, ours, theirs):
    """One line of the table."""
    print(ROW.format(name, f"{ours:.2e} s", f"{theirs:.2e} s", f"{theirs / ours:.3g}"), flush=True)


def importable(package, name):
    """Whether a peer is there; one line if not."""
    there = importlib.util.find_spec(package) is not None
    if not there:
        print(f"{name}: the Python package {package} is not there")
    return there


def same(a, b, tolerance):
    """Raise SystemExit where two sides differ."""
    if not np.allclose(a, b, rtol=0, atol=tolerance):
        raise SystemExit(f"the two sides differ: {a} and {b}")


# ---- laser: one block (k, -k) at fixed Delta against QuTiP's master equation --------------------


def laser():
    """Steady state and evolution of populations and pairs."""
    if not importable("qutip", "laser"):
        return
    import qutip

    m = Material(
        V=0.0, Omega=0.5, Gamma1=0.999e-2, Gamma2=1e-5, Gamma12=1e-2, kappa_plus=-50.0, v_minus=10.0
    )
    grid = bands.uniform(0.2, 201)
    band, place = m.on(grid), 150
    H, jumps, seen = block(m, band, place)
    count = len(grid[0])

    ours, n = clocked(lambda: material.populations(m, band, DELTA**2))
    theirs, rho = clocked(lambda: qutip.steadystate(H, jumps))
    same([x[place] for x in n], [qutip.expect(x, rho).real for x in seen[:2]], 1e-8)
    row("laser, steady state of a block: QuTiP", ours / count, theirs)

    start = dynamics.initial(m, grid, 1, "equilibrium", 0.0)
    model = dynamics.Pairing(m, grid, [0.0], start, DELTA)
    options = {"atol": 1e-10, "rtol": 1e-8, "nsteps": 100000}

    def evolved():
        fields = {name: values.copy() for name, values in start.items()}
        model.repeat(fields, STEP, round(T / STEP))
        return fields

    ours, fields = clocked(evolved)
    first = qutip.basis([2] * 4, [1, 0, 1, 0])
    theirs, solution = clocked(
        lambda: qutip.mesolve(H, first, [0.0, T], jumps, seen[:2], options=options)
    )
    numbers = [fields[name][place, 0].real for name in ("n11", "n22")]
    same(numbers, [x[-1].real for x in solution.expect], 1e-6)
    row(f"laser, a block to t = {T:g}: QuTiP", ours / count, theirs)


def block(m, band, place):
    """(H, jumps, populations) of QuTiP for the four modes of k and -k."""
    import qutip

    c1, c2, d1, d2 = (qutip.fdestroy(4, j) for j in range(4))
    E1, E2 = band.E1[place], band.E2[place]
    H = 0.5 * m.Omega * sum(a.dag() * b + b.dag() * a for a, b in ((c1, c2), (d1, d2)))
    H += E1 * (c1.dag() * c1 + d1.dag() * d1) + E2 * (c2.dag() * c2 + d2.dag() * d2)
    pairs = c2.dag() * d1.dag() + d2.dag() * c1.dag()
    H -= DELTA * (pairs + pairs.dag())
    jumps = [np.sqrt(2 * m.Gamma1) * c.dag() for c in (c1, d1)]
    jumps += [np.sqrt(2 * m.Gamma2) * c for c in (c2, d2)]
    return H, jumps, (c1.dag() * c1, c2.dag() * c2)


# ---- junction: RK4 with scipy's sparse products, Ozaki's poles -----------------------------------


def junction(Lx=21):
    """A unit of time at equal error in Delta."""
    fine = propagation.biased(Lx, error=1e-6)
    coarse = propagation.biased(Lx, error=1e-6, method="ozaki")
    seed = propagation.patterns.cosine(fine.lattice, 2, 0.4) + 0j
    dt = 0.25
    ours, _, _ = propagation.exponential(propagation.Quench(fine, seed), dt, 8)
    system = propagation.Quench(coarse, seed)
    step = 2.6 / max(abs(system.rates_at(1.0)).max(), 1.0)  # as long as RK4 is stable
    theirs, _ = propagation.plain(system, step, 3)
    row(f"junction, {Lx} x 11, a unit of time: scipy", ours / dt, theirs / step)


# ---- exciton: adaptive cubature in three dimensions ----------------------------------------------


def exciton_response():
    """M(q, w) at the error that the cubature reaches."""
    drive, q, w = exciton.POINTS[0]
    state = steady_states.solve(drive)
    exact = exciton.response.matrices(state, q, [w], fine=1.7)[0]
    ours = [exciton.timed(state, q, w, exact, fine) for fine in exciton.FINENESS]
    way = exciton.cubature(state, q, w, exact, CUBATURE)
    for target, theirs, error, _ in exciton.met(way):
        if error <= target:
            mine = next(spent for spent, reached in ours if reached <= error)
            row(f"exciton, M to {target:g}: cubature", mine, theirs)


# ---- lattice: a square between two chains by Kwant ----------------------------------------------


def lattice(N=6):
    """Currents through a square of N x N sites at six biases, and by Kwant to 1e-3."""
    if not importable("kwant", "lattice"):
        return
    eV = np.linspace(0.1, 0.9, 6)
    given = {
        "system": "lattice",
        "task": "transport",
        "model": square(N),
        "leads": {name: chain(name, sign) for name, sign in (("left", 0.5), ("right", -0.5))},
        "sweep": {"eV": eV.tolist()},
        "numerics": {"energies": "window"},
    }
    ours, result = clocked(lambda: hpcneq.run(given))
    theirs, currents = clocked(lambda: by_kwant(N, eV))
    same(np.asarray(result.current)[:, 0], currents, 1e-3)
    row(f"lattice, {N} x {N}, six currents: Kwant", ours, theirs)


def square(N):
    """[model] of a square of N x N sites."""
    hops = [{"from": "s", "to": "s", "shift": shift, "value": -1.0} for shift in ([1, 0], [0, 1])]
    cell = {
        "vectors": [[1.0, 0.0], [0.0, 1.0]],
        "orbitals": [{"name": "s", "at": [0.0, 0.0]}],
        "size": [N, N],
        "periodic": [False, False],
    }
    return {"spin": "z", "cell": cell, "hop": hops}


def chain(name, sign):
    """A lead at one corner."""
    sites = {axis: "min" if name == "left" else "max" for axis in "xy"}
    lead = {"kind": "chain", "hopping": 1.0, "contact": 0.7, "T": TEMPERATURE}
    return {**lead, "sites": sites, "bias": sign}


def by_kwant(N, eV):
    """Currents (biases,) from Kwant's transmissions; a lead's band moves with its bias."""
    import kwant

    place = kwant.lattice.square(norbs=1)
    builder = kwant.Builder()
    builder[(place(x, y) for x in range(N) for y in range(N))] = 0.0
    builder[place.neighbors()] = -1.0
    for x, y, step, name in ((0, 0, -1, "left"), (N - 1, N - 1, 1, "right")):
        end = place(x + step, y)
        builder[end] = level(name)
        builder[end, place(x, y)] = -0.7
        lead = kwant.Builder(kwant.TranslationalSymmetry((step, 0)))
        lead[place(0, y)] = level(name)
        lead[place(1, y), place(0, y)] = -1.0
        builder.attach_lead(lead)
    system = builder.finalized()
    nodes, weights = np.polynomial.legendre.leggauss(ENERGIES)
    return np.array([current(system, x, nodes, weights) for x in eV])


def level(name):
    """The potential of a lead's sites as Kwant asks for it."""
    if name == "left":
        return lambda site, left: left
    return lambda site, right: right


def current(system, eV, nodes, weights):
    """The current at one bias."""
    import kwant

    far = 0.5 * eV + 20 * TEMPERATURE
    potentials = {"left": 0.5 * eV, "right": -0.5 * eV}
    share = [
        kwant.smatrix(system, float(far * x), params=potentials).transmission(1, 0) for x in nodes
    ]
    left, right = (1 / (1 + np.exp((far * nodes - s * eV) / TEMPERATURE)) for s in (0.5, -0.5))
    return float(far / np.pi * ((left - right) * share) @ weights)


# ---- lattice: a quench of 8 waves; NESSi's seconds were measured once, on such a machine ---------


def quench():
    """A superconductor with baths to t = 10 at the errors of NESSi's two runs."""
    for target, _, ours, _, _, theirs in lead_poles.quenches_at(True):
        row(f"quench of 8 waves to {target:g}: NESSi's run", ours, theirs)


PEERS = {
    "laser": laser,
    "junction": junction,
    "exciton": exciton_response,
    "lattice": lattice,
    "quench": quench,
}


if __name__ == "__main__":
    petsc.start()
    print(ROW.format("task: peer", "here", "there", "ratio"))
    for name in sys.argv[1:] or PEERS:
        PEERS[name]()
