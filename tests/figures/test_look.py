"""The look of figures: regions between solved boundaries, captions, protocols on a diagram."""

from __future__ import annotations

import numpy as np
import pytest
from support.examples import example_result

import hpcneq
from hpcneq import systems
from hpcneq.errors import InputError
from hpcneq.figures import captions, regions, sheets, style
from hpcneq.tasks.task import resolve


def share(codes, code):
    """Of the picture that is of a region."""
    return (codes == code).mean()


def test_a_region_ends_at_the_boundary_that_was_solved_not_at_a_cell():
    """A boundary x = 0.3 + 0.4 y between two rows of points: its area is that of a trapezium.

    Cells would give 0.5 or 0.625. Fails if boundaries stand halfway between points.
    """
    x = np.linspace(0, 1, 5)
    rows = [(0.3, [1, 1, 0, 0, 0]), (0.7, [1, 1, 1, 0, 0])]
    lines = [regions.line(x, np.array(codes), np.array([edge, np.nan])) for edge, codes in rows]
    assert [line.edges.tolist() for line in lines] == [[0, 0.3, 1], [0, 0.7, 1]]
    codes = regions.picture(lines, np.array([0.0, 1.0]), [], 2)
    assert share(codes, 1) == pytest.approx(0.5, abs=3e-3)
    assert codes[0, 260] == 1 and codes[0, 275] == 0 and codes[-1, 620] == 1


def test_a_dome_closes_at_its_solved_top_or_where_its_width_vanishes():
    """Rows of a parabola y = 1 - (2 x - 1)^2 at 0, .5, .9 and none at 1.3: area 2/3, top 1.

    Fails if the last interval goes on to the next row, or stops at its own.
    """
    x, y = np.linspace(-0.5, 1.5, 41), np.array([0.0, 0.5, 0.9, 1.3])
    lines = []
    for place in y:
        half = 0.5 * np.sqrt(max(1 - place, 0.0))
        codes = (np.abs(x - 0.5) < half).astype(int)
        lines.append(regions.line(x, codes, np.array([0.5 - half, 0.5 + half])))
    for ends in ([(0.5, 1.0)], []):
        codes = regions.picture(lines, y, ends, 2)
        assert 2 * 1.3 * share(codes, 1) == pytest.approx(2 / 3, abs=0.03)
        top = 1.3 * np.flatnonzero((codes == 1).any(axis=1)).max() / (len(codes) - 1)
        assert top == pytest.approx(1.0, abs=0.03)


def test_a_caption_has_what_was_computed():
    """Keys with their values by unit, ramps in words, what is swept apart; no long tables."""
    tables = {"U": 3.0, "T": 0.1, "eV": {"from": 0.0, "to": 0.8, "kind": "step"}, "matrix": [[1]]}
    resolved = {"parameters": tables, "sweep": {"T": [0.1, 0.2]}, "numerics": {"Lx": 8}}
    line = captions.words("a task", resolved, {"U": "t", "eV": "t"})
    assert line == "a task: U = 3, eV = 0 to 0.8 (step) [t]; Lx = 8; T swept"
    hidden = captions.words("a task", resolved, {}, hide=["U", "eV"])
    assert hidden == "a task: Lx = 8; T swept"


def test_a_caption_leaves_out_what_has_no_meaning():
    """A gas in a cell has no wave, ramp and cutoff of its own; a linear run has a wave, no ramp.

    Fails if captions do not ask the task which keys are idle.
    """
    cell = {"harmonics": 2, "p_max": 1.6, "y_max": 2.6}
    parameters = {"dmu": 0.145, "q": 0.0, "angle": 0.0, "dmu_end": None, "ramp_time": 1e3}
    run = {"parameters": parameters, "numerics": {"supercell": cell, "model": "linear", "p_c": 2.0}}
    task = systems.get("fermi-gas").tasks["evolve"]
    line = captions.words("gas", run, {}, resolve(task.idle)(run))
    assert line == "gas: dmu = 0.145"
    run["numerics"]["supercell"] = None
    line = captions.words("gas", run, {}, resolve(task.idle)(run))
    assert "q = 0" in line and "p_c = 2" in line and "ramp" not in line
    run["parameters"]["dmu_end"] = 0.2
    assert "ramp_time" in captions.words("gas", run, {}, resolve(task.idle)(run))


def test_states_have_colours_that_the_colour_blind_tell_apart():
    """Stable against unstable differ by far in blue and in red, and in lightness."""
    from matplotlib.colors import to_rgb

    stable, unstable, metastable = map(
        np.array, map(to_rgb, (style.STABLE, style.UNSTABLE, style.METASTABLE))
    )
    assert stable[2] - unstable[2] > 0.6 and unstable[0] - stable[0] > 0.6
    assert abs((metastable - unstable) @ [0.3, 0.6, 0.1]) > 0.1


