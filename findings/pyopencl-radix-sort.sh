#!/usr/bin/env bash
# PyOpenCL 2026.1.4: RadixSort puts negative keys behind the positive ones; of 64 bits it sorts by the lower half.
#
# One expects pyopencl.algorithm.RadixSort, which takes "an integer-valued C expression" for its key, to sort by the
# value of that expression. Without an argument more, as in the project's own examples of int keys, it takes the key for
# a number of 32 bits without a sign: 3, -1, 2, -5 become 2, 3, -5, -1; and of long keys it compares the lower 32 bits
# alone, so that 2^40 comes before 5. Neither is said: the argument key_dtype, which decides it, is in no text, only in
# the signature. The order of what is sorted along by the key is wrong in the same way. Positive keys of 32 bits are
# right, and with key_dtype=numpy.int64 positive ones of 64 bits.
#
# Who ranks scores so (logits times 1000, say) has the worst ones at the end that is taken for the best. Add 2^31 to an
# int key, as key_expr="(uint) scores[i] ^ 0x80000000u", and give keys of 64 bits their key_dtype.
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
import inspect
import sys

import numpy as np
import pyopencl
import pyopencl.array as device
from pyopencl.algorithm import RadixSort

context = pyopencl.Context(pyopencl.get_platforms()[0].get_devices()[:1])
queue = pyopencl.CommandQueue(context)
print(pyopencl.VERSION_TEXT, context.devices[0].platform.version)
documented = (inspect.getdoc(RadixSort) or "") + (inspect.getdoc(RadixSort.__init__) or "")
print("key_dtype is documented:", "key_dtype" in documented)
changed = "key_dtype" in documented or "integer-valued" not in documented
C_NAMES = {np.int32: "int", np.int64: "long"}


def ranked(keys, expression="keys[i]", **options):
    """The keys sorted, and the numbers of their places, sorted along."""
    kind = C_NAMES[keys.dtype.type]
    sort = RadixSort(context, f"{kind} *keys, int *places", key_expr=expression, sort_arg_names=["keys", "places"],
                     **options)
    places = np.arange(len(keys), dtype=np.int32)
    (keys, places), _ = sort(device.to_device(queue, keys), device.to_device(queue, places), queue=queue)
    return keys.get(), places.get()


def see(what, keys, expected, **arguments):
    """`expected` sorts as described; the places have to follow."""
    global changed
    seen, places = ranked(keys, **arguments)
    as_described = np.array_equal(seen, keys[expected]) and np.array_equal(places, expected)
    right = np.array_equal(seen, np.sort(keys))
    print("as described:" if as_described else "NOT as described:", what, "right" if right else "wrong",
          seen[:6].tolist())
    changed |= not as_described


stable = lambda keys: np.argsort(keys, kind="stable")
random = np.random.default_rng(1)
for name, keys in [("few", np.array([3, -1, 2, -5, 0, 7], np.int32)),
                   ("1000", random.integers(-10000, 10000, 1000).astype(np.int32))]:
    see(f"{name} int keys:", keys, stable(keys.view(np.uint32)))
    see(f"{name} int keys without their sign:", abs(keys), stable(abs(keys)))
    see(f"{name} int keys, the sign turned:", keys, stable(keys), expression="(uint) keys[i] ^ 0x80000000u")
    assert not np.array_equal(stable(keys), stable(keys.view(np.uint32)))
for name, keys in [("few", np.array([1 << 40, 1 << 33, 5, 1 << 62, 7])), ("1000", random.integers(0, 1 << 50, 1000))]:
    see(f"{name} long keys:", keys, stable(keys.astype(np.uint32)))
    see(f"{name} long keys, key_dtype=int64:", keys, stable(keys), key_dtype=np.int64)
    assert not np.array_equal(stable(keys), stable(keys.astype(np.uint32)))
sys.exit("this has changed" if changed else 0)
PYTHON
