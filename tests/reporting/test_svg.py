"""What matplotlib draws: it is left as it was."""

import sys

import matplotlib as mpl
from matplotlib.figure import Figure

from trickrun.reporting.svg import document, make_logarithmic, styled


def test_drawing_leaves_no_state():
    before = mpl.rcParams.copy()
    with styled():
        figure = Figure()
        axes = figure.add_subplot()
        axes.plot([1, 1000], [1, 2])
        make_logarithmic(axes, "x")
        drawn = document(figure)
    assert ">100<" in drawn
    assert mpl.rcParams.copy() == before
    assert "matplotlib.pyplot" not in sys.modules