def test_protocols_are_drawn_on_a_diagram(tmp_path):
    """An arrow for each evolution from its first bias to its last; other tasks are refused."""
    diagram = example_result("nsn-junction", "phase-diagram")
    quench = {
        "system": "nsn-junction",
        "task": "evolve",
        "parameters": {"h": 0.58, "T": 0.1, "eV": {"from": 0.25, "to": 0.75, "kind": "step"}},
        "numerics": {"Lx": 3, "Ly": 1, "pole_error": 1e-3, "error_estimate": False},
        "initial": {"state": "normal"},
        "run": {"t_max": 0.5},
    }
    run = hpcneq.run(quench, tmp_path / "e.h5")
    figure = hpcneq.plot([diagram, run], tmp_path / "p.png")
    axes = figure.axes[0]
    arrows = [text for text in axes.texts if text.arrow_patch is not None]
    assert [(one.xyann, one.xy) for one in arrows] == [((0.25, 0.1), (0.75, 0.1))]
    assert "$0.25\\to0.75$" in [text.get_text() for text in axes.texts]
    assert axes.images and len(axes.lines) > 0
    with pytest.raises(InputError, match="is a result of nsn-junction"):
        hpcneq.plot([run, diagram])


def test_a_sheet_ends_between_points_where_its_square_vanishes():
    """sqrt(1.3 - x) over a grid of step .5: the edge is at 1.3, not at 1, 1.25 or 1.5."""
    x, y = np.linspace(0, 2, 5), np.linspace(0, 1, 3)
    values = np.sqrt(np.maximum(1.3 - x, 0))[:, None] + 0 * y
    fine = sheets.sheet(values)
    places = sheets.between(x)
    assert fine.shape == (len(places), len(sheets.between(y)))
    np.testing.assert_allclose(fine[:, 0], np.sqrt(np.maximum(1.3 - places, 0)), atol=0.01)
    assert np.array_equal(fine[:: sheets.FINER, :: sheets.FINER], values)
    assert sheets.between(np.array([1.0, 100.0]), decades=True)[4] == pytest.approx(10.0)
    assert (sheets.sheet(np.zeros((2, 3))) == 0).all()


def test_a_dome_at_the_side_of_the_plot_closes_at_the_side():
    """Half of a parabola about x = 0: its top is at the left edge. Fails if it is in the middle."""
    x, y = np.linspace(0, 1, 21), np.array([0.0, 0.6, 1.2])
    lines = []
    for place in y:
        half = 0.5 * np.sqrt(max(1 - place, 0.0))
        lines.append(regions.line(x, (x < half).astype(int), np.array([half])))
    codes = regions.picture(lines, y, [], 2)
    top = np.flatnonzero((codes == 1).any(axis=1)).max()
    assert np.flatnonzero(codes[top] == 1).max() < 20
    assert 1.2 * top / (len(codes) - 1) == pytest.approx(1.0, abs=0.05)


def test_an_oblique_edge_at_which_values_jump_has_no_steps():
    """1 where 2 x + y > 8 on a grid of 9 x 9: between points the edge is that line.

    Fails (by a whole point) if the edge follows the cells.
    """
    x, y = np.meshgrid(np.arange(9.0), np.arange(9.0), indexing="ij")
    fine = sheets.sheet((2 * x + y > 8.01).astype(float))
    places = sheets.between(np.arange(9.0))
    for place, column in list(zip(places, fine.T))[8:-8]:
        edge = places[np.flatnonzero(column > 0)[0]]
        assert edge == pytest.approx(0.5 * (8.5 - place), abs=0.45)
    assert np.array_equal(fine[:: sheets.FINER, :: sheets.FINER] > 0, 2 * x + y > 8.01)


def test_a_surface_ends_on_rays_where_its_depth_vanishes():
    """1 - 2 (x^2 + y^2) on a grid of 9 x 9: every ray ends at a radius of .707."""
    from hpcneq.systems.fermi_gas.figures import phase_diagram

    x, y = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 9), indexing="ij")
    ends = [places[:, -1] for places in phase_diagram.rays(1 - 2 * (x**2 + y**2))]
    assert np.hypot(*ends) == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_curves_take_the_palette_and_titles_stand_beside_their_letters():
    """As supercells do, which name no colour. Fails with matplotlib's own colours."""
    with style.applied():
        figure = style.canvas()
        left, right = figure.subplots(1, 2)
        assert [left.plot([0, 1])[0].get_color() for _ in style.COLOURS] == list(style.COLOURS)
        left.set_title("order parameter")
        captions.letter(figure)
    assert left.get_title(loc="left") == "(a) order parameter" and left.get_title() == ""
    assert right.get_title(loc="left") == "(b)"
