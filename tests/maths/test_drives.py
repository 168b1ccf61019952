"""Numbers that change in time: sides of a jump, moments over a step, break points, bad input."""

import numpy as np
import pytest
from scipy.integrate import quad

from hpcneq.maths import drives

CASES = {
    "constant": 0.4,
    "step": {"from": 0.1, "to": 0.8, "at": 1.0},
    "ramp": {"from": 0.1, "to": 0.8, "kind": "ramp", "at": 1.0, "duration": 2.0},
    "pulse": {"from": 0.1, "to": 0.8, "kind": "pulse", "at": 1.0, "duration": 2.0},
    "sine": {
        "from": 0.1,
        "amplitude": 0.5,
        "frequency": 2.0,
        "kind": "sine",
        "at": 1.0,
        "duration": 2.0,
    },
}


def expected(name, t):
    """The same functions written down once more, away from their jumps."""
    on, off = t > 1, t > 3
    return {
        "constant": 0.4,
        "step": 0.8 if on else 0.1,
        "pulse": 0.8 if on and not off else 0.1,
        "ramp": 0.1 + 0.7 * min(max((t - 1) / 2, 0), 1),
        "sine": 0.1 + (0.5 * np.sin(2 * (t - 1)) if on and not off else 0),
    }[name]


@pytest.mark.parametrize("name", CASES)
def test_values_and_moments(name):
    """Each kind against its formula; mean and first moment against quadrature. Mutation: 3 -> 6
    in `moments` fails for ramp and sine.
    """
    bias = drives.read(CASES[name])
    for t in (0.2, 0.99, 1.01, 1.7, 2.99, 3.01, 5.0):
        assert bias(t) == pytest.approx(expected(name, t), abs=1e-14)
    for t, h in ((0.1, 0.5), (1.0, 0.5), (2.5, 0.5), (3.0, 0.25)):
        mean, slope = bias.moments(t, h)
        assert mean == pytest.approx(quad(lambda s: expected(name, s), t, t + h)[0] / h, abs=1e-10)
        first = quad(lambda s, middle: (s - middle) * expected(name, s), t, t + h, (t + h / 2,))
        moment = first[0]
        assert slope == pytest.approx(12 * moment / h**3, abs=1e-8)


def test_breakpoints_and_sides():
    """An integrator restarts where eV or its slope jumps; the value before and after are told
    apart.
    """
    assert drives.read(CASES["ramp"]).breakpoints(10) == [1.0, 3.0]
    assert drives.read(CASES["pulse"]).breakpoints(2) == [1.0]
    assert drives.read(CASES["constant"]).breakpoints(10) == []
    pulse = drives.read(CASES["pulse"])
    assert [pulse(1.0, -1), pulse(1.0, +1), pulse(3.0, -1), pulse(3.0, +1)] == [0.1, 0.8, 0.8, 0.1]
    at_zero = drives.read({"from": 0.0, "to": 0.8})
    assert (at_zero(0.0, -1), at_zero(0.0, +1), at_zero.start) == (0.0, 0.8, 0.0)


def test_table(tmp_path):
    """A two-column file: straight lines, a break at every row, constant outside."""
    (tmp_path / "v.txt").write_text("# t eV\n0 0.0\n1 0.5\n3 0.1\n")
    bias = drives.read("v.txt", tmp_path)
    assert [bias(0.5), bias(2.0), bias(9.0)] == pytest.approx([0.25, 0.3, 0.1])
    assert bias.breakpoints(2.5) == [1.0]
    assert bias.extremes(3.0) == 0.5


def test_rows_on_a_straight_line_are_no_breaks(tmp_path):
    """Of a straight line in many rows only its ends bend; a bend in the middle is found."""
    t = np.linspace(0, 6, 601)
    np.savetxt(tmp_path / "line.txt", np.stack([t, 0.1 * t], 1), fmt="%.6f")
    assert drives.read("line.txt", tmp_path).breakpoints(10) == [6.0]
    np.savetxt(tmp_path / "bent.txt", np.stack([t, np.minimum(0.1 * t, 0.25)], 1))
    assert drives.read("bent.txt", tmp_path).breakpoints(10) == pytest.approx([2.5])


