// Stands between a program and OpenCL, to make calls fail and devices small. Nothing of the program knows of it:
//
//   clang -shared -fPIC -O1 -o libfaults.so opencl.c -ldl
//   LD_PRELOAD=libfaults.so OPENCL_FAULT="clEnqueueNDRangeKernel 17 -5" char-rnn train ...
//
// OPENCL_FAULT="NAME N STATUS": the N-th call of NAME does not happen and returns STATUS; with "N+", every call of any
//   function after it fails as well, as when a device is lost.
// OPENCL_RECORD=FILE: at exit, "NAME CALLS" for each function that was called, and "live KIND COUNT" for the
//   references that were created and not released.
// OPENCL_ANSWERS="KEY=VALUE ...": what clGetDeviceInfo and clGetKernelWorkGroupInfo answer for these keys. With
//   CL_DEVICE_MAX_WORK_GROUP_SIZE (0x1004) larger work-groups are refused, too, and with
//   CL_DEVICE_MAX_MEM_ALLOC_SIZE (0x1010) larger buffers.
// OPENCL_OPTIONS=OPTIONS: added to those of every build.
// OPENCL_IDLE=1: launches are queued as markers, which compute nothing, so that what a program asks of a device can be
//   counted in no time.
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: Calls that are counted, and may be refused

struct function {
    const char *name;
    void *next;
    atomic_int calls;
    _Atomic(struct function *) before;
    atomic_bool is_known;
};

static _Atomic(struct function *) last_called;
static atomic_bool is_lost;

static const struct fault {
    char name[64];
    int call, status;
    bool lasts;
} *the_fault(void) {
    static struct fault fault;
    static atomic_bool is_read;
    const char *text = getenv("OPENCL_FAULT");
    if (!text) return NULL;
    if (!is_read) {
        char call[16];
        if (sscanf(text, "%63s %15s %d", fault.name, call, &fault.status) != 3) abort();
        fault.call = atoi(call);
        fault.lasts = strchr(call, '+') != NULL;
        is_read = true;
    }
    return &fault;
}

// The status with which the call fails, or 0.
static int begin(struct function *f, const char *name) {
    if (!atomic_exchange(&f->is_known, true)) {
        f->name = name;
        f->next = dlsym(RTLD_NEXT, name);
        f->before = atomic_exchange(&last_called, f);
    }
    int call = ++f->calls;
    const struct fault *fault = the_fault();
    if (!fault) return 0;
    bool is_meant = strcmp(fault->name, name) == 0 && call == fault->call;
    if (is_meant && fault->lasts) is_lost = true;
    return is_meant || is_lost ? fault->status : 0;
}

// MARK: References

enum kind { CONTEXT, QUEUE, MEMORY, PROGRAM, KERNEL, EVENT, KINDS };
static const char *const kind_names[] = {"context", "queue", "memory", "program", "kernel", "event"};
static atomic_int live[KINDS];

__attribute__((destructor)) static void record(void) {
    const char *path = getenv("OPENCL_RECORD");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    for (struct function *f = last_called; f; f = f->before) fprintf(file, "%s %d\n", f->name, f->calls);
    for (int kind = 0; kind < KINDS; kind++) fprintf(file, "live %s %d\n", kind_names[kind], live[kind]);
    fclose(file);
}

// MARK: Answers

static bool answer(unsigned key, unsigned long long *value) {
    const char *text = getenv("OPENCL_ANSWERS");
    for (; text && *text; text = strchr(text, ' ') ? strchr(text, ' ') + 1 : NULL) {
        char *end;
        if (strtoul(text, &end, 0) != key || *end != '=') continue;
        *value = strtoull(end + 1, NULL, 0);
        return true;
    }
    return false;
}

// A number of 4 bytes, or one or several of 8.
static void put_answer(unsigned key, size_t size, void *bytes) {
    unsigned long long value;
    if (!bytes || !answer(key, &value)) return;
    if (size == 4) memcpy(bytes, &value, 4);
    for (size_t i = 0; size != 4 && i + 8 <= size; i += 8) memcpy((char *)bytes + i, &value, 8);
}

// MARK: The functions

