import CCLBlast
import CLBlastParameters
import COpenCL
import CharRNNFiles
import FoundationEssentials
import Glibc

/// What is chosen for one GPU by measuring: CLBlast's parameters for its products, and how the time steps of recurrent
/// layers are launched. ``TuningSearch`` finds it, and it is kept on disk for every later run.
///
/// CLBlast has measured parameters for many GPUs, and takes average ones for all others. A file belongs to one device with
/// one driver, and is used only if its parameters are known by these names; a file that does not fit is as good as none.
public struct GPUTuning: Sendable {
    /// The values of parameters, by kernel and name.
    public typealias Parameters = [String: [String: Int]]

    /// From which size on a product takes CLBlast's tiled kernel, which wants padded copies; the kernel for small
    /// products, which works on the matrices as they are; the tiled one.
    private static let kernels = ["GemmRoutine", "XgemmDirect", "Xgemm"]

    /// Has products computed by the tiled kernel from the size of a cube of this edge on.
    static func tiled(fromEdge edge: Int) -> Parameters { ["GemmRoutine": ["XGEMM_MIN_INDIRECT_SIZE": edge]] }
    /// Has all products computed by the untiled kernel, or by the tiled one.
    static let untiled = tiled(fromEdge: 1 << 16), tiled = tiled(fromEdge: 1)

    package let info: OpenCLDeviceInfo
    /// Where the parameters are kept; nil where nothing is.
    public package(set) var file: URL?

    private let address: UInt
    let launchSizes = LaunchSizes()

    /// What a file holds.
    private struct Stored: Codable {
        let device: [String]
        let parameters: Parameters
    }

    init(_ handle: cl_device_id, _ info: OpenCLDeviceInfo) {
        address = UInt(bitPattern: handle)
        self.info = info
        file = CacheFolder.file("tuning", for: Array(info.identity.joined(separator: "\u{0}").utf8))
    }

    /// What is computed with on this device now.
    ///
    /// - Throws: ``DeviceError/callFailed(call:status:device:)``.
    public func current() throws -> Parameters {
        var result: Parameters = [:]
        for kernel in Self.kernels { result[kernel] = try parameters(of: kernel) }
        return launchSizes.byKind.withLock { result.merging($0) { $1 } }
    }

