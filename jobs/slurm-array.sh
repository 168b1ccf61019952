#!/bin/bash
# Many inputs, each a run of its own in a job of its own; each goes back into the queue until it is complete.
#
#   sbatch --array=0-9 jobs/slurm-array.sh inputs/nsn-junction/*.toml
#
# Number k of the array computes input k (from 0) into results/NAME.h5. --array=0-9%4 runs at most four at a time;
# --array=3 repeats one. See slurm-run.sh for what the lines below mean.
#
#SBATCH --job-name=hpcneq-array
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=1
#SBATCH --time=4:00:00
#SBATCH --signal=B:USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%A_%a.log       # %A the array, %a the number in it

set -u
. "${HPCNEQ_JOBS:-${SLURM_SUBMIT_DIR:-.}/jobs}/steps.sh"

inputs=("$@")
input=${inputs[$SLURM_ARRAY_TASK_ID]-}
if [ -z "$input" ]; then
    note "there is no input number $SLURM_ARRAY_TASK_ID; ${#inputs[@]} were given, counted from 0"
    exit 2
fi
mkdir -p results

compute "$SLURM_NTASKS" "$input" "results/$(basename "$input" .toml).h5"
code=$?
if [ $code = 75 ]; then
    note "back into the queue"
    scontrol requeue "$SLURM_JOB_ID" && sleep 60   # this number of the array alone
fi
exit $code
