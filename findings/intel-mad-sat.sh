#!/usr/bin/env bash
# Intel's OpenCL runtime for processors 2026.2.0: mad_sat(-1, 0, -1) is -1 in small work-groups, 2147483647 in larger.
#
# One expects what OpenCL C says of mad_sat among its integer functions: a * b + c, or the nearest number of the type
# where that is out of its range; and the same from every work-group. This runtime reports success and gives, with int
# and uint in groups of so many work-items that it runs several at once (16 with AVX-512), and with vectors,
#   - int: the greatest for a small product and a negative c, the least for a negative product and a positive c;
#   - uint: a sum that wraps round where a * b is in range: mad_sat(4294967295, 1, 1) is 0;
# and a sum of long that wraps round in groups of any size. ulong and the types of 8 and 16 bits are right, and so is
# add_sat of all types. Seen with the code for SSE 4.2, AVX2 and AVX-512 (CL_CONFIG_CPU_TARGET_ARCH). PoCL 3.1 is right.
#
# Compute in a wider type: convert_int_sat((long)a * b + c), convert_uint_sat((ulong)a * b + c).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What PoCL needs besides (LLVM 15, hwloc, and clang-15 as a linker) comes with Debian's pocl-opencl-icd.
apt-get -o APT::Sandbox::User=root download -q libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
    numpy==2.4.6 pyopencl==2026.1.4 intel-opencl-rt==2026.2.0 intel-cmplr-lib-rt==2026.2.0
mkdir cache vendors
echo "$PWD/venv/lib/libintelocl.so" > vendors/intel.icd
find "$PWD/debian" -name 'libpocl.so.2*' -type f > vendors/pocl.icd
export OCL_ICD_VENDORS="$PWD/vendors" POCL_CACHE_DIR="$PWD/cache" PYOPENCL_NO_CACHE=1
venv/bin/python -W ignore - <<'PYTHON'
import sys

import numpy as np
import pyopencl as cl

TYPES = {"char": np.int8, "uchar": np.uint8, "short": np.int16, "ushort": np.uint16,
         "int": np.int32, "uint": np.uint32, "long": np.int64, "ulong": np.uint64}
WIDER = {"int": "long", "uint": "ulong"}
COUNT, GROUP = 1024, 64
random = np.random.default_rng(1)


def triples(kind):
    """As many as COUNT: some to be named, half of them small numbers, and products of half the bits with any c."""
    limits = np.iinfo(TYPES[kind])
    least, greatest = int(limits.min), int(limits.max)
    named = [(-1, 0, -1), (5, 3, least), (1, -2, 100)] if least else [(greatest, 1, 1), (3, 5, greatest - 1)]
    half = 1 << (limits.bits // 2 - 2)
    named += [(half - 1, half - 1, greatest - 1)]
    small = random.integers(-9 if least else 0, 9, (COUNT // 2, 3)).tolist()
    factors = random.integers(-half if least else 0, half, (COUNT // 2 - len(named), 2)).tolist()
    anything = random.integers(least, greatest, len(factors), TYPES[kind], endpoint=True).tolist()
    return named, [*named, *small, *((a, b, c) for (a, b), c in zip(factors, anything))]


def computed(device, kind, expression, rows, group):
    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    source = (f"kernel void f({', '.join(f'global const {kind} *{name}' for name in 'xyz')}, global {kind} *r) {{"
              f" size_t i = get_global_id(0); {kind} a = x[i], b = y[i], c = z[i]; r[i] = {expression}; }}")
    columns = [np.array(column, TYPES[kind]) for column in zip(*rows)]
    result = np.zeros(COUNT, TYPES[kind])
    buffers = [cl.Buffer(context, cl.mem_flags.COPY_HOST_PTR, hostbuf=each) for each in (*columns, result)]
    cl.Program(context, source).build().f(queue, (COUNT,), (group,), *buffers)
    cl.enqueue_copy(queue, result, buffers[-1])
    return result.tolist()


changed = False
for device in sorted((each.get_devices()[0] for each in cl.get_platforms()), key=lambda device: device.platform.name):
    intel = device.platform.name.startswith("Intel")
    print(device.platform.name, device.driver_version)
    for kind in TYPES:
        least, greatest = int(np.iinfo(TYPES[kind]).min), int(np.iinfo(TYPES[kind]).max)
        clamp = lambda value: min(max(value, least), greatest)
        named, rows = triples(kind)
        right = [clamp(a * b + c) for a, b, c in rows]
        alone, together = (computed(device, kind, "mad_sat(a, b, c)", rows, group) for group in (1, GROUP))
        wrong = [sum(one != other for one, other in zip(seen, right)) for seen in (alone, together)]
        print(f"  {kind}: of {COUNT} are wrong {wrong[0]} in groups of 1, {wrong[1]} in groups of {GROUP}")
        for row, one, other in zip(named, together, right):
            if one != other:
                print(f"    mad_sat{row} = {one}, not {other}")
        changed |= wrong[0] > 0 and not (intel and kind == "long")
        changed |= (wrong[1] > 0) != (intel and kind in ("int", "uint", "long"))
        changed |= computed(device, kind, "add_sat(a, c)", rows, GROUP) != [clamp(a + c) for a, b, c in rows]
        if kind in WIDER:
            wide = computed(device, kind, f"convert_{kind}_sat(({WIDER[kind]})a * b + c)", rows, GROUP)
            changed |= wide != right
        if intel and kind == "int":
            changed |= (alone[0], together[0]) != (-1, greatest)
sys.exit("this has changed" if changed else 0)
PYTHON
