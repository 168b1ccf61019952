# shellcheck shell=bash
# Sourced by the batch scripts beside it, which say what a queue is asked for; this says how a run is started in it.
#
#   compute RANKS INPUT.toml OUT.h5 [more words for hpcneq run]
#
# starts the run, or goes on with it if OUT.h5 has a checkpoint, and returns
#    0  the run is complete
#   75  it was stopped with a checkpoint: put the job into the queue again
#   else it failed; another job would fail as well
#
# Settings, from the environment:
#   HPCNEQ_VENV   the environment hpcneq is installed in      (default: .venv beside this folder, if there is one)
#   HPCNEQ_MPI    the command that starts ranks               (default: mpiexec)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv=${HPCNEQ_VENV:-$here/../.venv}
[ ! -d "$venv/bin" ] || export PATH="$venv/bin:$PATH"

# One thread a rank: ranks use the cores, and threads of BLAS on top of them would only compete. Where a rank has
# several cores, say how many with OMP_NUM_THREADS before; each thread then stays on its core.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export OPENBLAS_NUM_THREADS=$OMP_NUM_THREADS MKL_NUM_THREADS=$OMP_NUM_THREADS
export OMP_PROC_BIND=true OMP_PLACES=cores
export H5PY_ALWAYS_USE_MPI=1   # or Debian's h5py is the serial one

note() { echo "$(date '+%F %T') job: $*"; }

# What the newest checkpoint of a run holds, or how many points of a map are there, in one line; "nothing" if there is none.
reached() {
    hpcneq show "$1" --json 2>/dev/null | python3 -I -c '
import json, sys
result = json.load(sys.stdin)
state, points = result["checkpoint"], result["finished_points"]
print("{part}, step {step}, t = {t}".format(**state) if state else f"{points} finished points" if points else "nothing")' 2>/dev/null || echo nothing
}

# Fails if the run has not got on since its last start. A job that puts itself into the queue again for ever,
# each time losing what it computed, burns an allocation in a weekend.
got_on() {
    local now before
    now=$(reached "$1")
    before=$(cat "$1.reached" 2>/dev/null || echo never)
    if [ "$now" = "$before" ]; then
        note "$1 has not got on since its last start ($now): not started again. More time a job or a smaller" \
             "run.checkpoint_minutes may help; then delete $1.reached and submit again"
        return 1
    fi
    note "$1 has reached: $now"
    echo "$now" > "$1.reached"
}

# Pass a signal on. mpiexec hands USR1 to the ranks, which then stop together with a checkpoint. TERM or INT it would
# answer by killing them a second later, too soon for a checkpoint: so they become USR1 here. Ranks that are just
# starting ignore it, so it is repeated until they have ended.
tell() {
    caught=1
    note "told to stop, passing it on"
    if [ -z "$pid" ] || [ -n "$teller" ]; then return 0; fi
    (trap - USR1 TERM INT; while kill -USR1 "$pid" 2>/dev/null; do sleep 3; done) &
    teller=$!
}

compute() {
    local ranks=$1 input=$2 out=$3 pid='' code=1 status caught='' teller=''
    shift 3
    trap tell USR1 TERM INT
    got_on "$out" || return 1
    # hpcneq refuses to start on another number of ranks: with the mpiexec of another MPI, N ranks become
    # N runs of one rank each, which would all write the same files.
    export HPCNEQ_RANKS=$ranks
    # shellcheck disable=SC2016,SC2086  # the command may have options; a rank's own shell expands its words
    (trap '' USR1; exec ${HPCNEQ_MPI:-mpiexec} -n "$ranks" \
        bash -c 'trap "" USR1; exec "$@"' rank hpcneq run "$input" -o "$out" --resume "$@") &
    pid=$!
    [ -z "$caught" ] || tell    # before there was anybody to tell
    while :; do                 # a signal ends `wait`, not the run
        caught=
        wait "$pid"
        status=$?
        [ $status = 127 ] || code=$status   # 127: it had ended already, and the status is known
        [ -n "$caught" ] || break
    done
    [ -z "$teller" ] || kill "$teller" 2>/dev/null
    trap - USR1 TERM INT
    case $code in
        0) rm -f "$out.reached"; note "$out is complete" ;;
        75) note "$out was stopped with a checkpoint" ;;
        *) note "$out failed with exit code $code" ;;
    esac
    return "$code"
}
