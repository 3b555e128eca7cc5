import CCLBlast
import COpenCL

/// - Throws: ``DeviceError/callFailed(call:status:device:)`` unless `status` is success.
func check(_ status: cl_int, _ call: @autoclosure () -> String, on device: String) throws(DeviceError) {
    guard status != CL_SUCCESS else { return }
    throw DeviceError.callFailed(call: call(), status: OpenCLStatus(rawValue: status), device: device)
}

/// CLBlast passes OpenCL's codes on and has some of its own.
func check(_ status: CLBlastStatusCode, _ call: @autoclosure () -> String, on device: String) throws(DeviceError) {
    try check(cl_int(status.rawValue), call(), on: device)
}
