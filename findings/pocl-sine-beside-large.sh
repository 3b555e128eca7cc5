#!/usr/bin/env bash
# PoCL 3.1-3+deb12u1 (Debian 12): sin((float2)(0.0001f, 1e7f)) is (0.0128, 0.4205), but the sine of 0.0001 is 0.0001.
#
# One expects a mathematical function of a vector to be computed for each element by itself, as OpenCL C says. In sin,
# cos, tan and sincos of float vectors an element of 2^23 or more makes each one below 1/128 count as a number between
# 1/128 and 1/64: its exponent is lost, whatever it was. So the sine of 1e-30 is 0.0099 and its cosine 0.99995. Right to
# 1e-6 are zeros, elements of 0.01 and above, the large one itself, small ones beside 2^23 - 1, scalars, and vectors of
# double. Seen with float2 to float16, on a processor with AVX-512. Oclgrind 21.10 and Intel's runtime 2026.2.0 are right.
# (PoCL's pull request 2327, of September 2026, says the same of its newest source.)
#
# Take the sine of scalars, or keep what is large or only padding out of the vector.
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
export OCL_ICD_VENDORS POCL_CACHE_DIR="$folder/cache" PYOPENCL_NO_CACHE=1
mkdir cache
venv/bin/python -W ignore - <<'PYTHON'
import sys

import numpy as np
import pyopencl as cl

device = cl.get_platforms()[0].get_devices()[0]
print(device.platform.version)
context = cl.Context([device])
queue = cl.CommandQueue(context)
small = np.array([0, 1e-30, 1e-10, 1e-4, 0.001, 0.0078, 0.01, 0.1, 1, 100], np.float32)
lost = (small > 0) & (small < 1 / 128)


def beside(function, large, width):
    """The function of each small number, as the first element of a vector whose last is large; or alone, of a float."""
    rows = np.zeros((len(small), width), np.float32)
    rows[:, -1], rows[:, 0] = large, small
    buffers = [cl.Buffer(context, cl.mem_flags.COPY_HOST_PTR, hostbuf=rows) for _ in range(2)]
    kind = "float" if width == 1 else f"float{width}"
    source = (f"kernel void f(global {kind} *x, global {kind} *y)"
              f" {{ size_t i = get_global_id(0); y[i] = {function}(x[i]); }}")
    cl.Program(context, source).build().f(queue, small.shape, (1,), *buffers)
    cl.enqueue_copy(queue, rows, buffers[1])
    return rows


changed = False
for function, exact in [("sin", np.sin), ("cos", np.cos), ("tan", np.tan)]:
    right = exact(small.astype(np.float64))
    for width, large in [(1, 0), (2, 2**23 - 1), (2, 2**23), (4, 1e7), (4, 1e30), (16, 1e30)]:
        rows = beside(function, large, width)
        near = np.isclose(rows[:, 0], right, rtol=1e-6, atol=0)
        text = "alone" if width == 1 else f"beside {large:.7g} in a float{width}"
        print(f"{function} of {small[3]:g} {text}: {rows[3, 0]:.7g}" + ("" if near[3] else f", not {right[3]:.7g}"))
        changed |= list(near) != list(~lost if large >= 2**23 else np.ones_like(lost))
        if width > 1:
            changed |= not np.allclose(rows[:, -1], exact(np.float64(np.float32(large))), rtol=1e-5)
    # The exponent is that of 1/128, the rest is the number's own.
    mantissa = np.frexp(small[lost])[0] * 2 / 128
    changed |= not np.allclose(beside(function, 1e7, 2)[lost, 0], exact(mantissa.astype(np.float64)), rtol=1e-5)
sys.exit("this has changed" if changed else 0)
PYTHON
