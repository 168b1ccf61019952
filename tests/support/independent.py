"""Independent solutions of the junction's dynamics, written from the equations and not from the
package.

Nothing here imports hpcneq. All routes share the conventions of this file only: sites j = 0 .. N-1
of an Lx x Ly lattice (j = x Ly + y), spinor (c_up 0 .. N-1, c_down^+ 0 .. N-1), the full 2N x 2N
Hamiltonian

    H[D] = [[xi - h, -D], [-D*, -xi - h]],       D_j = U <c_down,j c_up,j> = -i U G^<_{j up, j down}

and leads that hold, for electrons of either spin, levels e + shift(t) occupied as f(e), e measured
from the Fermi energy: a hole therefore sees -shift. Each site has its own copy of every lead.

Routes to G^<(t), from the most literal to the most abstract:

* :class:`FiniteLeads`: every lead is a few hundred levels; the unitary evolution of all levels
together.
* :class:`Waves`: every wide-band lead level sends a wave into the system, i dphi/dt = (H - i Gamma
- w -+ shift) phi + e_j;
  G^< is the w integral of f(w) phi phi^+. Exact for wide bands; no expansion of f.
* :class:`DenseModes`: the memory integral in modes, one 2N x 2N matrix per lead and pole, explicit
integration.
* :func:`quadrature`: stationary states as the w integral of G^R Sigma^< G^A.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import solve_sylvester
from scipy.special import expit, psi


def dispersion(Lx, Ly, mu=0.0):
    """xi_k = -2 cos kx - 2 cos ky - mu on the lattice's momenta: (Lx, Ly)."""
    kx, ky = (2 * np.pi * np.arange(L) / L for L in (Lx, Ly))
    return -2 * np.cos(kx)[:, None] - 2 * np.cos(ky)[None, :] - mu


def hopping(Lx, Ly, mu=0.0):
    """The hopping matrix (N, N), from the dispersion: <j|xi|k> = (1/N) sum_q xi_q e^{iq(r_j -
    r_k)}.
    """
    x, y = (a.ravel() for a in np.meshgrid(np.arange(Lx), np.arange(Ly), indexing="ij"))
    waves = np.exp(2j * np.pi * (np.outer(x, x) / Lx + np.outer(y, y) / Ly)) / np.sqrt(Lx * Ly)
    return (waves * dispersion(Lx, Ly, mu).ravel() @ waves.conj().T).real


def bdg(xi, delta, h):
    """H[D], (2N, 2N)."""
    pair = np.diag(delta)
    one = np.eye(len(xi))
    return np.block([[xi - h * one, -pair], [-pair.conj(), -xi - h * one]])


@dataclass(frozen=True)
class Lead:
    """Coupling, temperature, and the height of the Fermi energy above the system's mu: ``before`` t
    = 0 and ``shift(t)``.
    """

    gamma: float
    T: float
    before: float
    shift: Callable


@dataclass(frozen=True)
class Trace:
    """Observables at ``t`` (M,): delta (M, N), up and down densities (M, N), currents into the
    system (M, leads, up/down).
    """

    t: np.ndarray
    delta: np.ndarray
    up: np.ndarray
    down: np.ndarray
    current: np.ndarray


