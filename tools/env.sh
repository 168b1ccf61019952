# shellcheck shell=bash
# Sourced by the scripts beside it: the environment under which hpcneq runs here. Sets `root`, the checkout.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
case :$PATH: in *":$venv/bin:"*) ;; *) export PATH="$venv/bin:$PATH" ;; esac

export OMP_NUM_THREADS=1     # ranks use the cores; BLAS threads on top of them only compete
case ${OPENBLAS_CORETYPE-}$(grep -m 1 ^flags /proc/cpuinfo 2>/dev/null) in  # hpcneq/threads.py says why
    flags*avx512vl*) export OPENBLAS_CORETYPE=SkylakeX ;;
    flags*avx2*) export OPENBLAS_CORETYPE=Haswell ;;
esac
export H5PY_ALWAYS_USE_MPI=1 # or Debian's h5py is the serial one

# More ranks than cores are wanted in tests. Open MPI needs to be told, up to version 4 and from 5 on; MPICH does not.
export OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_mpi_yield_when_idle=1  # more ranks than cores must not spin for each other
export OMPI_MCA_ess_singleton_isolated=1  # a program on one rank starts no daemon: 0.2 s
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
if [ "$(id -u)" = 0 ]; then  # containers
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
