"""Runs over two hosts and a network: the bits of one host, and no hang when a part is lost."""

import contextlib
import sys
import time

import pytest
from support import slurm, two_hosts
from support.programs import HOME, INPUT, MAP, alone, assert_same, held_program, hp, kill

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(900),
    pytest.mark.skipif(two_hosts.missing() is not None, reason=f"no {two_hosts.missing()}"),
]
LONG = ("run", "in.toml", "--set", "run.t_max=30", "--set", "run.checkpoint_minutes=0.0005", "-o")
PATIENCE = 120  # s within which a job must notice that a host is gone
KEEPALIVE = [
    word
    for name, seconds in (("time", 5), ("intvl", 2), ("probes", 3))
    for word in ("--mca", f"oob_tcp_keepalive_{name}", str(seconds))
]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """The two hosts, in a folder with inputs and the results of one host."""
    folder = tmp_path_factory.mktemp("hosts")
    (folder / "in.toml").write_text(INPUT)
    (folder / "map.toml").write_text(MAP)
    for words in ((*LONG, "whole.h5"), ("run", "map.toml", "-o", "whole-map.h5")):
        code, said = hp(*words, "--quiet", ranks=2, folder=folder)
        assert code == 0, said
    with two_hosts.TwoHosts(folder) as pair:
        yield pair
        for number in pair.processes(0) + pair.processes(1):
            kill(number)


def begun(hosts, name, options=()):
    """A long run that has written its third checkpoint."""
    job = hosts.start(*LONG, name, options=options)
    end = time.monotonic() + 120
    while not list(hosts.folder.glob(f"{name}.ckpt-*3")):
        assert job.poll() is None and time.monotonic() < end, job.communicate()[0]
        time.sleep(0.02)
    return job


def goes_on(hosts, name):
    """Continued on both hosts it ends with the bits of one host."""
    code, said = hosts.run("resume", name, "--quiet")
    assert code == 0, said
    assert_same(hosts.folder / name, hosts.folder / "whole.h5")


def test_a_map_has_the_points_of_one_host(hosts):
    """Rows handed out over the network."""
    code, said = hosts.run("run", "map.toml", "-o", "map.h5", "--quiet")
    assert code == 0, said
    assert_same(hosts.folder / "map.h5", hosts.folder / "whole-map.h5")


def test_a_group_may_span_hosts(hosts):
    """One wave number, shared by the ranks of both."""
    assert hp("new", "nsn-junction", "modes", "-o", "modes.toml", folder=hosts.folder)[0] == 0
    words = ("run", "modes.toml", "--set", "sweep.q=[0.0]", "--quiet", "-o")
    code, said = hosts.run(*words, "modes.h5")
    assert code == 0, said
    assert hp(*words, "one.h5", ranks=2, folder=hosts.folder)[0] == 0
    assert_same(hosts.folder / "modes.h5", hosts.folder / "one.h5")


def test_a_host_whose_ranks_are_killed_ends_the_run(hosts):
    """kill -9 of all ranks of the second host: the others end too, and say why."""
    job = begun(hosts, "killed.h5")
    ranks = hosts.ranks(1)
    assert ranks
    for number in ranks:
        kill(number)
    said = job.communicate(timeout=PATIENCE)[0]
    assert job.returncode != 0 and "exited on signal 9" in said
    assert not hosts.ranks(0)
    goes_on(hosts, "killed.h5")


def test_a_link_that_is_mended_costs_time_alone(hosts):
    """Three seconds without a network."""
    job = begun(hosts, "mended.h5", KEEPALIVE)
    hosts.link("down")
    time.sleep(3)
    hosts.link("up")
    said = job.communicate(timeout=240)[0]
    assert job.returncode == 0, said
    assert_same(hosts.folder / "mended.h5", hosts.folder / "whole.h5")


