"""Several results in one figure, any data set, sizes, movies, figures of a run that goes on."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time

import numpy as np
import pytest
from support.programs import FOUR_STEPS, here

import hpcneq
from hpcneq import plotting
from hpcneq.errors import InputError
from hpcneq.figures import movie, style


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two short evolutions, which differ in h."""
    folder = tmp_path_factory.mktemp("plots")
    (folder / "in.toml").write_text(FOUR_STEPS)
    for name, h in (("a", 0.2), ("b", 0.4)):
        hpcneq.run(folder / "in.toml", folder / f"{name}.h5", parameters={"h": h})
    return folder


def texts(figure):
    """All words of a figure."""
    from matplotlib.text import Text

    return " ".join(text.get_text() for text in figure.findobj(Text))


def test_two_results_have_curves_a_legend_of_what_differs_and_their_difference(place):
    """Fails where a curve, or the second less the first, is not what the files hold."""
    from matplotlib.figure import Figure

    results = [hpcneq.open(place / f"{name}.h5") for name in "ab"]
    figure = hpcneq.plot(results, canvas=Figure(), data=["current_left"])
    assert "h = 0.2" in texts(figure) and "h = 0.4" in texts(figure)
    curves = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) > 2]
    one, other = (np.asarray(result.current_left) for result in results)
    for line, values in zip(curves, (one, other, other - one)):
        assert np.array_equal(line.get_ydata(), values)
        assert np.array_equal(line.get_xdata(), results[0].t)
    code, said = here("plot", "a.h5", "b.h5", "-o", "both.svg", folder=place)
    assert (code, said) == (0, "wrote both.svg\n") and "h = 0.4" in texts(figure)
    code, said = here("plot", "a.h5", "b.h5", "-o", "both.gif", folder=place)
    assert code == 2 and "a movie is of one result" in said


def test_named_data_sets_are_drawn(place):
    words = ("--data", "delta", "current_left", "-o", "data.pdf", "--size", "paper")
    assert here("plot", "a.h5", *words, folder=place) == (0, "wrote data.pdf\n")
    assert (place / "data.pdf").read_bytes().startswith(b"%PDF")
    code, said = here("plot", "a.h5", "--data", "detla", folder=place)
    assert code == 2 and 'did you mean "delta"' in said and said.count("\n") == 1
    code, said = here("plot", "--data", "delta", "a.h5", folder=place)
    assert code == 2 and "OUT.h5" in said


def test_a_canvas_is_drawn_into_and_keeps_its_size(place):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4))
    left, right = figure.subfigures(1, 2)
    result = hpcneq.open(place / "a.h5")
    assert result.plot(canvas=left) is figure
    assert result.plot(canvas=right, data=["delta"]) is figure
    assert len(left.axes) > 2 and right.axes and tuple(figure.get_size_inches()) == (9, 4)


def test_sizes_change_letters_and_the_width_of_paper(place):
    from matplotlib.figure import Figure

    result = hpcneq.open(place / "a.h5")
    letters = {}
    for size in (None, *style.SIZES):
        figure = Figure()
        style.size(figure, 10, 6)
        result.plot(canvas=figure, data=["eV"], size=size)
        letters[size] = figure.axes[0].xaxis.label.get_fontsize()
        if size is not None:
            ticks = figure.axes[0].get_xticklabels()[0].get_fontsize()
            assert ticks == pytest.approx(11 * style.SIZES[size][2], rel=0.2)
    assert letters["paper"] < letters[None] < letters["talk"] < letters["poster"]
    assert result.plot(canvas=Figure(figsize=(10, 6)), size="paper").get_size_inches()[0] == 7.0
    with pytest.raises(InputError, match="must be one of talk, paper, poster"):
        result.plot(canvas=Figure(), size="wall")


