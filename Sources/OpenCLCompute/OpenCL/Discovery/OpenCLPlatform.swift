import COpenCL
import FoundationEssentials

/// The platforms, one for each driver that is installed, and their devices.
package enum OpenCLPlatform {
    /// Every usable device of every platform, numbered over all of them in the order in which OpenCL lists them.
    static func devices() -> Result<[Device], DeviceError> {
        do throws(DeviceError) {
            return .success(try found().enumerated().map { Device($1.handle, $1.info, id: "opencl:\($0)") })
        } catch {
            return .failure(error)
        }
    }

    /// The processors among the devices, each run as a GPU is: with CLBlast, a launch for every step, and
    /// the kernels of one column a work-item. For tests, on machines without a GPU.
    package static func processorsAsGPUs() -> [Device] {
        let found = (try? found()) ?? []
        return found.enumerated().compactMap { number, device in
            guard device.info.isProcessor else { return nil }
            return Device(device.handle, device.info.asGPU, id: "opencl:\(number) as a GPU")
        }
    }

    /// The processors among the devices, each cut into devices of one core. For tests of several devices, on machines with
    /// one, and of what must not touch the others'; they are not given back before the process ends.
    ///
    /// - Parameter asGPUs: whether they are run as GPUs are.
    package static func coresOfProcessors(asGPUs: Bool = false) -> [Device] {
        ((try? found()) ?? []).enumerated().filter(\.element.info.isProcessor).flatMap { number, device in
            cores(of: device.handle).enumerated().compactMap { core, handle in
                guard let info = try? OpenCLDeviceInfo(handle) else { return nil }
                return Device(handle, asGPUs ? info.asGPU : info, id: "opencl:\(number) core \(core)")
            }
        }
    }

    private static func cores(of device: cl_device_id) -> [cl_device_id] {
        let partition: [cl_device_partition_property] = [
            cl_device_partition_property(CL_DEVICE_PARTITION_EQUALLY), 1, 0,
        ]
        var count: cl_uint = 0
        guard clCreateSubDevices(device, partition, 0, nil, &count) == CL_SUCCESS else { return [] }
        var cores = [cl_device_id?](repeating: nil, count: Int(count))
        guard clCreateSubDevices(device, partition, count, &cores, nil) == CL_SUCCESS else { return [] }
        return cores.compactMap(\.self)
    }

    private static func found() throws(DeviceError) -> [(handle: cl_device_id, info: OpenCLDeviceInfo)] {
        do throws(DeviceError) {
            return try usable(
                of: try all(), name: { platform throws(DeviceError) in try name(of: platform) },
                devices: { platform throws(DeviceError) in try devices(of: platform) },
                info: { handle throws(DeviceError) in try OpenCLDeviceInfo(handle) })
        } catch {
            guard case .noOpenCLDevice(let reason, nil) = error else { throw error }
            throw .noOpenCLDevice(reason: reason, searched: searchedPlace)
        }
    }

    /// The setting that has the loaders, Khronos' and ocl-icd, look for drivers elsewhere.
    private static var searchedPlace: String? {
        let environment = ProcessInfo.processInfo.environment
        return ["OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"].lazy.compactMap { name in
            environment[name].flatMap { $0.isEmpty ? nil : "\(name)=\($0)" }
        }.first
    }

    /// The devices that can be used, of what drivers answer.
    ///
    /// - Throws: ``DeviceError/noOpenCLDevice(reason:searched:)``, where there is none, or what keeps a driver from offering one.
    package static func usable<Platform, Handle>(
        of platforms: [Platform], name: (Platform) throws(DeviceError) -> String,
        devices: (Platform) throws(DeviceError) -> [Handle],
        info: (Handle) throws(DeviceError) -> OpenCLDeviceInfo
    ) throws(DeviceError) -> [(handle: Handle, info: OpenCLDeviceInfo)] {
        var found: [(handle: Handle, info: OpenCLDeviceInfo)] = []
        var skipped: [String] = []
        var cause: DeviceError?
        func skip(_ error: DeviceError) {
            if error.rulesOutDevice { cause = error }
            skipped.append("\(error)")
        }
        // A broken driver must not hide the devices of a sound one, nor a broken device those beside it.
        for platform in platforms {
            do throws(DeviceError) {
                for handle in try devices(platform) {
                    do throws(DeviceError) {
                        let info = try info(handle)
                        if let defect = info.defect {
                            skipped.append("\(info.name) \(defect)")
                        } else {
                            found.append((handle, info))
                        }
                    } catch { skip(error) }
                }
            } catch { skip(error) }
        }
        guard found.isEmpty else { return found }
        let names = platforms.map { platform in (try? name(platform)) ?? "a platform without a name" }
        throw cause ?? .noOpenCLDevice(reason: reason(platforms: names, skipped: skipped))
    }

    /// What to say of platforms that have no device for us.
    private static func reason(platforms: [String], skipped: [String]) -> String {
        let found = "no usable device in \(platforms.joined(separator: ", "))"
        return skipped.isEmpty ? found : "\(found) (\(skipped.joined(separator: "; ")))"
    }

    private static func all() throws(DeviceError) -> [cl_platform_id] {
        PoCLCache().tellPoCL()
        var count: cl_uint = 0
        let status = clGetPlatformIDs(0, nil, &count)
        if status == OpenCLStatus.platformNotFound.rawValue || (status == CL_SUCCESS && count == 0) {
            throw .noOpenCLDevice(
                reason: "no OpenCL driver is installed (clGetPlatformIDs: \(OpenCLStatus.platformNotFound))")
        }
        try check(status, "clGetPlatformIDs", on: "this machine")
        var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
        try check(clGetPlatformIDs(count, &platforms, nil), "clGetPlatformIDs", on: "this machine")
        return platforms.compactMap(\.self)
    }

    private static func devices(of platform: cl_platform_id) throws(DeviceError) -> [cl_device_id] {
        let type = cl_device_type(CL_DEVICE_TYPE_ALL)
        var count: cl_uint = 0
        let status = clGetDeviceIDs(platform, type, 0, nil, &count)
        let name = try name(of: platform)
        // This status leaves the count as it was.
        if status == CL_DEVICE_NOT_FOUND || (status == CL_SUCCESS && count == 0) {
            if let defect = PoCLCache().defect(ofPlatform: name) { throw defect }
            return []
        }
        try check(status, "clGetDeviceIDs", on: name)
        var devices = [cl_device_id?](repeating: nil, count: Int(count))
        try check(clGetDeviceIDs(platform, type, count, &devices, nil), "clGetDeviceIDs", on: name)
        return devices.compactMap(\.self)
    }

    static func name(of platform: cl_platform_id?) throws(DeviceError) -> String {
        try text(of: "clGetPlatformInfo") { size, bytes, needed in
            clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), size, bytes, needed)
        }
    }

    /// The text that one of OpenCL's queries gives: `query` is called for its size, then for its bytes.
    static func text(
        of call: String, _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int
    ) throws(DeviceError) -> String {
        var size = 0
        try check(query(0, nil, &size), call, on: "this machine")
        var bytes = [UInt8](repeating: 0, count: size)
        try check(query(size, &bytes, nil), call, on: "this machine")
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