def test_jumps_nearer_than_a_rounding_of_the_step_are_one(tmp_path):
    """A ramp of no length is a step; rows of a table that are one are a jump; an end that misses
    0.8 by a rounding is at 0.8, on both sides.
    """
    short = drives.read({"to": 0.6, "kind": "ramp", "at": 1.0, "duration": 1e-12}).resolved(0.25)
    assert [short(1.0, -1), short(1.0, +1)] == [0.0, 0.6]
    pulse = drives.read({"to": 0.6, "kind": "pulse", "at": 0.7, "duration": 0.1}).resolved(0.25)
    assert [pulse(0.8, -1), pulse(0.8, +1), pulse(0.7 + 0.1, -1)] == [0.6, 0.0, 0.6]
    early = drives.read({"to": 0.6, "at": 1e-10}).resolved(0.25)
    assert [early(0.0, -1), early(0.0, +1)] == [0.0, 0.6]
    (tmp_path / "rows.txt").write_text("0 0\n1 0.1\n1.000000000001 0.4\n2 0.4\n")
    table = drives.read("rows.txt", tmp_path).resolved(0.25)
    assert [table(1.0, -1), table(1.0, +1), table(0.5, +1)] == pytest.approx([0.1, 0.4, 0.05])


@pytest.mark.parametrize(
    "value",
    [
        {"to": 2e3},
        {"from": -2e3, "to": 0.0},
        {"kind": "pulse", "to": 1.5e3, "duration": 1.0},
        {"kind": "sine", "amplitude": 2e3, "frequency": 1.0},
        {"kind": "sine", "from": 600.0, "amplitude": 600.0, "frequency": 1.0},
        "high.txt",
        "huge.txt",
    ],
)
def test_one_limit_for_every_form(tmp_path, value):
    """What a number may not be, no table or file may reach."""
    (tmp_path / "high.txt").write_text("0 0\n1 2e3\n")
    (tmp_path / "huge.txt").write_text("0 0\n1 1e300\n")
    with pytest.raises(ValueError, match="^A_x.*1000") as caught:
        drives.read(value, tmp_path, "A_x", 1e3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "value, word",
    [
        ({"kind": "stp", "to": 1.0}, "must be one of"),
        ({"kind": "ramp", "to": 1.0}, "needs duration"),
        ({"to": 1.0, "form": 0.0}, '"from"'),
        ({"to": "a"}, "must be a number"),
        ({"to": 1.0, "at": -1.0}, ">= 0"),
        ({"kind": "sine", "amplitude": 1.0, "frequency": 0.0}, "> 0"),
        ("nowhere.txt", "cannot read"),
        ("words.txt", "two columns"),
        ("one.txt", "two columns"),
        ("back.txt", "must increase"),
    ],
)
def test_bad_drives_say_what_is_wrong(tmp_path, value, word):
    """One line, naming what is wrong and what is allowed."""
    (tmp_path / "words.txt").write_text("t eV\nx y\n")
    (tmp_path / "one.txt").write_text("1\n2\n")
    (tmp_path / "back.txt").write_text("1 0\n0 1\n")
    with pytest.raises(ValueError, match=word) as caught:
        drives.read(value, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", CASES)
def test_slopes_and_integrals(name):
    """Slopes against differences of the values, on both sides of a jump; integrals against
    quadrature.

    Fails with the integral of a sine over one panel.
    """
    number = drives.read(CASES[name])
    for t in (0.5, 1.7, 2.4, 3.5):
        rise = (number(t + 1e-6) - number(t - 1e-6)) / 2e-6
        assert number.slope(t) == pytest.approx(rise, abs=1e-8)
    if name in ("ramp", "sine"):
        assert number.slope(1.0, -1) == 0 and number.slope(1.0, +1) > 0
    total = quad(number, 0, 4.2, points=[1.0, 3.0], epsabs=1e-12)[0]
    assert number.integral(4.2) == pytest.approx(total, abs=1e-10)
    fast = drives.read({"amplitude": 1.0, "frequency": 30.0, "kind": "sine"})
    assert fast.integral(1.0) == pytest.approx((1 - np.cos(30.0)) / 30, abs=1e-12)
