#!/usr/bin/env bash
# CLBlast 1.5.3 (Debian 12): with beta = 0 a matrix times a vector still reads what the result's buffer holds.
#
# One expects what the BLAS says of beta = 0, that y need not be set on input, so that a new buffer can take the result.
# CLBlast's SGEMM keeps to that: C full of NaN comes out as the product. Its SGEMV multiplies y by zero and adds it, so that
# NaN or infinity, which memory that nothing was written to may well hold, comes out as NaN: seen on PoCL 3.1. OpenBLAS 0.3.34
# gives the product in both.
#
# A text that is written alone is all SGEMV. Clear the result first, or call SGEMM with one row, which is slower.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What both need besides (a loader, LLVM 15, hwloc, and clang-15 as a linker) comes with Debian's pocl-opencl-icd.
apt-get -o APT::Sandbox::User=root download -q libclblast1=1.5.3-3 libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.4.6 pyopencl==2026.1.4 scipy-openblas32==0.3.34.481.3
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
import scipy_openblas32

clblast = ctypes.CDLL(os.environ["CLBLAST"])
openblas = ctypes.CDLL(f"{scipy_openblas32.get_lib_dir()}/libscipy_openblas.so")
size, real, pointer, integer = ctypes.c_size_t, ctypes.c_float, ctypes.c_void_p, ctypes.c_int
device = cl.get_platforms()[0].get_devices()[0]
print(device.platform.version)
context = cl.Context([device])
queue = cl.CommandQueue(context)
n = 64
a = np.random.default_rng(1).random((n, n), np.float32)
x = a[0].copy()
row_major, as_it_is = 101, 111


def on_device(array):
    return cl.Buffer(context, cl.mem_flags.COPY_HOST_PTR, hostbuf=array)


def by_clblast(columns, before):
    """a · x, or a · a, into a buffer full of `before`."""
    result = np.full((n, columns), before, np.float32)
    on_queue = ctypes.byref(pointer(queue.int_ptr))
    buffers = [on_device(array) for array in (a, x if columns == 1 else a, result)]
    left, right, into = (pointer(buffer.int_ptr) for buffer in buffers)
    zero, width, one = size(0), size(n), real(1)
    if columns == 1:
        status = clblast.CLBlastSgemv(row_major, as_it_is, width, width, one, left, zero, width, right, zero, size(1),
                                      real(0), into, zero, size(1), on_queue, None)
    else:
        status = clblast.CLBlastSgemm(row_major, as_it_is, as_it_is, width, width, width, one, left, zero, width,
                                      right, zero, width, real(0), into, zero, width, on_queue, None)
    assert status == 0, status
    cl.enqueue_copy(queue, result, buffers[2])
    return result


def by_openblas(columns, before):
    result = np.full((n, columns), before, np.float32)
    left, right, into = (array.ctypes.data_as(pointer) for array in (a, x if columns == 1 else a, result))
    if columns == 1:
        openblas.scipy_cblas_sgemv(row_major, as_it_is, n, n, real(1), left, n, right, 1, real(0), into, 1)
    else:
        openblas.scipy_cblas_sgemm(row_major, as_it_is, as_it_is, n, n, n, real(1), left, n, right, n, real(0), into, n)
    return result


changed = False
for library, product in [("CLBlast", by_clblast), ("OpenBLAS", by_openblas)]:
    for columns, name in [(1, "SGEMV"), (n, "SGEMM")]:
        for before in (7, np.nan, np.inf):
            right = a @ (x[:, None] if columns == 1 else a)
            result = product(columns, before)
            is_right = np.allclose(result, right, rtol=1e-4)
            seen = "the product" if is_right else "NaN everywhere" if np.isnan(result).all() else "something else"
            print(f"{library}'s {name}, beta 0, a result full of {before}: {seen}")
            changed |= seen != ("NaN everywhere" if name == "SGEMV" and library == "CLBlast" and before != 7
                                else "the product")
sys.exit("this has changed" if changed else 0)
PYTHON
