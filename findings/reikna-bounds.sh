#!/usr/bin/env bash
# reikna 0.9.0: uniform_integer(low=6) draws 0 to 6, though its documentation leaves 6 out; floats below 1 may be 1.
#
# One expects of reikna.cbrng, random numbers on OpenCL and CUDA devices, the intervals that it documents, both without
# their upper end. uniform_integer with one bound, low=6, is said to draw from [0, 6) and draws each of 0 to 6 as often;
# with low=0 and high=6 it keeps to it. uniform_float of float32 divides 32 random bits by 2^32, where the largest 128
# numbers are rounded up: one of 34 million is 1, seen on PoCL 3.1 6 times in 105 million. Its logarithm of 1 - u is
# infinite.
#
# An index that is drawn with one bound may be one too large. Give both, and take the smaller of u and 0.99999994.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What PoCL needs besides (LLVM 15, hwloc, and clang-15 as a linker) comes with Debian's pocl-opencl-icd.
apt-get -o APT::Sandbox::User=root download -q libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.4.6 pyopencl==2026.1.4 reikna==0.9.0
OCL_ICD_VENDORS=$(find "$PWD/debian" -name 'libpocl.so.2*' -type f)
export OCL_ICD_VENDORS POCL_CACHE_DIR="$folder/cache" PYOPENCL_NO_CACHE=1
mkdir cache
venv/bin/python -W ignore - <<'PYTHON'
import inspect
import sys

import numpy as np
from reikna import cluda
from reikna.cbrng import CBRNG, samplers

thread = cluda.ocl_api().Thread.create()
print(thread._device.platform.version)


def draws(sampler, kind, count, times=1, **bounds):
    """Arrays of random numbers, one after the other."""
    numbers = thread.array((count,), kind)
    generator = getattr(CBRNG, sampler)(numbers, 1, sampler_kwds=bounds, seed=1)
    counters = thread.to_device(generator.create_counters())
    draw = generator.compile(thread)
    for _ in range(times):
        draw(counters, numbers)
        yield numbers.get()


changed = False
for sampler, text in [(samplers.uniform_integer, "[0, low)"), (samplers.uniform_float, "[low, high)")]:
    documented = " ".join(inspect.getdoc(sampler).split())
    print(f"{sampler.__name__}: {documented.split('. ')[0]}.")
    changed |= text not in documented
for bounds, highest in [({"low": 6}, 6), ({"low": 0, "high": 6}, 5)]:
    often = np.bincount(next(draws("uniform_integer", np.int32, 1 << 16, **bounds)))
    print(f"uniform_integer {bounds}: how often 0, 1, … are drawn: {often.tolist()}")
    changed |= len(often) != highest + 1 or often.min() < (1 << 16) / 8
ones = sum(int((numbers == 1).sum()) for numbers in draws("uniform_float", np.float32, 1 << 20, 100, low=0, high=1))
print(f"uniform_float of 0 and 1: {ones} of {100 << 20} are 1")
changed |= ones == 0
sys.exit("this has changed" if changed else 0)
PYTHON
