#!/usr/bin/env bash
# CLBlast 1.5.3 (Debian 12): the norm of numbers that are not near 1 is infinite or zero, with status 0.
#
# One expects of a BLAS's nrm2 that it scales: the norm of numbers whose squares leave the range of single precision is right
# as long as it is itself within. CLBlast's SNRM2 sums plain squares: four times 1e20 has the norm infinity, four times 1e-25
# the norm 0. OpenBLAS 0.3.34 gives 2e20 and 2e-25. And where some of the numbers are NaN, CLBlast's ISAMAX names the largest
# of the others. Seen on PoCL 3.1.
#
# So gradients cannot be clipped by that norm, nor NaN be found by these: add up squares of your own, scaled or in double.
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
openblas.scipy_cblas_snrm2.restype = ctypes.c_float
size, pointer = ctypes.c_size_t, ctypes.c_void_p
device = cl.get_platforms()[0].get_devices()[0]
print(device.platform.version)
context = cl.Context([device])
queue = cl.CommandQueue(context)


def on_device(function, x, result):
    """A reduction of x by CLBlast."""
    given, taken = (cl.Buffer(context, cl.mem_flags.COPY_HOST_PTR, hostbuf=array) for array in (x, result))
    status = function(size(len(x)), pointer(taken.int_ptr), size(0), pointer(given.int_ptr), size(0), size(1),
                      ctypes.byref(pointer(queue.int_ptr)), None)
    assert status == 0, status
    cl.enqueue_copy(queue, result, taken)
    return result[0]


changed = False
for value, expected in [(1, 2), (1e20, np.inf), (1e-25, 0)]:
    x = np.full(4, value, np.float32)
    norm = on_device(clblast.CLBlastSnrm2, x, np.zeros(1, np.float32))
    right = openblas.scipy_cblas_snrm2(4, x.ctypes.data_as(pointer), 1)
    print(f"four times {value:g}: the norm is {norm:g} by CLBlast, {right:g} by OpenBLAS")
    changed |= norm != np.float32(expected) or not np.isclose(right, 2 * value, rtol=1e-6, atol=0)
x = np.array([1, np.nan, 3, 2], np.float32)
largest = on_device(clblast.CLBlastiSamax, x, np.zeros(1, np.uint32))
print(f"the largest of {x.tolist()}: number {largest} by CLBlast")
changed |= largest != 2
sys.exit("this has changed" if changed else 0)
PYTHON
