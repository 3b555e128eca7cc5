#!/usr/bin/env python3
"""Builds every program of CLKernels with -Werror on every OpenCL device that this process finds. The programs are those of
the file named on the command line, which the test "The programs are written down" writes.

Prints a JSON object: how many builds there were, and the compiler's words for each that failed. portability runs it once
a platform, since a process sees the platforms that it began with.
"""
import ctypes
import json
import sys

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
    with open(sys.argv[1]) as file:
        programs = json.load(file)
    for device in devices():
        handle = pointer(device)
        context = opencl.clCreateContext(None, 1, ctypes.byref(handle), None, None, None)
        for program in programs:
            options = f"{program['options']} -Werror"
            reason = build(context, device, program["source"], options)
            builds += 1
            if reason:
                failures.append(f"{program['file']}.cl with {options}: {reason}")
        opencl.clReleaseContext(context)
    json.dump({"builds": builds, "failures": failures}, sys.stdout)


main()
