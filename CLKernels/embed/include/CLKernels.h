#pragma once

/// The OpenCL C source of `name`.cl in the folder CLKernels, or NULL when there is no such file.
const char *_Nullable charrnn_kernel_source(const char *_Nonnull name);
