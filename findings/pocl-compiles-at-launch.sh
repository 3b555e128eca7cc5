#!/usr/bin/env bash
# PoCL 3.1-3+deb12u1 (Debian 12): a kernel that clBuildProgram has built is compiled at its launch, and again and again.
#
# One expects clBuildProgram to compile, and a launch to run what was compiled. PoCL leaves no machine code behind when it
# builds. A shared object is made at the first launch, and another for each new local size, for a global size from 65,536
# on, and for an offset that is not zero, whichever it is; of each of these again one a local size. So the files in its
# cache folder count the compilations. Each takes 0.05 to 0.4 seconds for a small kernel and many for a matrix product.
#
# A training that warms up with a small batch, or cuts a long launch into parts with an offset, compiles in its measured
# part. Keep one local size for a kernel, and warm up with the sizes and the offsets that will be used.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What PoCL needs besides (LLVM 15, hwloc, and clang-15 as a linker) comes with Debian's pocl-opencl-icd.
apt-get -o APT::Sandbox::User=root download -q libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.4.6 pyopencl==2026.1.4
OCL_ICD_VENDORS=$(find "$PWD/debian" -name 'libpocl.so.2*' -type f)
export OCL_ICD_VENDORS POCL_CACHE_DIR="$folder/cache"
mkdir cache
venv/bin/python - <<'PYTHON'
import glob
import os
import sys

import numpy as np
import pyopencl as cl

device = cl.get_platforms()[0].get_devices()[0]
print(device.platform.version)
context = cl.Context([device])
queue = cl.CommandQueue(context)
numbers = cl.Buffer(context, cl.mem_flags.READ_WRITE, 4 << 18)
source = "kernel void scale(global float *x, float by) { x[get_global_id(0)] *= by; }"
kernel = cl.Kernel(cl.Program(context, source).build(), "scale")
kernel.set_args(numbers, np.float32(2))


def compiled():
    return len(glob.glob(os.environ["POCL_CACHE_DIR"] + "/**/*.so", recursive=True))


changed = compiled() != 0
print("after clBuildProgram:", compiled(), "compiled")
for size, local, offset, expected in [
    (1_024, 64, 0, 1), (1_024, 64, 0, 0), (2_048, 64, 0, 0), (1_024, 32, 0, 1), (65_472, 64, 0, 0), (65_536, 64, 0, 1),
    (131_072, 64, 0, 0), (1_024, 64, 64, 1), (1_024, 64, 128, 0), (1_024, 32, 128, 1),
]:
    before = compiled()
    cl.enqueue_nd_range_kernel(queue, kernel, (size,), (local,), (offset,)).wait()
    print(f"global size {size:6}, local size {local}, offset {offset:3}: {compiled() - before} compiled")
    changed |= compiled() - before != expected
sys.exit("this has changed" if changed else 0)
PYTHON
