import CPUKernels
import CharRNNFiles
import FoundationEssentials

/// What a processor gives at most, measured with the instructions and the threads that the CPU device uses: by this a
/// program sees how much a faster one could still gain.
public struct ProcessorLimits: Encodable, Sendable {
    /// Reading from a level of the caches, or from memory.
    public struct Reads: Encodable, Sendable {
        /// "L1" and so on, or "memory".
        public let level: String
        /// Of the level, for each core that has one of its own; what was read of memory.
        public let byteCount: Int
        /// By all threads together, 10⁹ bytes a second.
        public let rate: Double
    }

    /// "AVX2", "AVX-512", "NEON".
    public let instructions: String
    /// Of the CPU device.
    public let threadCount: Int
    /// Multiplications and additions whose operands never leave the registers, 10⁹ a second: of one thread.
    public let threadRate: Double
    /// The same of all threads.
    public let rate: Double
    /// From the nearest on.
    public let reads: [Reads]
    /// The library for linear algebra, with the processor that it takes this one for.
    public let blas: String
    /// Of its product of two 1024 × 1024 matrices, 10⁹ operations a second.
    public let blasRate: Double

    /// The nearest level that holds so many bytes.
    public func reads(of byteCount: Int) -> Reads { reads.first { $0.byteCount >= byteCount } ?? reads.last! }
}

extension Device {
    /// Measures a processor; nil where the device is none of ours, of which nothing of this is known.
    ///
    /// - Parameter seconds: for each of some seven figures.
    /// - Throws: ``DeviceError``.
    public func limits(seconds: Double = 0.1) throws -> ProcessorLimits? {
        guard let backend = try backend() as? CPUBackend else { return nil }
        return try ProcessorLimits(of: backend, seconds: seconds)
    }
}

extension ProcessorLimits {
    fileprivate init(of backend: CPUBackend, seconds: Double) throws {
        let threads = backend.threadCount
        instructions = String(cString: cpu_limits_instructions())
        threadCount = threads
        threadRate = Self.multiplyAddRate(on: 1, of: backend, seconds)
        rate = threads == 1 ? threadRate : Self.multiplyAddRate(on: threads, of: backend, seconds)

        let caches = Self.caches()
        // Beyond the last cache, where there is room.
        let far = min(4 * max(caches.last?.byteCount ?? 0, 16 << 20), 256 << 20)
        let buffer = try backend.makeBuffer(of: Float.self, count: far / 4)
        reads =
            caches.map { cache in
                let perThread = cache.byteCount / 2 / cache.sharing(among: threads)
                return Reads(
                    level: cache.name, byteCount: cache.byteCount,
                    rate: Self.readRate(buffer, perThread: min(perThread, far / threads), backend, seconds))
            } + [
                Reads(
                    level: "memory", byteCount: far,
                    rate: Self.readRate(buffer, perThread: far / threads, backend, seconds))
            ]

        let side = 1024
        let matrices = try (0..<3).map { _ in try backend.makeMatrix(rows: side, columns: side) }
        blas = OpenBLAS.description
        // A product of transposes is always its.
        let time = Self.shortestTime(seconds) {
            backend.multiply(matrices[0].transposed, matrices[1].transposed, into: matrices[2], adding: false)
        }
        blasRate = 2e-9 * Double(side * side * side) / time
    }

    /// 10⁹ multiplications and additions a second.
    private static func multiplyAddRate(on threads: Int, of backend: CPUBackend, _ seconds: Double) -> Double {
        let rounds = 20_000
        let time = shortestTime(seconds) {
            backend.parallel(threads, grain: 1) { parts in
                for _ in parts {
                    var result: Float = 1
                    cpu_limits_multiply_adds(rounds, &result)
                }
            }
        }
        var result: Float = 1
        return 2e-9 * Double(threads * cpu_limits_multiply_adds(rounds, &result)) / time
    }

    /// 10⁹ bytes a second, each thread having its own part of the buffer.
    private static func readRate(
        _ buffer: Buffer<Float>, perThread byteCount: Int, _ backend: CPUBackend, _ seconds: Double
    ) -> Double {
        let threads = backend.threadCount
        let count = byteCount / 4
        let passes = max(1, (1 << 20) / byteCount)
        nonisolated(unsafe) let start = buffer.pointer
        let time = shortestTime(seconds) {
            backend.parallel(threads, grain: 1) { parts in
                var result: Float = 0
                for part in parts {
                    for _ in 0..<passes { cpu_limits_read(start + part * count, count, &result) }
                }
            }
        }
        return 1e-9 * Double(4 * count * passes * threads) / time
    }

    /// Of one of many times within `seconds`: a limit is what is reached when nobody disturbs.
    private static func shortestTime(_ seconds: Double, _ work: () -> Void) -> Double {
        var (shortest, spent) = (Double.infinity, 0.0)
        work()
        repeat {
            let time = ContinuousClock().measure(work) / .seconds(1)
            shortest = min(shortest, time)
            spent += time
        } while spent < seconds
        return shortest
    }

    /// A level of the caches.
    private struct Cache {
        let name: String
        let byteCount: Int
        /// How many processors have it in common.
        let sharers: Int

        /// How many of so many threads have one in common.
        func sharing(among threads: Int) -> Int { max(1, min(threads, sharers)) }
    }

    /// Of the first processor, as the system tells; none where it does not.
    private static func caches() -> [Cache] {
        (0..<8).compactMap { index in
            func fact(_ name: String) -> String? {
                let file = "/sys/devices/system/cpu/cpu0/cache/index\(index)/\(name)"
                return try? String(contentsOfFile: file, encoding: .utf8).trimmed
            }
            guard let level = fact("level"), let type = fact("type"), type != "Instruction",
                let size = fact("size"), size.hasSuffix("K"), let kilobytes = Int(size.dropLast()), kilobytes > 0
            else { return nil }
            let sharers = fact("shared_cpu_map").map { map in
                map.compactMap { $0.hexDigitValue?.nonzeroBitCount }.reduce(0, +)
            }
            return Cache(name: "L\(level)", byteCount: kilobytes << 10, sharers: sharers ?? 1)
        }
    }
}

extension String {
    fileprivate var trimmed: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
