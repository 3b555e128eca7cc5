#!/usr/bin/env bash
# CLBlast 1.5.3 (Debian 12): a strided batch of products whose right factors begin at an offset is wrong.
#
# One expects SgemmStridedBatched(…, a_offset, …, a_stride, …) to multiply the matrices that begin at a_offset + i · a_stride,
# as the documentation says, and as many single SGEMMs do. It does for small matrices. For large ones, which it copies into
# buffers of its own first (on PoCL from 1024 x 1024 on), an offset of the right factor (in row-major order) gives other
# numbers, with status 0; offsets of the left factor and of the result do no harm.
#
# The weights of a network in one buffer have offsets. Call SGEMM in a loop, or give it buffers that begin with the batch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What both need besides (a loader, LLVM 15, hwloc, and clang-15 as a linker) comes with Debian's pocl-opencl-icd.
apt-get -o APT::Sandbox::User=root download -q libclblast1=1.5.3-3 libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.4.6 pyopencl==2026.1.4
OCL_ICD_VENDORS=$(find "$PWD/debian" -name 'libpocl.so.2*' -type f)
CLBLAST=$(find "$PWD/debian" -name 'libclblast.so.1*' -type f)
export OCL_ICD_VENDORS CLBLAST POCL_CACHE_DIR="$folder/cache"
mkdir cache
venv/bin/python - <<'PYTHON'
import ctypes
import os
import sys

import numpy as np
import pyopencl as cl

clblast = ctypes.CDLL(os.environ["CLBLAST"])
size, real, pointer = ctypes.c_size_t, ctypes.c_float, ctypes.c_void_p
device = cl.get_platforms()[0].get_devices()[0]
print(device.platform.version)
context = cl.Context([device])
queue = cl.CommandQueue(context)
batch = 2
row_major, as_it_is = 101, 111


def wrong(n, offsets, single):
    """How many matrices of the batch are wrong."""
    generator = np.random.default_rng(n)
    arrays = [generator.random(offset + batch * n * n, np.float32) for offset in offsets]
    a, b, c = (array[offset:].reshape(batch, n, n) for array, offset in zip(arrays, offsets))
    right = a @ b
    buffers = [cl.Buffer(context, cl.mem_flags.COPY_HOST_PTR, hostbuf=array) for array in arrays]
    handles = [pointer(buffer.int_ptr) for buffer in buffers]
    on_queue = ctypes.byref(pointer(queue.int_ptr))
    width, stride = size(n), size(n * n)

    def matrix(index, step=0):
        return handles[index], size(offsets[index] + step * n * n), width

    if single:
        for i in range(batch):
            status = clblast.CLBlastSgemm(row_major, as_it_is, as_it_is, width, width, width, real(1), *matrix(0, i),
                                          *matrix(1, i), real(0), *matrix(2, i), on_queue, None)
            assert status == 0, status
    else:
        status = clblast.CLBlastSgemmStridedBatched(row_major, as_it_is, as_it_is, width, width, width, real(1),
                                                    *matrix(0), stride, *matrix(1), stride, real(0), *matrix(2), stride,
                                                    size(batch), on_queue, None)
        assert status == 0, status
    cl.enqueue_copy(queue, arrays[2], buffers[2])
    return sum(not np.allclose(mine, theirs, rtol=1e-4) for mine, theirs in zip(c, right))


changed = False
for n in (512, 1024):
    for offsets in ((0, 0, 0), (n, 0, 0), (0, n, 0), (0, 0, n)):
        batched, alone = wrong(n, offsets, False), wrong(n, offsets, True)
        print(f"{batch} products of {n} x {n}, offsets {offsets}: of the batch {batched} are wrong, one by one {alone}")
        changed |= alone > 0 or (batched > 0) != (n == 1024 and offsets[1] > 0)
sys.exit("this has changed" if changed else 0)
PYTHON
