"""A Slurm of one node or more, started for a test and ended with it.

Needs root, slurmctld, slurmd and munged (tools/setup --with-slurm).
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import time
from pathlib import Path

NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "scontrol", "squeue")
CONF = """\
ClusterName=test
SlurmctldHost={host}({address})
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=5
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=2,batch_sched_delay=0,bf_interval=2
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={host} NodeAddr={address} CPUs={cpus} RealMemory=1000 State=UNKNOWN"


def missing():
    """Why Slurm cannot run here, or None."""
    if os.getuid() != 0:
        return "Slurm's daemons are started by root only"
    absent = [name for name in NEEDED if not find(name)]
    return f"not installed: {', '.join(absent)} (tools/setup --with-slurm)" if absent else None


def find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class CannotStart(Exception):
    """The daemons are installed and do not start here: a container without a host name that
    resolves, say.
    """


class Slurm:
    """The daemons; `start` and `close` them. ``environment`` is what Slurm's commands need.

    nodes : (name, address, words before a command that runs it there) of each, the controller on
    the first; this machine alone, if not given.
    """

    def __init__(self, folder, cpus=4, nodes=None):
        self.folder, self.cpus, self.daemons = Path(folder), cpus, []
        here = (platform.node().partition(".")[0], "127.0.0.1", [])
        self.nodes = nodes or [here]
        self.environment = {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self):
        """Start the daemons and wait until the node is idle; returns self. Raises CannotStart."""
        (self.folder / "state").mkdir(parents=True)
        for name, *_ in self.nodes:
            (self.folder / f"spool-{name}").mkdir()
        host, address, _ = self.nodes[0]
        lines = [NODE.format(host=n, address=a, cpus=self.cpus) for n, a, _ in self.nodes]
        (self.folder / "slurm.conf").write_text(
            CONF.format(
                folder=self.folder,
                host=host,
                address=address,
                ports=_free_ports(2),
                nodes="\n".join(lines),
            )
        )
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        try:
            self._start(
                "munged",
                "--foreground",
                "--force",
                "--num-threads=2",
                f"--key-file={key}",
                f"--socket={self.folder}/munge.socket",
                f"--pid-file={self.folder}/munged.pid",
                f"--log-file={self.folder}/munged.log",
                f"--seed-file={self.folder}/munged.seed",
            )
            self._wait(lambda: (self.folder / "munge.socket").exists(), "munged does not listen")
            self._start("slurmctld", "-D")
            for node in self.nodes:
                self._start("slurmd", "-D", "-N", node[0], before=node[2])
            self._wait(self._idle, "the nodes do not become idle", 120)
        except BaseException:
            self.close()
            raise
        return self

    def close(self):
        """End the daemons."""
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def _idle(self):
        """Whether all nodes wait for jobs."""
        states = self.ask("sinfo", "-h", "-N", "-o", "%t").split()
        return states == ["idle"] * len(self.nodes)

    def _start(self, name, *words, before=None):
        log = open(self.folder / f"{name}{len(self.daemons)}.out", "wb")
        before = self.nodes[0][2] if before is None else before
        self.daemons.append(
            subprocess.Popen(
                [*before, find(name), *words],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        )
        log.close()

    def _wait(self, done, complaint, seconds=60):
        end = time.monotonic() + seconds
        while not done():
            dead = [daemon.args[0] for daemon in self.daemons if daemon.poll() is not None]
            if dead or time.monotonic() > end:
                raise CannotStart(f"{complaint}; ended: {dead}\n{self.words()}")
            time.sleep(0.2)

    def words(self):
        """The ends of the daemons' logs."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:])
            for path in sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        )

    def ask(self, command, *words, **options):
        """The output of one of Slurm's commands, empty where it fails."""
        done = subprocess.run(
            [*self.nodes[0][2], find(command), *map(str, words)],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )
        return done.stdout.strip()

    def submit(self, *words, folder, environment):
        """Submit a batch script; its job's number."""
        done = subprocess.run(
            [*self.nodes[0][2], find("sbatch"), "--parsable", *map(str, words)],
            cwd=folder,
            env={**environment, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"sbatch: {done.stderr}\n{self.words()}")
        return done.stdout.strip()

    def job(self, number):
        """A job's state and how often it was requeued, (text, int)."""
        words = dict(
            pair.partition("=")[::2]
            for pair in self.ask("scontrol", "show", "job", number, "-o").split()
            if "=" in pair
        )
        return words.get("JobState", "GONE"), int(words.get("Restarts", 0))

    def seconds(self, number):
        """How long a job has been running, in whole seconds."""
        *days, clock = self.ask("squeue", "-h", "-j", number, "-o", "%M").split("-")
        parts = [*map(int, days), *map(int, clock.split(":"))]
        return sum(part * unit for part, unit in zip(reversed(parts), (1, 60, 3600, 86400)))


def _free_ports(count):
    """Different ports, each free now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
