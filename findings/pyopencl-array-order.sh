#!/usr/bin/env bash
# PyOpenCL 2026.1.4: a transposed array and another are added by the places of their elements in memory.
#
# One expects a + b of two pyopencl.array.Array of one shape to add what has the same indices, or to refuse arrays whose
# orders in memory differ, as assignment and concatenation do. What is stored column after column, such as array.T or
# what was sent from numpy.asfortranarray, is combined with an array in C's order element by element of the memory,
# without a word: +, -, *, /, **, ==, <, +=, maximum, dot, mul_add, atan2, and a kernel of one's own. empty_like and
# zeros_like keep the order, so it goes on in what is made from such an array. astype, which reads only one array, moves
# the elements too. -array, array + 1, copy and sum are right. Of square matrices the shape does not even differ. The
# documentation of Array's arithmetic says nothing of it; an issue of 2023 in the project's list, open when last looked
# at, does.
#
# Weights of PyTorch are transposed against those of Keras and NumPy: transpose them on the host, and send
# numpy.ascontiguousarray of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What PoCL needs besides (LLVM 15, hwloc, and clang-15 as a linker) comes with Debian's pocl-opencl-icd.
apt-get -o APT::Sandbox::User=root download -q libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.4.6 pyopencl==2026.1.4 mako==1.4.3
OCL_ICD_VENDORS=$(find "$PWD/debian" -name 'libpocl.so.2*' -type f)
export OCL_ICD_VENDORS POCL_CACHE_DIR="$folder/cache" PYOPENCL_NO_CACHE=1
mkdir cache
timeout 300 venv/bin/python -W ignore - <<'PYTHON'
import sys

import numpy as np
import pyopencl
import pyopencl.array as device
from pyopencl import clmath
from pyopencl.elementwise import ElementwiseKernel

context = pyopencl.Context(pyopencl.get_platforms()[0].get_devices()[:1])
queue = pyopencl.CommandQueue(context)
print(pyopencl.VERSION_TEXT, context.devices[0].platform.version)
a = np.arange(12, dtype=np.float32).reshape(3, 4)
b = 10 * a + 1
send = lambda array: device.to_device(queue, array)
rows, other = send(a), send(b)
columns = send(np.asfortranarray(a))
transposed = send(np.ascontiguousarray(a.T)).T
added = ElementwiseKernel(context, "float *x, float *y, float *z", "z[i] = x[i] + y[i]")


def in_place(x, y):
    x = x.copy()
    x += y
    return x


def kernel(x, y):
    z = device.empty_like(y)
    added(x, y, z)
    return z


operations = {
    "+": (lambda x, y: x + y, a + b), "-": (lambda x, y: x - y, a - b), "*": (lambda x, y: x * y, a * b),
    "/": (lambda x, y: x / y, a / b), "**": (lambda x, y: y ** (x * 0.1), b ** (a * np.float32(0.1))),
    "==": (lambda x, y: x == rows, a == a), "<": (lambda x, y: x < rows, a < a), "+=": (in_place, a + b),
    "maximum": (lambda x, y: device.maximum(x, y), np.maximum(a, b)),
    "dot": (lambda x, y: device.dot(x, y), np.sum(a * b)), "mul_add": (lambda x, y: x.mul_add(1, y, 1), a + b),
    "atan2": (lambda x, y: clmath.atan2(x, y), np.arctan2(a, b)), "a kernel": (kernel, a + b),
    "zeros_like +": (lambda x, y: device.zeros_like(x) + y, b),
    "astype": (lambda x, y: x.astype(np.int32), a.astype(int)),
}
single = {"-array": (lambda x, y: -x, -a), "array + 1": (lambda x, y: x + 1, a + 1),
          "copy": (lambda x, y: x.copy(), a), "sum": (lambda x, y: device.sum(x), a.sum())}
near = lambda x, y: bool(np.allclose(x.get(), y, rtol=1e-4))
changed = False
for name, (apply, right) in (operations | single).items():
    seen = {"rows": near(apply(rows, other), right), "columns": near(apply(columns, other), right),
            "transposed": near(apply(transposed, other), right)}
    print(f"{name}: " + ", ".join(f"{order} {'right' if good else 'wrong'}" for order, good in seen.items()))
    changed |= list(seen.values()) != [True] + [name in single] * 2
by_memory = (a.ravel(order="F") + b.ravel()).reshape(a.shape, order="F")  # what comes of it
changed |= not near(columns + other, by_memory)
for name, apply in [("assignment", lambda: columns.__setitem__(..., other)),
                    ("concatenate", lambda: device.concatenate([columns, columns]))]:
    try:
        apply()
        changed = True
    except NotImplementedError as error:
        print(f"{name}: {error}")
sys.exit("this has changed" if changed else 0)
PYTHON
