import CharRNNFiles
import Dispatch

extension Buffer {
    /// The elements where they lie, if that is the host's memory, as on the CPU device.
    package var inHostMemory: UnsafeMutableBufferPointer<Element>? {
        storage is CPUStorage ? UnsafeMutableBufferPointer(start: pointer, count: count) : nil
    }
}

extension Backend {
    /// How many threads ``onHost(_:grain:_:)`` has on the CPU device, each of which may compute with this backend by itself; 1
    /// on others, whose operations come one after the other.
    package var threadCount: Int { (self as? CPUBackend)?.threadCount ?? 1 }

    /// Runs `body` on consecutive slices of 0..<count, side by side, and returns when all are done: what the host has to do
    /// between two operations, or operations of its own for each slice. On the CPU device the threads do it that have just computed, as long as they are awake.
    ///
    /// - Parameter grain: how many elements are worth a thread, some 10 µs of work.
    package func onHost(_ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
        if let cpu = self as? CPUBackend { return cpu.parallel(count, grain: grain, body) }
        let slices = max(1, min(Host.coreCount, count / grain))
        DispatchQueue.concurrentPerform(iterations: slices) { slice in
            body(count * slice / slices..<count * (slice + 1) / slices)
        }
    }
}
