#!/bin/bash
# One long run as a chain of PBS jobs: each stops before its time limit with a checkpoint and submits the next.
#
#   qsub -v INPUT=input.toml,OUT=out.h5 jobs/pbs-run.sh          from the folder that holds jobs/
#
# PBS does not warn a job before its limit, so the run itself keeps the time: wall_limit below must be a few minutes
# less than walltime. What qdel sends (TERM) also stops it with a checkpoint, if the queue waits long enough.
#
#PBS -N hpcneq
#PBS -l select=1:ncpus=16:mpiprocs=16
#PBS -l walltime=12:00:00
#PBS -j oe
wall_limit=${WALL_LIMIT:-11:50:00}

set -u
cd "$PBS_O_WORKDIR" || exit 2   # PBS starts in the home folder
. "${HPCNEQ_JOBS:-jobs}/steps.sh"

ranks=$(grep -c . "$PBS_NODEFILE")   # a line for each rank asked for
compute "$ranks" "$INPUT" "$OUT" --set "run.wall_limit=\"$wall_limit\""
code=$?
if [ $code = 75 ]; then
    note "submitting the next job"
    settings="INPUT=$INPUT,OUT=$OUT,WALL_LIMIT=$wall_limit"
    case "$INPUT$OUT" in *,*)   # qsub would end a value at its comma: names alone take them from here
        export INPUT OUT WALL_LIMIT="$wall_limit"
        settings=INPUT,OUT,WALL_LIMIT ;;
    esac
    qsub -v "$settings" "${HPCNEQ_JOBS:-jobs}/pbs-run.sh"
fi
exit $code
