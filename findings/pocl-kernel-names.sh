#!/usr/bin/env bash
# PoCL 3.1-3+deb12u1 (Debian 12): a kernel called `step` is built without a word and cannot be made.
#
# One expects a program whose build succeeds to give its kernels. When a kernel has the name of a function of OpenCL C,
# such as step, mix or select, clBuildProgram succeeds, but the program says that the kernel is called _cl_step, and
# clCreateKernel("step") fails with -46 (CL_INVALID_KERNEL_NAME): PoCL's header renames the functions with macros, and the
# kernel with them. Oclgrind 21.10, Intel's runtime 2026.2.0 and Mesa's rusticl 22.3.6 were seen to give the kernel.
#
# A recurrent network's kernels are readily called step, mix or select. Put a prefix before the names (lstm_step).
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
import sys

import pyopencl as cl

device = cl.get_platforms()[0].get_devices()[0]
print(device.platform.version)
context = cl.Context([device])
changed = False
for name, works in [("step", False), ("mix", False), ("select", False), ("lstm_step", True)]:
    source = f"kernel void {name}(global float *x) {{ x[get_global_id(0)] += 1; }}"
    program = cl.Program(context, source).build()
    try:
        cl.Kernel(program, name)
        code = 0
    except cl.Error as error:
        code = error.code
    has = program.get_info(cl.program_info.KERNEL_NAMES)
    print(f"{name}: built, the program has {has!r}, clCreateKernel gives {code}")
    changed |= (code, has) != ((0, name) if works else (-46, f"_cl_{name}"))
sys.exit("this has changed" if changed else 0)
PYTHON
