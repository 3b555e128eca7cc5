#include "CLBlastParameters.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <clblast.h>

#include <cstring>
#include <string>
#include <unordered_map>

int clblast_parameters(void *device, const char *kernel, char *text, size_t size) {
    std::unordered_map<std::string, size_t> parameters;
    // RetrieveParameters asks OpenCL about the device, and such a call may fail.
    try {
        const auto status = clblast::RetrieveParameters(static_cast<cl_device_id>(device), kernel,
                                                        clblast::Precision::kSingle, parameters);
        if (status != clblast::StatusCode::kSuccess) return static_cast<int>(status);
    } catch (...) {
        return static_cast<int>(clblast::StatusCode::kUnexpectedError);
    }
    std::string result;
    for (const auto &[name, value] : parameters) result += name + "=" + std::to_string(value) + " ";
    if (result.size() + 1 > size) return -1;
    std::memcpy(text, result.c_str(), result.size() + 1);
    return 0;
}
