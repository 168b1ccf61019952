"""Stopped and continued runs end as if never stopped.

``mpiexec -n 3 python -m pytest tests/restart/test_resume.py -m parallel``.
"""

import os

import h5py
import numpy as np
import pytest
from support.programs import INPUT, assert_same, damage

from hpcneq import driver, petsc
from hpcneq.errors import InputError, StoppedEarly
from hpcneq.files import checkpoint, hdf5
from hpcneq.files.writer import Result
from hpcneq.parallel import Layout, solo
from hpcneq.stopping import Stopping

parallel = pytest.mark.parallel


@pytest.fixture
def source(comm, shared_tmp):
    """The small input as a file."""
    path = shared_tmp / "in.toml"
    if comm.rank == 0:
        path.write_text(INPUT)
    comm.barrier()
    return path


def stop_after(monkeypatch, steps):
    """From now on runs stop after so many steps, as if rank 1 (or the only one) had got a
    signal.
    """

    def decide(self):
        self.taken = getattr(self, "taken", 0) + 1
        if self.taken == steps and self.comm.rank == min(1, self.comm.size - 1):
            self.asked = "SIGUSR1"
        return original(self)

    original = Stopping.decide
    monkeypatch.setattr(Stopping, "decide", decide)


def stopped(call, *args, **options):
    """Whether a run stopped early (else it is complete)."""
    try:
        assert call(*args, **options) == 0
        return False
    except StoppedEarly:
        return True


def in_pieces(monkeypatch, comm, source, target, steps, overrides=()):
    """Run in legs of so many steps; the number of legs."""
    with monkeypatch.context() as patch:
        stop_after(patch, steps)
        legs, more = 1, stopped(driver.run, source, target, overrides, quiet=True)
        while more:
            assert Result(target).status == "stopped"
            comm.barrier()
            legs, more = legs + 1, stopped(driver.resume, target, quiet=True)
    comm.barrier()
    return legs


RK = ("petsc.evolve.ts_type=rk", "run.t_max=2.3", "numerics.pole_error=1e-3")
ARK = ("petsc.evolve.ts_type=arkimex", "run.t_max=2.3", "petsc.evolve.ts_rtol=1e-6")
METHODS = {
    "exponential": (3, ()),
    "rk 5dp": (17, RK),
    "arkimex": (9, ARK),
    "two passes": (14, ("numerics.corrector=1",)),
    "even about x = 0": (14, ("numerics.symmetry=stripe-parity",)),
    "nothing assumed": (5, ("numerics.symmetry=full", "run.t_max=2.6", "initial.noise=0.05")),
    "modes in single precision": (14, ("numerics.precision=mixed",)),
    "rk 3bs": (
        7,
        (
            *RK,
            "petsc.evolve.ts_rk_type=3bs",
            "petsc.evolve.ts_rtol=1e-5",
            "petsc.evolve.ts_atol=1e-7",
        ),
    ),
    "rk 5f": (14, (*RK, "petsc.evolve.ts_rk_type=5f")),
    "rk, fixed step": (50, (*RK, "petsc.evolve.ts_adapt_type=none", "numerics.dt=0.02")),
    "arkimex 3": (5, (*ARK, "petsc.evolve.ts_arkimex_type=3", "petsc.evolve.ts_rtol=1e-5")),
}


@pytest.mark.parametrize(
    "method",
    [pytest.param(name, marks=parallel if k < 3 else ()) for k, name in enumerate(METHODS)],
)
def test_a_run_in_pieces_gives_every_bit_of_the_whole_one(
    comm, shared_tmp, source, monkeypatch, method
):
    """Stops every few steps: in the main run, in the error estimate, right behind a jump of the
    bias and far from one.
    """
    if comm.size > 3 and method != "exponential":
        pytest.skip("on up to three ranks")
    steps, overrides = METHODS[method]
    steps *= 1 if comm.size == 1 else 4
    assert driver.run(source, shared_tmp / "whole.h5", overrides, quiet=True) == 0
    assert in_pieces(monkeypatch, comm, source, shared_tmp / "pieces.h5", steps, overrides) >= (
        4 if comm.size == 1 else 2
    )
    assert_same(shared_tmp / "pieces.h5", shared_tmp / "whole.h5")


