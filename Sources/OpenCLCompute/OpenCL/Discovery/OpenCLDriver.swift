import COpenCL

/// Opens one device of OpenCL's.
struct OpenCLDriver: DeviceDriver {
    let info: OpenCLDeviceInfo
    /// What has been found by measuring; nil on processors.
    let tuning: GPUTuning?
    /// What writes down the queue's work, where somebody wants to know.
    var profile: OpenCLProfile?

    private let id: String
    // A root device is not counted: its handle lives as long as the process.
    private let address: UInt
    private var handle: cl_device_id { cl_device_id(bitPattern: address)! }

    init(_ handle: cl_device_id, _ info: OpenCLDeviceInfo, id: String) {
        self.info = info
        self.id = id
        address = UInt(bitPattern: handle)
        tuning = info.isProcessor ? nil : GPUTuning(handle, info)
    }

    func open() throws -> any Backend {
        tuning?.prepare()
        return try OpenCLBackend(
            device: handle, info: info, id: id, tuning: tuning, profile: profile)
    }

    func memory() -> (total: UInt64, largestBuffer: UInt64)? {
        var info = info
        guard (try? info.updateMemory(handle)) != nil else { return nil }
        return (info.globalMemory, info.maxAllocation)
    }

    func checkChoices(_ check: (DeviceCheck.Operation) -> DeviceCheck.Result) throws -> [DeviceCheck.Result] {
        try tuning?.checkChoices(check) ?? []
    }
}

extension Device {
    /// OpenCL's device, called `id`.
    init(_ handle: cl_device_id, _ info: OpenCLDeviceInfo, id: String) {
        self.init(
            id: id, kind: info.kind, vendor: info.vendor, name: info.name, platform: info.platform,
            version: "\(info.version), driver \(info.driver)", memoryBytes: info.globalMemory,
            largestBufferBytes: info.maxAllocation, driver: OpenCLDriver(handle, info, id: id))
    }

    /// What has been found by measuring on a GPU, for ``TuningSearch`` to improve; nil on processors, where nothing is to
    /// be chosen.
    public var tuning: GPUTuning? { (driver as? OpenCLDriver)?.tuning }

    /// The device opened once more, for a backend of its own that writes down in `profile` what it does; nil for the CPU,
    /// which has no queue.
    public func profiled(by profile: OpenCLProfile) -> Device? {
        guard var driver = driver as? OpenCLDriver else { return nil }
        driver.profile = profile
        return opened(by: driver)
    }

    /// Found once: drivers are not added to a running program, and the numbers must not change.
    static let openCLDevices: Result<[Device], DeviceError> = OpenCLPlatform.devices()
}