def test_a_link_that_stays_cut_ends_the_run_in_words(hosts):
    """mpiexec notices by its keep-alive messages; both hosts' ranks end."""
    job = begun(hosts, "cut.h5", KEEPALIVE)
    hosts.link("down")
    said = job.communicate(timeout=PATIENCE)[0]
    end = time.monotonic() + PATIENCE
    while (hosts.ranks(0) or hosts.ranks(1)) and time.monotonic() < end:
        time.sleep(0.1)
    left = hosts.ranks(0) + hosts.ranks(1)
    hosts.link("up")
    assert job.returncode != 0 and "lost communication" in said and not left
    time.sleep(1)
    goes_on(hosts, "cut.h5")


def test_a_slow_network_changes_no_bit(hosts):
    """Ten megabits a second."""
    hosts.slow("tbf", "rate", "10mbit", "burst", "32kbit", "latency", "400ms")
    code, said = hosts.run(*LONG, "slow.h5", "--quiet")
    assert code == 0, said
    assert_same(hosts.folder / "slow.h5", hosts.folder / "whole.h5")


@pytest.fixture(scope="module")
def queue(hosts):
    """A Slurm whose two nodes are the two hosts."""
    if slurm.missing():
        pytest.skip(f"no Slurm here: {slurm.missing()}")
    nodes = [
        (name, address, hosts.inside(host))
        for host, (name, address) in enumerate(zip(hosts.spaces, two_hosts.ADDRESSES))
    ]
    try:
        daemons = slurm.Slurm(hosts.folder / "slurm", cpus=2, nodes=nodes).start()
    except slurm.CannotStart as reason:
        pytest.skip(f"Slurm does not start here: {reason}")
    with contextlib.closing(daemons):
        yield daemons


@pytest.fixture
def job(hosts, queue):
    """A run on one rank of each node that waits behind its first steps while ``hold`` exists."""
    venv = hosts.folder / "venv" / "bin"
    venv.mkdir(parents=True)
    held_program(venv / "hpcneq", hosts.folder / "hold")
    for name in ("python3", "python"):
        (venv / name).symlink_to(sys.executable)
    (hosts.folder / "hold").touch()
    more = {"HPCNEQ_VENV": str(venv.parent), "HPCNEQ_JOBS": str(HOME / "jobs")}
    network = {f"OMPI_MCA_{n}_tcp_if_include": "10.77.0.0/24" for n in ("oob", "btl")}
    return queue.submit(
        *("--time=30", "--nodes=2", "--ntasks=2", "--ntasks-per-node=1", "-o", "job.log"),
        *(HOME / "jobs" / "slurm-run.sh", "in.toml", "job.h5"),
        *LONG[2:-1],
        folder=hosts.folder,
        environment=alone(more | network),
    )


def test_a_job_of_two_nodes_goes_back_into_the_queue_and_ends_with_the_same_bits(hosts, queue, job):
    """Slurm starts a rank on each node; told to stop, both stop at one step, and go on later."""
    log = hosts.folder / "job.log"

    def wait(done):
        end = time.monotonic() + 240
        while not done():
            said = log.read_text() if log.exists() else ""
            state, _ = queue.job(job)
            assert time.monotonic() < end and state in ("PENDING", "RUNNING"), (state, said)
            time.sleep(0.3)

    wait(lambda: list(hosts.folder.glob("job.h5.ckpt-*1")))
    assert hosts.ranks(0) and hosts.ranks(1)
    queue.ask("scancel", "--signal=USR1", "--batch", job)
    wait(lambda: "stopped with a checkpoint" in log.read_text())
    (hosts.folder / "hold").unlink()
    end = time.monotonic() + 300
    while queue.job(job)[0] in ("PENDING", "RUNNING", "COMPLETING"):
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.3)
    state, restarts = queue.job(job)
    assert state == "COMPLETED" and restarts >= 1, log.read_text()
    assert_same(hosts.folder / "job.h5", hosts.folder / "whole.h5")
