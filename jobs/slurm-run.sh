#!/bin/bash
# One long run as a chain of jobs: each stops before its time limit with a checkpoint and puts itself into the queue
# again, until the run is complete.
#
#   sbatch jobs/slurm-run.sh INPUT.toml OUT.h5 [--set table.key=value ...]
#
# from the folder that holds jobs/ (or set HPCNEQ_JOBS to where jobs/ is). Change the lines below to fit; options
# given to sbatch win over them. To end it early with a checkpoint: scancel --signal=USR1 --batch JOBID, then scancel.
#
#SBATCH --job-name=hpcneq
#SBATCH --ntasks=16                 # ranks
#SBATCH --cpus-per-task=1           # threads of each; then also: export OMP_NUM_THREADS
#SBATCH --time=12:00:00
#SBATCH --signal=B:USR1@300         # 5 minutes before the limit Slurm tells this script (B) to stop: a step of the run
#                                   # and the writing of a checkpoint must fit into them. May come up to a minute early
#SBATCH --requeue                   # the job may go back into the queue, also after a node has failed
#SBATCH --open-mode=append          # and its log goes on
#SBATCH --output=%x-%j.log

set -u
. "${HPCNEQ_JOBS:-${SLURM_SUBMIT_DIR:-.}/jobs}/steps.sh"   # Slurm runs a copy of this file, from elsewhere

compute "$SLURM_NTASKS" "$@"
code=$?
if [ $code = 75 ]; then
    note "back into the queue"
    scontrol requeue "$SLURM_JOB_ID" && sleep 60   # requeued, the job is ended from outside
fi
exit $code