    private func parameters(of kernel: String) throws -> [String: Int] {
        var text = [CChar](repeating: 0, count: 4096)
        let status = clblast_parameters(UnsafeMutableRawPointer(bitPattern: address), kernel, &text, text.count)
        try check(cl_int(status), "RetrieveParameters(\(kernel))", on: info.name)
        let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let pairs = words.split(separator: " ").map { $0.split(separator: "=") }
        return Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), Int($0[1])!) })
    }

    /// Has the device compute with `parameters` from now on, and in this process alone. Values that the GPU's compiler
    /// does not like show at the next product.
    ///
    /// - Throws: ``DeviceError/callFailed(call:status:device:)``.
    public func apply(_ parameters: Parameters) throws {
        for (kernel, values) in parameters.sorted(by: { $0.key < $1.key }) {
            if Self.ofOurs.contains(kernel) {
                launchSizes.byKind.withLock { $0[kernel]!.merge(values) { $1 } }
                continue
            }
            let names = values.keys.sorted()
            let copies = names.map { strdup($0) }
            defer { for copy in copies { free(copy) } }
            var pointers = copies.map { UnsafePointer($0) }
            let status = CLBlastOverrideParameters(
                cl_device_id(bitPattern: address), kernel, CLBlastPrecisionSingle, names.count, &pointers,
                names.map { values[$0]! })
            try check(status, "CLBlastOverrideParameters(\(kernel))", on: info.name)
        }
    }

    /// Whether the tiled kernel with these parameters is right, and the device has groups and local memory enough for it.
    ///
    /// There are two. The second, GEMMK = 1, errs before CLBlast 1.6.3 where tiles are not square, and may on Intel's GPUs
    /// when their compiler does not choose sub-groups of 8.
    func fitsTiled(_ parameters: Parameters) -> Bool {
        guard let x = parameters["Xgemm"], let rows = x["MDIMC"], let columns = x["NDIMC"] else { return true }
        // What copies and pads for it has groups of up to 256.
        guard x["GEMMK"] != 1 && info.maxWorkGroupSize >= 256 else { return false }
        func tile(_ isCached: String, _ size: String) -> Int { (x[isCached] ?? 0) * (x[size] ?? 0) * (x["KWG"] ?? 0) }
        return rows * columns <= info.maxWorkGroupSize
            && 4 * (tile("SA", "MWG") + tile("SB", "NWG")) <= info.localMemory
    }

    // MARK: On disk

    /// The parameters on disk for this device and driver, if they are known by their names.
    public func stored() -> Parameters? {
        guard let file, let data = try? PlainFile.bytes(of: file),
            let stored = try? JSON.decode(Stored.self, from: data),
            stored.device == info.identity, let current = try? current()
        else { return nil }
        let isKnown = stored.parameters.allSatisfy { kernel, values in
            guard let names = (current[kernel]?.keys).map(Set.init) else { return false }
            let found = Set(values.keys)
            // A file may be older than a cell, which has the size that it has without one.
            return (Self.ofOurs.contains(kernel) ? found.isSubset(of: names) : found == names)
                && values.allSatisfy { name, value in
                    (Self.flags.contains(name) || Self.ofOurs.contains(kernel) ? 0 : 1)...1 << 20 ~= value
                }
        }
        return isKnown ? stored.parameters : nil
    }

    /// What of CLBlast's may be 0. All else is a size, by which it divides.
    private static let flags: Set = ["GEMMK", "SA", "SB", "STRM", "STRN", "PADA", "PADB"]
    private static let ofOurs: Set = [sequences, steps]

    /// Computes with the parameters on disk, if there are any. The next product shows whether they still do; a driver
    /// that has changed has another file. Where CLBlast's choice of a tiled kernel does not fit, another takes its place,
    /// or the untiled one computes all products.
    func prepare() {
        fitRowProducts()
        if let parameters = stored() { try? apply(parameters) }
        guard let parameters = try? current(), !fitsTiled(parameters) else { return }
        if let tile = TuningSearch.ordinaryTile(self).map({ ["Xgemm": $0] }), fitsTiled(tile),
            (try? apply(tile)) != nil
        {
            return
        }
        try? apply(Self.untiled)
    }

    /// CLBlast's kernels for a single row have groups as large as its vendor's devices usually allow; a smaller one gets
    /// smaller groups, down to the 64 that CLBlast needs everywhere.
    private func fitRowProducts() {
        guard info.maxWorkGroupSize >= 64 else { return }
        for (kernel, size) in [("Xgemv", "WGS1"), ("XgemvFast", "WGS2"), ("XgemvFastRot", "WGS3")] {
            guard var parameters = try? parameters(of: kernel), let chosen = parameters[size],
                chosen > info.maxWorkGroupSize
            else { continue }
            parameters[size] = info.maxWorkGroupSize.roundedDownToPowerOfTwo
            try? apply([kernel: parameters])
        }
    }

    /// Keeps parameters for every later run, or none.
    ///
    /// - Throws: `FileError`.
    public func store(_ parameters: Parameters?) throws {
        guard let file else {
            throw FileError(
                action: "write", path: "into a cache",
                reason: "neither XDG_CACHE_HOME nor HOME is the absolute path of a folder")
        }
        guard let parameters else {
            guard unlink(file.systemPath) == 0 || errno == ENOENT else { throw FileError.system("remove", file) }
            return
        }
        let stored = Stored(device: info.identity, parameters: parameters)
        try CacheFolder.write(JSON.data(stored, isPretty: true), to: file)
    }
}