// One that returns its status; `after` runs when it has succeeded.
#define CALL(name, parameters, arguments, after)                          \
    cl_int name parameters {                                              \
        static struct function f;                                         \
        cl_int status = begin(&f, #name);                                 \
        if (!status) status = ((__typeof__(&name))f.next) arguments;      \
        if (status == CL_SUCCESS) { after; }                              \
        return status;                                                    \
    }

// One that returns a new object of a kind and writes its status to `error`.
#define CREATE(name, type, kind, parameters, arguments)                   \
    type name parameters {                                                \
        static struct function f;                                         \
        cl_int status = begin(&f, #name);                                 \
        if (status) {                                                     \
            if (error) *error = status;                                   \
            return NULL;                                                  \
        }                                                                 \
        type object = ((__typeof__(&name))f.next) arguments;              \
        if (object) live[kind]++;                                         \
        return object;                                                    \
    }

#define EVENT_MADE if (event && *event) live[EVENT]++

CALL(clGetPlatformIDs, (cl_uint n, cl_platform_id *ids, cl_uint *count), (n, ids, count), )
CALL(clGetPlatformInfo, (cl_platform_id p, cl_platform_info key, size_t size, void *value, size_t *needed),
     (p, key, size, value, needed), )
CALL(clGetDeviceIDs, (cl_platform_id p, cl_device_type type, cl_uint n, cl_device_id *ids, cl_uint *count),
     (p, type, n, ids, count), )
CALL(clGetDeviceInfo, (cl_device_id d, cl_device_info key, size_t size, void *value, size_t *needed),
     (d, key, size, value, needed), put_answer(key, size, value))
CREATE(clCreateContext, cl_context, CONTEXT,
       (const cl_context_properties *p, cl_uint n, const cl_device_id *d,
        void(CL_CALLBACK *f2)(const char *, const void *, size_t, void *), void *data, cl_int *error),
       (p, n, d, f2, data, error))
CALL(clGetContextInfo, (cl_context c, cl_context_info key, size_t size, void *value, size_t *needed),
     (c, key, size, value, needed), )
CALL(clRetainContext, (cl_context c), (c), live[CONTEXT]++)
CALL(clReleaseContext, (cl_context c), (c), live[CONTEXT]--)

CREATE(clCreateCommandQueue, cl_command_queue, QUEUE,
       (cl_context c, cl_device_id d, cl_command_queue_properties p, cl_int *error), (c, d, p, error))
CALL(clGetCommandQueueInfo, (cl_command_queue q, cl_command_queue_info key, size_t size, void *value, size_t *needed),
     (q, key, size, value, needed), )
CALL(clRetainCommandQueue, (cl_command_queue q), (q), live[QUEUE]++)
CALL(clReleaseCommandQueue, (cl_command_queue q), (q), live[QUEUE]--)
CALL(clFlush, (cl_command_queue q), (q), )
CALL(clFinish, (cl_command_queue q), (q), )

cl_mem clCreateBuffer(cl_context c, cl_mem_flags flags, size_t size, void *host, cl_int *error) {
    static struct function f;
    cl_int status = begin(&f, "clCreateBuffer");
    unsigned long long limit;
    if (!status && answer(CL_DEVICE_MAX_MEM_ALLOC_SIZE, &limit) && size > limit) status = CL_INVALID_BUFFER_SIZE;
    if (status) {
        if (error) *error = status;
        return NULL;
    }
    cl_mem memory = ((__typeof__(&clCreateBuffer))f.next)(c, flags, size, host, error);
    if (memory) live[MEMORY]++;
    return memory;
}
CALL(clGetMemObjectInfo, (cl_mem m, cl_mem_info key, size_t size, void *value, size_t *needed),
     (m, key, size, value, needed), )
CALL(clRetainMemObject, (cl_mem m), (m), live[MEMORY]++)
CALL(clReleaseMemObject, (cl_mem m), (m), live[MEMORY]--)

CREATE(clCreateProgramWithSource, cl_program, PROGRAM,
       (cl_context c, cl_uint n, const char **text, const size_t *lengths, cl_int *error), (c, n, text, lengths, error))
CREATE(clCreateProgramWithBinary, cl_program, PROGRAM,
       (cl_context c, cl_uint n, const cl_device_id *d, const size_t *sizes, const unsigned char **bytes,
        cl_int *statuses, cl_int *error),
       (c, n, d, sizes, bytes, statuses, error))
cl_int clBuildProgram(
    cl_program p, cl_uint n, const cl_device_id *d, const char *options, void(CL_CALLBACK *f2)(cl_program, void *),
    void *data) {
    static struct function f;
    cl_int status = begin(&f, "clBuildProgram");
    if (status) return status;
    const char *more = getenv("OPENCL_OPTIONS");
    char all[4096];
    snprintf(all, sizeof all, "%s %s", options ? options : "", more ? more : "");
    return ((__typeof__(&clBuildProgram))f.next)(p, n, d, all, f2, data);
}
CALL(clGetProgramInfo, (cl_program p, cl_program_info key, size_t size, void *value, size_t *needed),
     (p, key, size, value, needed), )
CALL(clGetProgramBuildInfo,
     (cl_program p, cl_device_id d, cl_program_build_info key, size_t size, void *value, size_t *needed),
     (p, d, key, size, value, needed), )
CALL(clRetainProgram, (cl_program p), (p), live[PROGRAM]++)
CALL(clReleaseProgram, (cl_program p), (p), live[PROGRAM]--)

CREATE(clCreateKernel, cl_kernel, KERNEL, (cl_program p, const char *name, cl_int *error), (p, name, error))
CALL(clGetKernelWorkGroupInfo,
     (cl_kernel k, cl_device_id d, cl_kernel_work_group_info key, size_t size, void *value, size_t *needed),
     (k, d, key, size, value, needed), put_answer(key, size, value))
CALL(clSetKernelArg, (cl_kernel k, cl_uint i, size_t size, const void *value), (k, i, size, value), )
CALL(clRetainKernel, (cl_kernel k), (k), live[KERNEL]++)
CALL(clReleaseKernel, (cl_kernel k), (k), live[KERNEL]--)

cl_int clEnqueueNDRangeKernel(
    cl_command_queue q, cl_kernel k, cl_uint dimensions, const size_t *offset, const size_t *global,
    const size_t *local, cl_uint n, const cl_event *waits, cl_event *event) {
    static struct function f;
    cl_int status = begin(&f, "clEnqueueNDRangeKernel");
    unsigned long long limit;
    if (!status && local && answer(CL_DEVICE_MAX_WORK_GROUP_SIZE, &limit)) {
        size_t items = 1;
        for (cl_uint i = 0; i < dimensions; i++) items *= local[i];
        if (items > limit) status = CL_INVALID_WORK_GROUP_SIZE;
    }
    if (!status && getenv("OPENCL_IDLE")) {
        status = clEnqueueMarkerWithWaitList(q, n, waits, event);
    } else if (!status) {
        status = ((__typeof__(&clEnqueueNDRangeKernel))f.next)(
            q, k, dimensions, offset, global, local, n, waits, event);
        if (status == CL_SUCCESS) EVENT_MADE;
    }
    return status;
}
CALL(clEnqueueReadBuffer,
     (cl_command_queue q, cl_mem m, cl_bool waits, size_t offset, size_t size, void *host, cl_uint n,
      const cl_event *list, cl_event *event),
     (q, m, waits, offset, size, host, n, list, event), EVENT_MADE)
CALL(clEnqueueWriteBuffer,
     (cl_command_queue q, cl_mem m, cl_bool waits, size_t offset, size_t size, const void *host, cl_uint n,
      const cl_event *list, cl_event *event),
     (q, m, waits, offset, size, host, n, list, event), EVENT_MADE)
CALL(clEnqueueCopyBuffer,
     (cl_command_queue q, cl_mem from, cl_mem to, size_t a, size_t b, size_t size, cl_uint n, const cl_event *list,
      cl_event *event),
     (q, from, to, a, b, size, n, list, event), EVENT_MADE)
CALL(clEnqueueFillBuffer,
     (cl_command_queue q, cl_mem m, const void *pattern, size_t length, size_t offset, size_t size, cl_uint n,
      const cl_event *list, cl_event *event),
     (q, m, pattern, length, offset, size, n, list, event), EVENT_MADE)
CALL(clEnqueueMarkerWithWaitList, (cl_command_queue q, cl_uint n, const cl_event *list, cl_event *event),
     (q, n, list, event), EVENT_MADE)
CALL(clWaitForEvents, (cl_uint n, const cl_event *events), (n, events), )
CALL(clGetEventProfilingInfo, (cl_event e, cl_profiling_info key, size_t size, void *value, size_t *needed),
     (e, key, size, value, needed), )
CALL(clRetainEvent, (cl_event e), (e), live[EVENT]++)
CALL(clReleaseEvent, (cl_event e), (e), live[EVENT]--)
