"""Curves that get further points where they bend, begin or end."""

import numpy as np

from hpcneq.maths.polylines import middles_to_add


def test_points_are_added_where_a_curve_bends_begins_or_ends():
    """A corner at 3 of 0..6, an end between 5 and 6; nothing on straight pieces, nothing shorter
    than allowed.

    Fails if a straight piece counts as bent, or an end is left where the points happened to lie.
    """
    x = np.arange(7.0)
    corner = np.abs(x - 3)
    ending = np.where(x > 5.5, np.nan, x)
    assert middles_to_add(x, [corner, ending], 0.1, 0.25) == [2.5, 3.5, 5.5]
    assert middles_to_add(x, [2 * x + 1], 0.1, 0.25) == []
    assert middles_to_add(x, [corner, ending], 0.1, 0.6) == []
    assert middles_to_add(x[:2], [np.array([0.0, np.nan])], 0.1, 0.1) == [0.5]