def test_an_evolution_makes_a_movie(place, monkeypatch):
    """A gif has a frame for each row; mp4 is for those who have ffmpeg."""
    from PIL import Image

    monkeypatch.setattr(movie, "DPI", 30)
    code, said = here("plot", "a.h5", "-o", "a.gif", folder=place)
    assert (code, said) == (0, "wrote a.gif\n")
    with Image.open(place / "a.gif") as frames:
        assert frames.n_frames == len(hpcneq.open(place / "a.h5").t)
    monkeypatch.setenv("PATH", str(place))
    code, said = here("plot", "a.h5", "-o", "a.mp4", folder=place)
    assert code == 2 and "ffmpeg" in said and ".gif" in said and said.count("\n") == 1
    with pytest.raises(InputError, match="is not over time"):
        hpcneq.open(place / "a.h5").movie(place / "b.gif", data=["x"])
    assert not (place / "a.mp4").exists()


def test_a_run_that_goes_on_is_drawn_again_and_again(place, monkeypatch):
    """Without a display into the file, until the lock is gone; never held open between figures."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    (place / "live.h5").write_bytes((place / "a.h5").read_bytes())
    end, frames = time.monotonic() + 0.5, []

    def owner(path):
        held = set()
        for number in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):  # that of the list itself
                held.add(os.readlink(f"/proc/self/fd/{number}"))
        frames.append(str(place / "live.h5") in held)
        os.utime(place / "live.h5")
        return {"pid": 1} if time.monotonic() < end else None

    monkeypatch.setattr(plotting.report, "owner_of", owner)
    code, said = here(
        *("plot", "--live", "live.h5", "--data", "eV", "--every", "0.05", "-o", "live.png"),
        folder=place,
    )
    assert code == 0 and said == "wrote live.png\n" and len(frames) > 1 and not any(frames)
    assert (place / "live.png").stat().st_size > 1000
    code, said = here("plot", "--live", "none.h5", folder=place)
    assert code == 2 and "there is no such file" in said
    code, said = here("plot", "live.h5", "--every", "1", folder=place)
    assert code == 2 and "--live" in said and said.count("\n") == 1


def test_a_watch_reads_the_lock_alone(place, monkeypatch):
    """Status, progress, last numbers, of a result that cannot even be read."""
    from hpcneq.files import lock

    (place / "w.h5").write_bytes(b"no HDF5")
    code, said = here("watch", "w.h5", folder=place)
    assert code == 0 and "no run goes on" in said
    own = lock.take(place / "w.h5", {"system": "s", "task": "evolve", "ranks": 2})
    try:
        own.tell({"t": 2.5, "n": 3}, progress=0.25, part="pole error", memory=1 << 27)
        own.renew()
        code, said = here("watch", "w.h5", folder=place)
    finally:
        own.release()
    assert code == 0 and "25% done" in said and "t = 2.5, n = 3" in said and "128 MB" in said
    assert "s evolve" in said and "pole error" in said
    content = {"format": "hpcneq-lock", "format_version": 1, "pid": 1 << 22, "host": "\x1b[2J"}
    (place / "w.h5.lock").write_text(json.dumps(content | {"heartbeat": 1.0, "start": 0.0}))
    os.utime(place / "w.h5.lock", (1.0, 1.0))
    code, said = here("watch", "w.h5", folder=place)
    assert code == 1 and "was killed" in said and "\x1b" not in said and "hpcneq resume" in said
    (place / "w.h5").unlink()  # killed before it wrote anything
    code, said = here("watch", "w.h5", folder=place)
    assert code == 1 and "was killed" in said and "run it again" in said
    assert here("watch", "nothing.h5", folder=place)[0] == 2


def test_a_watch_on_a_terminal_ends_with_the_run(place, capsys):
    """Here with --every: lines as the lock changes, then how to see the result."""
    from hpcneq.files import lock
    from hpcneq.watching import watch

    (place / "v.h5").write_bytes(b"")
    own = lock.take(place / "v.h5", {"system": "s", "task": "evolve"})
    threading.Timer(0.3, own.release).start()
    code, said = watch(str(place / "v.h5"), 0.05)
    assert code == 0 and "its run has ended" in said and "s evolve" in capsys.readouterr().out
