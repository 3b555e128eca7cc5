import CCLBlast
import COpenCL

/// - Throws: ``DeviceError/callFailed(call:status:device:)`` unless `status` is success.
func check(_ status: cl_int, _ call: @autoclosure () -> String, on device: String) throws(DeviceError) {
    guard status != CL_SUCCESS else { return }
    throw DeviceError.callFailed(call: call(), status: OpenCLStatus.name(status), device: device)
}

/// CLBlast passes OpenCL's codes on and has some of its own.
func check(_ status: CLBlastStatusCode, _ call: @autoclosure () -> String, on device: String) throws(DeviceError) {
    try check(cl_int(status.rawValue), call(), on: device)
}

/// The names of OpenCL's and CLBlast's status codes, which C does not keep.
enum OpenCLStatus {
    static let platformNotFound: cl_int = -1001

    /// "CL_OUT_OF_RESOURCES (-5)".
    static func name(_ status: cl_int) -> String {
        names[status].map { "\($0) (\(status))" } ?? "status \(status)"
    }

    /// Whether the code is one by which drivers say that memory is lacking. CL_OUT_OF_RESOURCES may be that, or a kernel
    /// that has failed before.
    static func isOutOfMemory(_ status: cl_int) -> Bool {
        [CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_INVALID_BUFFER_SIZE].contains(status)
    }

    private static let names: [cl_int: String] = [
        -1: "CL_DEVICE_NOT_FOUND",
        -2: "CL_DEVICE_NOT_AVAILABLE",
        -3: "CL_COMPILER_NOT_AVAILABLE",
        -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE",
        -5: "CL_OUT_OF_RESOURCES",
        -6: "CL_OUT_OF_HOST_MEMORY",
        -7: "CL_PROFILING_INFO_NOT_AVAILABLE",
        -8: "CL_MEM_COPY_OVERLAP",
        -9: "CL_IMAGE_FORMAT_MISMATCH",
        -10: "CL_IMAGE_FORMAT_NOT_SUPPORTED",
        -11: "CL_BUILD_PROGRAM_FAILURE",
        -12: "CL_MAP_FAILURE",
        -13: "CL_MISALIGNED_SUB_BUFFER_OFFSET",
        -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST",
        -15: "CL_COMPILE_PROGRAM_FAILURE",
        -16: "CL_LINKER_NOT_AVAILABLE",
        -17: "CL_LINK_PROGRAM_FAILURE",
        -18: "CL_DEVICE_PARTITION_FAILED",
        -19: "CL_KERNEL_ARG_INFO_NOT_AVAILABLE",
        -30: "CL_INVALID_VALUE",
        -31: "CL_INVALID_DEVICE_TYPE",
        -32: "CL_INVALID_PLATFORM",
        -33: "CL_INVALID_DEVICE",
        -34: "CL_INVALID_CONTEXT",
        -35: "CL_INVALID_QUEUE_PROPERTIES",
        -36: "CL_INVALID_COMMAND_QUEUE",
        -37: "CL_INVALID_HOST_PTR",
        -38: "CL_INVALID_MEM_OBJECT",
        -39: "CL_INVALID_IMAGE_FORMAT_DESCRIPTOR",
        -40: "CL_INVALID_IMAGE_SIZE",
        -41: "CL_INVALID_SAMPLER",
        -42: "CL_INVALID_BINARY",
        -43: "CL_INVALID_BUILD_OPTIONS",
        -44: "CL_INVALID_PROGRAM",
        -45: "CL_INVALID_PROGRAM_EXECUTABLE",
        -46: "CL_INVALID_KERNEL_NAME",
        -47: "CL_INVALID_KERNEL_DEFINITION",
        -48: "CL_INVALID_KERNEL",
        -49: "CL_INVALID_ARG_INDEX",
        -50: "CL_INVALID_ARG_VALUE",
        -51: "CL_INVALID_ARG_SIZE",
        -52: "CL_INVALID_KERNEL_ARGS",
        -53: "CL_INVALID_WORK_DIMENSION",
        -54: "CL_INVALID_WORK_GROUP_SIZE",
        -55: "CL_INVALID_WORK_ITEM_SIZE",
        -56: "CL_INVALID_GLOBAL_OFFSET",
        -57: "CL_INVALID_EVENT_WAIT_LIST",
        -58: "CL_INVALID_EVENT",
        -59: "CL_INVALID_OPERATION",
        -60: "CL_INVALID_GL_OBJECT",
        -61: "CL_INVALID_BUFFER_SIZE",
        -62: "CL_INVALID_MIP_LEVEL",
        -63: "CL_INVALID_GLOBAL_WORK_SIZE",
        -64: "CL_INVALID_PROPERTY",
        -65: "CL_INVALID_IMAGE_DESCRIPTOR",
        -66: "CL_INVALID_COMPILER_OPTIONS",
        -67: "CL_INVALID_LINKER_OPTIONS",
        -68: "CL_INVALID_DEVICE_PARTITION_COUNT",
        -69: "CL_INVALID_PIPE_SIZE",
        -70: "CL_INVALID_DEVICE_QUEUE",
        -71: "CL_INVALID_SPEC_ID",
        -72: "CL_MAX_SIZE_RESTRICTION_EXCEEDED",
        -1001: "CL_PLATFORM_NOT_FOUND_KHR",
        -1007: "CLBlastInsufficientMemoryY",
        -1008: "CLBlastInsufficientMemoryX",
        -1009: "CLBlastInsufficientMemoryC",
        -1010: "CLBlastInsufficientMemoryB",
        -1011: "CLBlastInsufficientMemoryA",
        -1012: "CLBlastInvalidIncrementY",
        -1013: "CLBlastInvalidIncrementX",
        -1014: "CLBlastInvalidLeadDimC",
        -1015: "CLBlastInvalidLeadDimB",
        -1016: "CLBlastInvalidLeadDimA",
        -1017: "CLBlastInvalidDimension",
        -1018: "CLBlastInvalidVectorY",
        -1019: "CLBlastInvalidVectorX",
        -1020: "CLBlastInvalidMatrixC",
        -1021: "CLBlastInvalidMatrixB",
        -1022: "CLBlastInvalidMatrixA",
        -1024: "CLBlastNotImplemented",
        -2039: "CLBlastUnexpectedError",
        -2040: "CLBlastUnknownError",
        -2041: "CLBlastDatabaseError",
        -2042: "CLBlastInsufficientMemoryScalar",
        -2043: "CLBlastInvalidVectorScalar",
        -2044: "CLBlastNoDoublePrecision",
        -2045: "CLBlastNoHalfPrecision",
        -2046: "CLBlastInvalidLocalMemUsage",
        -2047: "CLBlastMissingOverrideParameter",
        -2048: "CLBlastInvalidOverrideKernel",
        -2049: "CLBlastInvalidBatchCount",
        -2050: "CLBlastInsufficientMemoryTemp",
    ]
}