@parallel
@pytest.mark.parametrize("first, then", [("all", "one"), ("one", "all")])
def test_a_run_goes_on_on_another_number_of_ranks(
    comm, shared_tmp, source, monkeypatch, first, then
):
    """Begun on all ranks and continued on one, or the other way round: the same to 1e-11."""
    petsc.start(())  # it starts on all ranks together

    def on(which, call, *args):
        if which == "all":
            return comm.bcast(stopped(call, *args, quiet=True), root=0)
        return comm.bcast(
            stopped(call, *args, quiet=True, comm=solo()) if comm.rank == 0 else None, root=0
        )

    assert not on("one", driver.run, source, shared_tmp / "whole.h5")
    with monkeypatch.context() as patch:
        stop_after(patch, 23)
        assert on(first, driver.run, source, shared_tmp / "out.h5")
    assert not on(then, driver.resume, shared_tmp / "out.h5")
    assert_same(shared_tmp / "out.h5", shared_tmp / "whole.h5", tolerance=1e-11)


@parallel
@pytest.mark.parametrize("kind", ["new", "old"])
def test_a_run_goes_on_where_its_result_has_no_room_yet(
    comm, shared_tmp, source, monkeypatch, kind
):
    """Chunks of a few rows: all ranks write into new ones of a file that rank 0 has restored.

    old : from a checkpoint whose result finds room when it is written.
    """
    monkeypatch.setattr(hdf5, "CHUNK_BYTES", 64)
    early, late = h5py.h5d.ALLOC_TIME_EARLY, h5py.h5d.ALLOC_TIME_INCR
    out = shared_tmp / "out.h5"
    with monkeypatch.context() as patch:
        patch.setattr(h5py.h5d, "ALLOC_TIME_EARLY", early if kind == "new" else late)
        stop_after(patch, 23)
        assert stopped(driver.run, source, out, quiet=True)
    assert driver.resume(out, quiet=True) == 0
    assert driver.run(source, shared_tmp / "whole.h5", quiet=True) == 0
    assert_same(out, shared_tmp / "whole.h5")


@pytest.mark.parametrize("method", [pytest.param("exponential", marks=parallel), "rk 5dp"])
def test_a_later_end_continues_a_finished_run_as_if_it_had_been_asked_for_at_first(
    comm, shared_tmp, source, method
):
    """The last step of the first run was cut to fit its end; the longer run must not contain that
    step, nor its row.
    """
    overrides = METHODS[method][1]
    out = shared_tmp / "out.h5"
    for end in (0.63, 0.9, 1.7):  # 1.7: beyond a jump of the bias that the shorter runs do not know
        call = driver.run if end == 0.63 else driver.resume
        assert (
            call(
                *((source,) if end == 0.63 else ()),
                out,
                (*overrides, f"run.t_max={end}"),
                quiet=True,
            )
            == 0
        )
    assert (
        driver.run(source, shared_tmp / "whole.h5", (*overrides, "run.t_max=1.7"), quiet=True) == 0
    )
    assert_same(out, shared_tmp / "whole.h5")
    assert driver.resume(out, quiet=True) == 0
    with pytest.raises(InputError, match="parameters.T changed"):
        driver.resume(out, ("parameters.T=0.06", "run.t_max=9"), quiet=True)


def test_a_later_end_may_be_asked_for_while_the_errors_are_estimated(
    comm, shared_tmp, source, monkeypatch
):
    """Stopped in the second part, continued to a later end: the first part goes on, then the second
    from where it was.
    """
    out = shared_tmp / "out.h5"
    with monkeypatch.context() as patch:
        stop_after(patch, 50)
        assert stopped(driver.run, source, out, quiet=True)
    assert checkpoint.newest(comm, out, print).meta["part"] in ("step error", "pole error")
    assert driver.resume(out, ("run.t_max=12.3",), quiet=True) == 0
    assert driver.run(source, shared_tmp / "whole.h5", ("run.t_max=12.3",), quiet=True) == 0
    assert_same(out, shared_tmp / "whole.h5")


