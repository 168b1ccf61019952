"""Two hosts on one machine: network namespaces with names of their own, joined by a cable.

Needs root and iproute2. MPI reaches the second host by an agent in place of ssh, and its ranks
talk over TCP.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.programs import alone

ADDRESSES = ("10.77.0.1", "10.77.0.2")
AGENT = """\
#!/bin/sh
# called as ssh is: HOST COMMAND...; enters the namespace of the host
shift
exec ip netns exec {space} unshare --uts sh -c 'hostname {space}; exec sh -c "$*"' sh "$@"
"""


def missing():
    """What is not here, None if nothing."""
    if os.geteuid():
        return "not root"
    lacking = [name for name in ("ip", "nsenter", "unshare", "mpiexec") if not shutil.which(name)]
    if lacking:
        return ", ".join(lacking)
    made = subprocess.run(["ip", "netns", "add", "hpcneq-probe"], capture_output=True)
    subprocess.run(["ip", "netns", "delete", "hpcneq-probe"], capture_output=True)
    return "network namespaces" if made.returncode else None


class TwoHosts:
    """A context that lays the cable and, at its end, takes hosts and cable away."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.spaces = [f"hpcneq{os.getpid()}{end}" for end in "ab"]
        self.ends = [f"hq{os.getpid()}{end}" for end in "ab"]

    def __enter__(self):
        try:
            for space in self.spaces:
                ip("netns", "add", space)
            ip("link", "add", self.ends[0], "type", "veth", "peer", "name", self.ends[1])
            for space, end, address in zip(self.spaces, self.ends, ADDRESSES):
                ip("link", "set", end, "netns", space)
                ip("-n", space, "address", "add", f"{address}/24", "dev", end)
                ip("-n", space, "link", "set", "lo", "up")
                ip("-n", space, "link", "set", end, "up")
        except BaseException:
            self.__exit__()
            raise
        agent = self.folder / "agent"
        agent.write_text(AGENT.format(space=self.spaces[1]))
        agent.chmod(0o755)
        return self

    def __exit__(self, *exc):
        for space in self.spaces:
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)

    def inside(self, host):
        """The words before a command that run it on a host."""
        space = self.spaces[host]
        start = f'hostname {space}; exec "$@"'
        entered = ["nsenter", f"--net=/run/netns/{space}"]  # keeps /sys, where slurmd looks
        return [*entered, "unshare", "--uts", "sh", "-c", start, "sh"]

    def command(self, *words, each=1, options=()):
        """The command line of hpcneq on ``each`` ranks of each host."""
        hosts = ",".join(f"{address}:{each}" for address in ADDRESSES)
        names = ("oob_tcp_if_include", "btl_tcp_if_include")
        network = [word for name in names for word in ("--mca", name, "10.77.0.0/24")]
        passed = [word for name in FORWARDED for word in ("-x", name)]
        return [
            *self.inside(0),
            *("mpiexec", "-n", str(2 * each), "--host", hosts, "--map-by", "node"),
            *("--mca", "plm_rsh_agent", str(self.folder / "agent"), *network, *passed, *options),
            *(sys.executable, "-m", "hpcneq", *map(str, words)),
        ]

    def start(self, *words, each=1, options=()):
        """Start hpcneq on both hosts."""
        return subprocess.Popen(
            self.command(*words, each=each, options=options),
            cwd=self.folder,
            env=alone(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words, each=1, options=(), timeout=240):
        """Run it to its end: (exit code, output)."""
        job = self.start(*words, each=each, options=options)
        said = job.communicate(timeout=timeout)[0]
        return job.returncode, said

    def link(self, state):
        """The cable "up" or "down"."""
        ip("-n", self.spaces[1], "link", "set", self.ends[1], state)

    def slow(self, *how):
        """A slow cable: words of ``tc qdisc``, as "netem", "delay", "20ms"."""
        words = ["tc", "-n", self.spaces[0], "qdisc", "add", "dev", self.ends[0], "root"]
        subprocess.run([*words, *how], check=True, capture_output=True)

    def processes(self, host):
        """The numbers of the processes of a host."""
        found = subprocess.run(
            ["ip", "netns", "pids", self.spaces[host]], capture_output=True, text=True
        ).stdout
        return [int(word) for word in found.split()]

    def ranks(self, host):
        """The ranks among them."""
        numbers = []
        for number in self.processes(host):
            try:
                words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            names = [word.rpartition(b"/")[2] for word in words]
            if names[0].startswith(b"python") and b"hpcneq" in names:
                numbers.append(number)
        return numbers


FORWARDED = ("PYTHONPATH", "OMP_NUM_THREADS", "H5PY_ALWAYS_USE_MPI", "PATH", "HOME")


def ip(*words):
    """One command of iproute2."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr}")