class Route:
    """A system of N sites with ``U``, ``h`` and leads; subclasses give ``start``, ``rhs``,
    ``green`` and ``inflow``.
    """

    def __init__(self, xi, U, h, leads):
        self.xi, self.U, self.h, self.leads = xi, U, h, leads
        self.N = len(xi)
        self.width = sum(lead.gamma for lead in leads)

    def order_parameter(self, G):
        N = self.N
        return -1j * self.U * np.diagonal(G[:N, N:])

    def hamiltonian(self, G):
        return bdg(self.xi, self.order_parameter(G), self.h)

    def nambu_sign(self):
        """+1 for the electron rows, -1 for the hole rows: (2N,)."""
        return np.repeat([1.0, -1.0], self.N)

    def follow(self, delta, times, rtol=1e-9, atol=1e-11, step=None, breaks=()):
        """Evolve from the stationary state of the order parameter ``delta``: a :class:`Trace` at
        ``times``.

        DOP853 or, with ``step``, classical RK4 of that step; ``breaks`` are times at which a shift
        jumps.
        """
        y, found = self.start(np.asarray(delta, complex)), []
        t = 0.0
        for target in sorted({*times, *(b for b in breaks if b < max(times))}):
            if target > t:
                y = self._advance(y, t, target, rtol, atol, step)
            t = target
            if t in times:
                found.append(self.observe(t, y))
        return Trace(np.array(sorted(times)), *(np.array(part) for part in zip(*found)))

    def _advance(self, y, t, target, rtol, atol, step):
        inside = (
            np.nextafter(t, target),
            np.nextafter(target, t),
        )  # a jump belongs to the next interval

        def rhs(s, y):
            return self.rhs(min(max(s, inside[0]), inside[1]), y)

        if step is None:
            return solve_ivp(rhs, (t, target), y, method="DOP853", rtol=rtol, atol=atol).y[:, -1]
        n = max(1, int(np.ceil((target - t) / step - 1e-9)))
        dt = (target - t) / n
        for k in range(n):
            s = t + k * dt
            a = rhs(s, y)
            b = rhs(s + dt / 2, y + dt / 2 * a)
            c = rhs(s + dt / 2, y + dt / 2 * b)
            d = rhs(s + dt, y + dt * c)
            y = y + dt / 6 * (a + 2 * b + 2 * c + d)
        return y

    def observe(self, t, y):
        G = self.green(t, y)
        n = (-1j * np.diagonal(G)).real
        flow = self.inflow(t, y)  # (leads, 2N): gain of -i G_jj from each lead
        N = self.N
        current = np.array([[f[:N].sum(), -f[N:].sum()] for f in flow]) / N
        return self.order_parameter(G), n[:N], 1 - n[N:], current


# ---- modes, dense and unblocked
# ------------------------------------------------------------------------------------


class DenseModes(Route):
    """i dPi_lp/dt = 2 gamma_l r_p + (H - i Gamma) Pi_lp - Pi_lp (i w_p + shift_l tau_3), each Pi_lp
    a full 2N x 2N matrix;
    i dG/dt = [H, G] - 2 i Gamma G - Pi - Pi^+ with Pi = Gamma/2 + sum Pi_lp. ``poles``: one (w, r)
    per lead.
    """

    def __init__(self, xi, U, h, leads, poles):
        super().__init__(xi, U, h, leads)
        self.modes = [(k, w, r) for k, (ws, rs) in enumerate(poles) for w, r in zip(ws, rs)]
        self.w = np.array([w for _, w, _ in self.modes])
        self.source = np.array([2 * leads[k].gamma * r for k, _, r in self.modes])
        self.lead = np.array([k for k, _, _ in self.modes])

    def z(self, shifts):
        """(modes, 2N) frequencies, column by column."""
        return 1j * self.w[:, None] + np.asarray(shifts)[self.lead][:, None] * self.nambu_sign()

    def split(self, y):
        n = 2 * self.N
        blocks = y.reshape(-1, n, n)
        return blocks[0], blocks[1:]

    def start(self, delta):
        n = 2 * self.N
        H = bdg(self.xi, delta, self.h)
        z, one = self.z([lead.before for lead in self.leads]), np.eye(n)
        Pi = np.array(
            [
                np.column_stack(
                    [
                        np.linalg.solve((z[m, a] + 1j * self.width) * one - H, s * one[:, a])
                        for a in range(n)
                    ]
                )
                for m, s in enumerate(self.source)
            ]
        )
        total = Pi.sum(0) + 0.5 * self.width * one
        # (H - i Gamma) G - G (H + i Gamma) = Pi + Pi^+
        G = solve_sylvester(
            H - 1j * self.width * one, -(H + 1j * self.width * one), total + total.conj().T
        )
        return np.concatenate([G[None], Pi]).ravel()

    def rhs(self, t, y):
        G, Pi = self.split(y)
        H = self.hamiltonian(G)
        total = Pi.sum(0) + 0.5 * self.width * np.eye(2 * self.N)
        out = np.empty((1 + len(Pi), *G.shape), complex)
        out[0] = -1j * (H @ G - G @ H - 2j * self.width * G - total - total.conj().T)
        A = H - 1j * self.width * np.eye(2 * self.N)
        z = self.z([lead.shift(t) for lead in self.leads])
        out[1:] = -1j * (A @ Pi - Pi * z[:, None, :])
        j = np.arange(2 * self.N)
        out[1:, j, j] += -1j * self.source[:, None]
        return out.ravel()

    def green(self, t, y):
        return self.split(y)[0]

    def inflow(self, t, y):
        G, Pi = self.split(y)
        n = (-1j * np.diagonal(G)).real
        return [
            2 * (np.einsum("mjj->j", Pi[self.lead == k]).real + 0.5 * lead.gamma)
            - 2 * lead.gamma * n
            for k, lead in enumerate(self.leads)
        ]