def test_output_and_limits_change_no_step(comm, shared_tmp, source, monkeypatch):
    """Rows asked for in another rhythm after the stop: the order parameter at the end has the same
    bits.
    """
    out = shared_tmp / "out.h5"
    with monkeypatch.context() as patch:
        stop_after(patch, 11)
        assert stopped(driver.run, source, out, quiet=True)
    assert (
        driver.resume(
            out,
            ("run.output_every=2.0", "run.checkpoint_minutes=0.001", "run.wall_limit=100"),
            quiet=True,
        )
        == 0
    )
    assert driver.run(source, shared_tmp / "whole.h5", quiet=True) == 0
    some, every = Result(out), Result(shared_tmp / "whole.h5")
    assert len(some.t) < len(every.t)
    for t, delta in zip(some.t, some.delta):
        assert delta.tobytes() == every.delta[list(every.t).index(t)].tobytes()


@parallel
def test_checkpoints_are_the_same_bytes_on_any_ranks_and_refuse_another_size(comm, shared_tmp):
    """Arrays go to their place in the whole, whatever the ranks, empty ones included; the older of
    two generations stays.
    """
    target, whole = shared_tmp / "out.h5", np.arange(5) * (1 + 2j)
    layout = Layout.over(5, comm)
    arrays = {"modes": (whole[layout.start : layout.stop], layout.start, 5)}
    for number in (1, 2):
        checkpoint.write(
            comm,
            target,
            number,
            {"t": 0.1 * number, "c": whole, "pair": (1, None), "far": np.inf},
            arrays,
        )
    saved = checkpoint.newest(comm, target, print)
    assert (
        saved.number == 2
        and saved.meta["t"] == 0.2
        and saved.meta["pair"] == [1, None]
        and saved.meta["far"] == np.inf
    )
    assert saved.meta["c"].tobytes() == whole.tobytes()
    back = np.zeros(layout.count, complex)
    saved.read("modes", back, layout.start, 5)
    assert np.array_equal(back, whole[layout.start : layout.stop])
    with pytest.raises(InputError, match="5 entries of complex128, this run needs 6"):
        saved.read("modes", back, 0, 6)
    comm.barrier()
    if comm.rank == 0:
        checkpoint.write(solo(), shared_tmp / "one.h5", 2, {}, {"modes": (whole, 0, 5)})
        assert os.path.getsize(shared_tmp / "one.h5.ckpt-000002") > 0


@parallel
def test_the_newest_whole_generation_is_used_and_damage_is_told(comm, shared_tmp):
    """Cut short, zeroed, one bit turned, no hash: each is noticed by all ranks; with none left the
    error says so.
    """
    target, told = shared_tmp / "out.h5", []
    for number in range(1, 6):
        checkpoint.write(comm, target, number, {"t": number}, {})
    if comm.rank == 0:
        damage(checkpoint.path_of(target, 5), "cut")
        damage(checkpoint.path_of(target, 4), "zero")
        damage(checkpoint.path_of(target, 3), "bit")
        os.unlink(checkpoint.path_of(target, 2) + ".sha256")
    comm.barrier()
    assert checkpoint.newest(comm, target, told.append).number == 1
    assert [
        word in line
        for word, line in zip(
            ("bytes of", "hash", "hash", "there is no out.h5.ckpt-000002.sha256"), told
        )
    ] == [True] * 4
    comm.barrier()
    if comm.rank == 0:
        damage(checkpoint.path_of(target, 1), "cut")
    comm.barrier()
    with pytest.raises(InputError, match="no whole checkpoint is left"):
        checkpoint.newest(comm, target, told.append)
