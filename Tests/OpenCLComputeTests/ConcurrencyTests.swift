import OpenCLCompute
import TestSupport
import Testing

@Suite("Several tasks on one device")
struct ConcurrencyTests {
    @Test("Tasks with memory of their own do not disturb each other", arguments: Device.underTest)
    func ownMemory(device: Device) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 1...6 {
                group.addTask {
                    for _ in 0..<20 { try work(task, on: device) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// A chain whose result depends on the task alone, and which a swapped argument would change: sizes and values
    /// differ from task to task.
    private func work(_ task: Int, on device: Device) throws {
        let (rows, columns) = (task + 2, 7 * task)
        let value = Float(task)
        let bench = try Workbench(device)
        let a = try bench.matrix([Float](repeating: value, count: rows * 3), rows: rows, columns: 3)
        let b = try bench.matrix([Float](repeating: 1, count: 3 * columns), rows: 3, columns: columns)
        let c = try bench.matrix(unset(rows * columns), rows: rows, columns: columns)
        let sums = try bench.buffer(unset(columns))
        try bench.backend.multiply(a, b, into: c)
        try bench.backend.addBias(try bench.buffer([Float](repeating: 1000, count: columns)), to: c)
        try bench.backend.columnSums(of: c, into: sums)
        expectSame(try bench.read(sums), [Float](repeating: Float(rows) * (3 * value + 1000), count: columns))
        try bench.expectSurroundingsUntouched()
    }
}