# ---- waves from wide-band leads
# ------------------------------------------------------------------------------------


def energy_grid(T, width, t_max, reach, cutoff):
    """Symmetric Gauss nodes and weights on [-cutoff, cutoff] that resolve f at temperature T,
    levels of half-width ``width``
    in |w| < reach, and phases e^{iwt}, 0 <= t <= t_max."""
    x, w = np.polynomial.legendre.leggauss(16)
    phase = 24.0 / max(t_max, 1e-9)
    edges = list(np.arange(0, 9 * np.pi * T, np.pi * T))
    while edges[-1] < cutoff:
        smooth = 3 * width if edges[-1] < reach else edges[-1] / 3
        edges.append(min(edges[-1] + min(phase, smooth), cutoff))
    half, centre = 0.5 * np.diff(edges), 0.5 * (np.array(edges[1:]) + edges[:-1])
    nodes, weights = (centre[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()
    return np.concatenate([-nodes[::-1], nodes]), np.concatenate([weights[::-1], weights])


class Waves(Route):
    """phi_{l,a,w}(t), the wave that a level w of lead l sends in through row a (Fano's scattering
    states, in time).

        i dphi/dt = (H - i Gamma - w -+ shift_l) phi + e_a,    G^< = sum_l int dw/2pi 2 i gamma_l
        f(w) sum_a phi phi^+ dn_a/dt from lead l = -4 gamma_l int dw/2pi f(w) Im phi_a - 2 gamma_l
        n_a

    f = 1/2 gives G^< = i/2 exactly, so only f - 1/2 is integrated; beyond the cutoff W the leading
    terms are known: G^<_tail = -(i / pi W^2) sum_l gamma_l (H - shift_l tau_3), left out of order
    Gamma W^-4.
    """

    def __init__(self, xi, U, h, leads, t_max, reach, cutoff=150.0):
        super().__init__(xi, U, h, leads)
        self.cutoff = cutoff
        self.grids = [energy_grid(lead.T, self.width, t_max, reach, cutoff) for lead in leads]
        sign = self.nambu_sign()
        columns = []  # (lead, row a, w, weight)
        for k, (lead, (w, dw)) in enumerate(zip(leads, self.grids)):
            for a in range(2 * self.N):
                columns.append(
                    (
                        np.full(len(w), k),
                        np.full(len(w), a),
                        w,
                        dw / (2 * np.pi) * 2 * lead.gamma * (expit(-w / lead.T) - 0.5),
                    )
                )
        self.lead, self.row, self.w, self.weight = (np.concatenate(part) for part in zip(*columns))
        self.sign = sign[self.row]
        self.at = (self.row, np.arange(len(self.w)))

    def frequencies(self, shifts):
        return self.w + self.sign * np.asarray(shifts)[self.lead]

    def start(self, delta):
        self.delta0 = delta
        H = bdg(self.xi, delta, self.h)
        e, V = np.linalg.eigh(H)
        w = self.frequencies([lead.before for lead in self.leads])
        return (V @ (V.conj().T[:, self.row] / (w - e[:, None] + 1j * self.width))).ravel()

    def bare(self, phi):
        n = 2 * self.N
        return 0.5j * np.eye(n) + 1j * ((phi * self.weight) @ phi.conj().T)

    def green(self, t, y):
        phi = y.reshape(2 * self.N, -1)
        G = self.bare(phi)
        shift = sum(lead.gamma * (lead.shift(t) if t > 0 else lead.before) for lead in self.leads)
        if t == 0:
            H = bdg(self.xi, self.delta0, self.h)  # the H this state is stationary for
        else:
            H = self.hamiltonian(G)
        return G - 1j / (np.pi * self.cutoff**2) * (
            self.width * H - shift * np.diag(self.nambu_sign())
        )

    def rhs(self, t, y):
        phi = y.reshape(2 * self.N, -1)
        H = self.hamiltonian(self.green(t, y)) - 1j * self.width * np.eye(2 * self.N)
        out = H @ phi - phi * self.frequencies([lead.shift(t) for lead in self.leads])
        out[self.at] += 1.0
        return (-1j * out).ravel()

    def inflow(self, t, y):
        phi = y.reshape(2 * self.N, -1)
        n = (-1j * np.diagonal(self.green(t, y))).real
        direct = -2 * phi[self.at].imag * self.weight
        sign, found = self.nambu_sign(), []
        for k, lead in enumerate(self.leads):
            mine = self.lead == k
            gain = (
                np.bincount(self.row[mine], direct[mine], minlength=2 * self.N) + lead.gamma
            )  # f = 1/2: 2 gamma 1/2
            level = (
                np.tile(np.diagonal(self.xi), 2) * sign
                - self.h
                - sign * (lead.shift(t) if t > 0 else lead.before)
            )
            gain = gain - 2 * lead.gamma * self.width * level / (
                np.pi * self.cutoff**2
            )  # beyond the cutoff
            found.append(gain - 2 * lead.gamma * n)
        return found


# ---- explicit finite leads
# -----------------------------------------------------------------------------------------


def lead_levels(count, band, core):
    """Energies (count,) in (-band, band) and the widths of their cells; denser inside |e| < core, e
    = core sinh(u).
    """
    edges = core * np.sinh(np.linspace(-1, 1, count + 1) * np.arcsinh(band / core))
    u = np.linspace(-1, 1, 2 * count + 1)[1::2] * np.arcsinh(band / core)
    return core * np.sinh(u), np.diff(edges)


class FiniteLeads(Route):
    """Every site has, for every lead, its own ``count`` levels in a band: one closed quadratic
    system, evolved as it is.

    Level e couples with sqrt(gamma cell/pi), from gamma = pi rho t^2. The start is the thermal
    state of the coupled whole at the order parameter ``delta`` of the sites, so all leads need one
    temperature and Fermi energy before t = 0 (asserted). Columns of the state are the eigenvectors
    of the start times sqrt(f): G^< = i X X^+.
    """

    def __init__(self, xi, U, h, leads, count, band, core=6.0):
        super().__init__(xi, U, h, leads)
        assert len({(lead.T, lead.before) for lead in leads}) == 1 and leads[0].before == 0
        e, cells = lead_levels(count, band, core)
        n = 2 * self.N
        sign = self.nambu_sign()
        items = [
            (k, a, level, sign[a] * np.sqrt(lead.gamma * cell / np.pi))
            for k, lead in enumerate(leads)
            for a in range(n)
            for level, cell in zip(e, cells)
        ]
        self.lead, self.row, self.e, self.t = (np.array(part) for part in zip(*items))
        self.sign = sign[self.row]
        self.T = np.zeros((n, len(items)))
        self.T[self.row, np.arange(len(items))] = self.t

    def levels(self, shifts):
        """Energies of the lead rows: electrons e + shift - h, holes -(e + shift) - h."""
        return self.sign * (self.e + np.asarray(shifts)[self.lead]) - self.h

    def start(self, delta):
        n = 2 * self.N
        H = np.zeros((n + len(self.e),) * 2, complex)
        H[:n, :n], H[:n, n:], H[n:, :n] = bdg(self.xi, delta, self.h), self.T, self.T.T
        H[np.arange(n, len(H)), np.arange(n, len(H))] = self.levels([0.0] * len(self.leads))
        E, V = np.linalg.eigh(H if np.iscomplexobj(delta) and np.abs(delta.imag).max() else H.real)
        f = expit(-E / self.leads[0].T)
        return (V * np.sqrt(f))[:, f > 1e-20].astype(complex).ravel()

    def green(self, t, y):
        n = 2 * self.N
        X = y.reshape(n + len(self.e), -1)[:n]
        return 1j * X @ X.conj().T

    def rhs(self, t, y):
        n = 2 * self.N
        X = y.reshape(n + len(self.e), -1)
        out = np.empty_like(X)
        out[:n] = self.hamiltonian(1j * X[:n] @ X[:n].conj().T) @ X[:n] + self.T @ X[n:]
        out[n:] = (
            self.levels([lead.shift(t) for lead in self.leads])[:, None] * X[n:]
            + self.t[:, None] * X[self.row]
        )
        out *= -1j
        return out.ravel()

    def inflow(self, t, y):
        n = 2 * self.N
        X = y.reshape(n + len(self.e), -1)
        # d<F_aa>/dt = 2 Im sum_p T_ap F_pa, F = X X^+
        gain = 2 * np.imag(self.t * np.einsum("pc,pc->p", X[n:], X[self.row].conj()))
        return [
            np.bincount(self.row[self.lead == k], gain[self.lead == k], minlength=n)
            for k in range(len(self.leads))
        ]


# ---- stationary states
# ---------------------------------------------------------------------------------------------


def quadrature(xi, delta, h, leads, cutoff=400.0):
    """G^< (2N, 2N) and currents (leads, up/down) per site of a static order parameter, by the
    integral over w.

    G^< = int dw/2pi G^R Sigma^< G^A. The current that lead l drives into row a is the Landauer form
    with all normal and Andreev channels, sum_{l' b} int dw/2pi 4 gamma_l gamma_l' |G^R_ab|^2 (f_la
    - f_l'b): electrons count +, holes -.
    """
    N = len(xi)
    width = sum(lead.gamma for lead in leads)
    sign = np.repeat([1.0, -1.0], N)
    H = bdg(xi, np.asarray(delta, complex), h)
    e = np.linalg.eigvalsh(H)
    x, w = np.polynomial.legendre.leggauss(16)
    centres = np.concatenate([e, *(sign[[0, -1]] * lead.before for lead in leads)])
    scale = min(width, *(lead.T for lead in leads))
    steps = scale * np.concatenate(
        [np.arange(0, 8.5, 1.0), np.geomspace(10, 2 * cutoff / scale, 30)]
    )
    edges = np.unique(
        np.concatenate([c + s * steps for c in centres for s in (1, -1)] + [[cutoff, -cutoff]])
    )
    edges = edges[np.abs(edges) <= cutoff]
    half, centre = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    nodes, weights = (
        (centre[:, None] + half[:, None] * x).ravel(),
        (half[:, None] * w).ravel() / (2 * np.pi),
    )
    G, currents = 0.5j * np.eye(2 * N), np.zeros((len(leads), 2 * N))
    G = G - 1j * width / (np.pi * cutoff**2) * H  # leading term of what lies beyond the cutoff
    for some in np.array_split(np.arange(len(nodes)), max(1, len(nodes) // 4000)):
        omega, dw = nodes[some], weights[some]
        GR = np.linalg.inv((omega + 1j * width)[:, None, None] * np.eye(2 * N) - H)
        f = np.array(
            [expit(-(omega[:, None] - sign * lead.before) / lead.T) for lead in leads]
        )  # (leads, w, row)
        odd = sum(2 * lead.gamma * (part - 0.5) for lead, part in zip(leads, f))
        G = G + 1j * np.einsum("w,wab,wb,wcb->ac", dw, GR, odd, GR.conj(), optimize=True)
        through = np.abs(GR) ** 2
        for k, one in enumerate(leads):
            for m, other in enumerate(leads):
                window = f[k][:, :, None] - f[m][:, None, :]
                currents[k] += (
                    4
                    * one.gamma
                    * other.gamma
                    * np.einsum("w,wab,wab->a", dw, through, window, optimize=True)
                )
    return G, np.array([[c[:N].sum(), -c[N:].sum()] for c in currents]) / N


def broadened_fermi(e, width, T):
    """int dw/pi width/((w-e)^2 + width^2) f(w), by scipy's digamma."""
    return 0.5 - psi(0.5 + (width + 1j * np.asarray(e)) / (2 * np.pi * T)).imag / np.pi


def gap_integral(D, xi, h, v, width, T):
    """F(D) of the uniform gap equation 1/U = F(D) at bias 2v: plain sum over momenta ``xi``."""
    E = np.sqrt(xi.ravel() ** 2 + D**2)
    return np.mean(
        sum(1 - 2 * broadened_fermi(E + s * h + e * v, width, T) for s in (1, -1) for e in (1, -1))
        / (8 * E)
    )


# ---- no interaction
# ------------------------------------------------------------------------------------------------


def free_levels(e, leads, times, cutoff=4000.0):
    """Occupations (times, levels) and inflows (times, leads, levels) of levels ``e`` of free
    electrons, whose leads' shifts jump from ``before`` to ``shift(0+)`` at t = 0. Wide bands:

        phi_w(t) = g_w + (g0_w - g_w) e^{i(w + shift - e)t - Gamma t},   g_w = 1/(w + shift - e + i
        Gamma), g0_w: before n = sum_l 2 gamma_l int dw/2pi f(w) |phi|^2,   inflow_l = -4 gamma_l
        int dw/2pi f(w) Im phi - 2 gamma_l n.
    """
    width = sum(lead.gamma for lead in leads)
    n, inflow = np.zeros((len(times), len(e))), np.zeros((len(times), len(leads), len(e)))
    for m, t in enumerate(times):
        for k, lead in enumerate(leads):
            w, dw = energy_grid(lead.T, width, t, np.abs(e).max() + 2, cutoff)
            after = lead.shift(1e-12)
            g = 1 / (w[:, None] + after - e + 1j * width)
            g0 = 1 / (w[:, None] + lead.before - e + 1j * width)
            phi = g + (g0 - g) * np.exp((1j * (w[:, None] + after - e) - width) * t)
            weight = (dw * (expit(-w / lead.T) - 0.5) / (2 * np.pi))[:, None]
            n[m] += lead.gamma / width * 0.5 + 2 * lead.gamma * (weight * np.abs(phi) ** 2).sum(0)
            inflow[m, k] = lead.gamma - 4 * lead.gamma * (weight * phi.imag).sum(0)
        for k, lead in enumerate(leads):
            inflow[m, k] -= 2 * lead.gamma * n[m]
    return n, inflow


# ---- linear growth in the normal state
# -----------------------------------------------------------------------------


def pair_response(nu, n, Lx, Ly, U, mu, h, leads, cutoff=200.0):
    """1 - i U <int dw/2pi [G^R_1(w+nu) G^<_2(w) + G^<_1(w+nu) G^A_2(w)]>_k: zero for a mode Delta ~
    e^{iqx - i nu t}, Im nu > 0.

    1 is an electron at k + q, 2 the hole of k; q = 2 pi n / Lx. G^<(w+nu) with complex nu keeps its
    poles' sides: the integral is split so that w is real in every G^<.
    """
    x, w = np.polynomial.legendre.leggauss(16)
    width = sum(lead.gamma for lead in leads)
    xi = dispersion(Lx, Ly, mu)
    e1, e2 = (np.roll(xi, -n, axis=0) - h).ravel(), (-xi - h).ravel()
    edges = np.linspace(-14, 14, 561)
    edges = np.concatenate(
        [-np.geomspace(cutoff, 14, 12)[:-1], edges, np.geomspace(14, cutoff, 12)[1:]]
    )
    half, centre = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    omega, dw = (
        (centre[:, None] + half[:, None] * x).ravel()[:, None],
        (half[:, None] * w).ravel()[:, None] / (2 * np.pi),
    )

    def lesser(level, side):
        occupied = sum(
            2 * lead.gamma * expit(-(omega - side * lead.before) / lead.T) for lead in leads
        )
        return 1j * occupied / ((omega - level) ** 2 + width**2)

    first = 1 / (omega + nu - e1 + 1j * width) * lesser(e2, -1)
    second = lesser(e1, +1) / (omega - nu - e2 - 1j * width)
    return 1 - 1j * U * np.mean((dw * (first + second)).sum(0))
