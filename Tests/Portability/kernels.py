#!/usr/bin/env python3
"""Builds every file of CLKernels with -Werror on every OpenCL device that this process finds.

Prints a JSON object: how many builds there were, and the compiler's words for each that failed. portability runs it once
a platform, since a process sees the platforms that it began with.
"""
import ctypes
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "CLKernels"
# What stands before each file, on GPUs and on processors.
VARIANTS = {1: ["common", "gpu"], 8: ["common", "cpu"]}
# Of these, product.cl is made of cpu.cl and needs it.
PROCESSORS_ONLY = ["product"]
BUILD_LOG = 0x1183
ALL_KINDS = 0xFFFFFFFF

opencl = ctypes.CDLL("libOpenCL.so.1")
pointer, number = ctypes.c_void_p, ctypes.c_uint
opencl.clGetDeviceIDs.argtypes = [pointer, ctypes.c_uint64, number, pointer, pointer]
opencl.clCreateContext.restype = opencl.clCreateProgramWithSource.restype = pointer
opencl.clCreateContext.argtypes = [pointer, number, pointer, pointer, pointer, pointer]
opencl.clCreateProgramWithSource.argtypes = [pointer, number, pointer, pointer, pointer]
opencl.clBuildProgram.argtypes = [pointer, number, pointer, ctypes.c_char_p, pointer, pointer]
opencl.clGetProgramBuildInfo.argtypes = [pointer, pointer, number, ctypes.c_size_t, pointer, pointer]
opencl.clReleaseProgram.argtypes = opencl.clReleaseContext.argtypes = [pointer]


def listed(count_and_fill):
    """The handles that one of OpenCL's listing functions gives."""
    count = number(0)
    if count_and_fill(0, None, ctypes.byref(count)) != 0:
        return []
    handles = (pointer * count.value)()
    count_and_fill(count, handles, None)
    return list(handles)


def devices():
    for platform in listed(opencl.clGetPlatformIDs):
        yield from listed(lambda n, ids, count: opencl.clGetDeviceIDs(platform, ALL_KINDS, n, ids, count))


def text(name):
    return f'#line 1 "{name}.cl"\n' + (FOLDER / f"{name}.cl").read_text()


def build(context, device, source, options):
    """None, or why the driver refused. Oclgrind does not know -Werror and only warns."""
    characters = ctypes.c_char_p(source.encode())
    program = opencl.clCreateProgramWithSource(context, 1, ctypes.byref(characters), None, None)
    handle = pointer(device)
    status = opencl.clBuildProgram(program, 1, ctypes.byref(handle), options.encode(), None, None)
    log = ctypes.create_string_buffer(1 << 16)
    opencl.clGetProgramBuildInfo(program, device, BUILD_LOG, len(log), log, None)
    opencl.clReleaseProgram(program)
    words = log.value.decode(errors="replace")
    # Intel's compiler says with a warning that it does what KERNEL asks for: it makes no vectors of vectors.
    warnings = [line for line in words.splitlines() if "warning:" in line and "vec type hint" not in line]
    return None if status == 0 and not warnings else f"status {status}: {words[:2000]}"


def main():
    builds, failures = 0, []
    files = sorted(file.stem for file in FOLDER.glob("*.cl"))
    for device in devices():
        handle = pointer(device)
        context = opencl.clCreateContext(None, 1, ctypes.byref(handle), None, None, None)
        for width, first in VARIANTS.items():
            for file in files:
                if file in [*VARIANTS[1], *VARIANTS[8]] or width == 1 and file in PROCESSORS_ONLY:
                    continue
                options = f"-cl-std=CL1.2 -Werror -DWIDTH={width}"
                reason = build(context, device, "".join(text(name) for name in [*first, file]), options)
                builds += 1
                if reason:
                    failures.append(f"{file}.cl with {options}: {reason}")
        opencl.clReleaseContext(context)
    json.dump({"builds": builds, "failures": failures}, sys.stdout)


main()
