// What CLBlast's C interface lacks.
#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes CLBlast's present parameters of a kernel in single precision on a device (a cl_device_id), as
/// "NAME=VALUE NAME=VALUE …" in any order with a zero behind, and returns a status of CLBlast's; -1 when `size` is too
/// small.
int clblast_parameters(void *device, const char *kernel, char *text, size_t size);

#ifdef __cplusplus
}
#endif
