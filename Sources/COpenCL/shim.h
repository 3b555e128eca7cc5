// OpenCL 1.2 is the floor that every driver of the last decade reaches; asking the header for no more
// keeps a call that needs a newer one from compiling.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
