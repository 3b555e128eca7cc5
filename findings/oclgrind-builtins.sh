#!/usr/bin/env bash
# Oclgrind 21.10 (Debian 12): convert_int_rtn(-1.5f) is -1 and convert_int_rtp(-1.5f) is -2; more built-ins are wrong.
#
# One expects a simulator that is there to find a kernel's faults to compute what OpenCL C says. Without a word it gives
#   - conversions of negative floats and doubles to integers, rounded down (rtn) and up (rtp): the one for the other.
#     With saturation (convert_int_sat_rtn) they are right;
#   - mad_sat of long with a negative product: the least long (its issue 117, open since 2016); with a large positive
#     one, a number that wraps round;
#   - add_sat of the least long and itself: 0; sub_sat(0, the least): the least;
#   - remquo: three bits of the quotient instead of seven;
#   - bitselect of floats with a mask for the mantissa: 0, since it takes the bits of doubles;
#   - fract of infinity: 0.99999994 instead of 0.
# PoCL 3.1 is right in all of them.
#
# Kernels whose numbers are compared between drivers meet this as a fault of the kernel. floor and ceil are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What they need besides comes with Debian's oclgrind (LLVM 14) and pocl-opencl-icd (LLVM 15, hwloc, and clang-15 as a
# linker).
apt-get -o APT::Sandbox::User=root download -q oclgrind=21.10-3 liboclgrind-21.10=21.10-3 \
    libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.4.6 pyopencl==2026.1.4
mkdir cache vendors
find "$PWD/debian" -name liboclgrind-rt-icd.so -type f > vendors/oclgrind.icd
find "$PWD/debian" -name 'libpocl.so.2*' -type f > vendors/pocl.icd
libraries=$(dirname "$(find "$PWD/debian" -name 'liboclgrind-21.10.so')")
export LD_LIBRARY_PATH="$libraries" OCL_ICD_VENDORS="$PWD/vendors" POCL_CACHE_DIR="$PWD/cache" PYOPENCL_NO_CACHE=1
export OCLGRIND_DATA_RACES=1
venv/bin/python -W ignore - <<'PYTHON'
import sys

import numpy as np
import pyopencl as cl

LEAST, GREATEST = -2**63, 2**63 - 1
bits = lambda number: np.uint32(number).view(np.float32)
a, b, mantissa = 0x3F9DF3B6, 0x40490FDB, 0x007FFFFF
# What is called, the types of arguments and result, the arguments, what Oclgrind gives, what OpenCL C says.
calls = [
    ("convert_int_rtn(x)", "float", "int", [-1.5], -1, -2),
    ("convert_int_rtp(x)", "float", "int", [-1.5], -2, -1),
    ("convert_long_rtn(x)", "double", "long", [-0.25], 0, -1),
    ("convert_int_rtn(x)", "float", "int", [1.5], 1, 1),
    ("convert_int_rte(x)", "float", "int", [-1.5], -2, -2),
    ("convert_int_sat_rtn(x)", "float", "int", [-1.5], -2, -2),
    ("convert_int(floor(x))", "float", "int", [-1.5], -2, -2),
    ("mad_sat(x, y, z)", "long", "long", [2, -3, 4], LEAST, -2),
    ("mad_sat(x, y, z)", "long", "long", [-2, LEAST + 1, 5], 3, GREATEST),
    ("mad_sat(x, y, z)", "long", "long", [2, 3, 4], 10, 10),
    ("mad_sat(x, y, z)", "int", "int", [2, -3, 4], -2, -2),
    ("add_sat(x, y)", "long", "long", [LEAST, LEAST], 0, LEAST),
    ("sub_sat(x, y)", "long", "long", [0, LEAST], LEAST, GREATEST),
    ("quotient(x, y)", "float", "int", [100, 3], 1, 33),
    ("quotient(x, y)", "float", "int", [-100, 3], -1, -33),
    ("as_int(bitselect(x, y, z))", "float", "int", [bits(each) for each in (a, b, mantissa)],
     0, (a & ~mantissa) | (b & mantissa)),
    ("fraction(x)", "float", "float", [np.inf], float(np.nextafter(np.float32(1), np.float32(0))), 0.0),
]
types = {"int": np.int32, "long": np.int64, "float": np.float32, "double": np.float64}
helpers = ("int quotient(float x, float y) { int q; remquo(x, y, &q); return q; }"
           "float fraction(float x) { float whole; return fract(x, &whole); }")


def called(device, expression, taken, given, arguments):
    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    values = np.zeros(3, types[taken])
    values[:len(arguments)] = arguments
    result = np.zeros(1, types[given])
    buffers = [cl.Buffer(context, cl.mem_flags.COPY_HOST_PTR, hostbuf=each) for each in (values, result)]
    source = (f"{helpers} kernel void f(global const {taken} *v, global {given} *r)"
              f" {{ {taken} x = v[0], y = v[1], z = v[2]; *r = {expression}; }}")
    cl.Program(context, source).build().f(queue, (1,), (1,), *buffers)
    cl.enqueue_copy(queue, result, buffers[1])
    return result[0].item()


devices = {each.name: each.get_devices()[0] for each in cl.get_platforms()}
oclgrind, pocl = devices["Oclgrind"], devices["Portable Computing Language"]
print(oclgrind.version, "and", pocl.version)
changed = False
for expression, taken, given, arguments, there, right in calls:
    one, other = (called(device, expression, taken, given, arguments) for device in (oclgrind, pocl))
    print(f"{expression} of {taken} {[float(each) if taken == 'float' else each for each in arguments]}:",
          f"Oclgrind {one}, PoCL {other}")
    changed |= (one, other) != (there, right)
sys.exit("this has changed" if changed else 0)
PYTHON
