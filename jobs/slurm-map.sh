#!/bin/bash
# A map: one input with a [sweep], its points shared out over the ranks of one job.
#
#   sbatch jobs/slurm-map.sh INPUT.toml OUT.h5 [--set table.key=value ...]
#
# hpcneq hands the points to the ranks itself, so one job on many nodes is as good as an array and leaves one file.
# More ranks than rows of the map do not help. See slurm-run.sh for what the lines below mean.
#
#SBATCH --job-name=hpcneq-map
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=32
#SBATCH --cpus-per-task=1
#SBATCH --time=4:00:00
#SBATCH --signal=B:USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log

set -u
. "${HPCNEQ_JOBS:-${SLURM_SUBMIT_DIR:-.}/jobs}/steps.sh"

compute "$SLURM_NTASKS" "$@"
code=$?
if [ $code = 75 ]; then
    note "back into the queue"
    scontrol requeue "$SLURM_JOB_ID" && sleep 60
fi
exit $code
