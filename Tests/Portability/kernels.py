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
WIDTHS = (1, 8)
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


def build(context, device, source, options):
    """None, or why the driver refused. Oclgrind does not know -Werror and only warns."""
    text = ctypes.c_char_p(source.encode())
    program = opencl.clCreateProgramWithSource(context, 1, ctypes.byref(text), None, None)
    handle = pointer(device)
    status = opencl.clBuildProgram(program, 1, ctypes.byref(handle), options.encode(), None, None)
    log = ctypes.create_string_buffer(1 << 16)
    opencl.clGetProgramBuildInfo(program, device, BUILD_LOG, len(log), log, None)
    opencl.clReleaseProgram(program)
    words = log.value.decode(errors="replace")
    return None if status == 0 and "warning:" not in words else f"status {status}: {words[:2000]}"


def main():
    builds, failures = 0, []
    common = (FOLDER / "common.cl").read_text()
    files = sorted(file for file in FOLDER.glob("*.cl") if file.name != "common.cl")
    for device in devices():
        handle = pointer(device)
        context = opencl.clCreateContext(None, 1, ctypes.byref(handle), None, None, None)
        for file in files:
            for width in WIDTHS:
                options = f"-cl-std=CL1.2 -Werror -DWIDTH={width}"
                reason = build(context, device, f'{common}\n#line 1 "{file.name}"\n{file.read_text()}', options)
                builds += 1
                if reason:
                    failures.append(f"{file.name} with {options}: {reason}")
        opencl.clReleaseContext(context)
    json.dump({"builds": builds, "failures": failures}, sys.stdout)


main()
