import OpenCLCompute
import TestSupport
import Testing

@Suite("Buffers")
struct BufferTests {
    @Test("A new buffer is zero", arguments: Device.underTest, [1, 7, 1031])
    func zeros(device: Device, count: Int) throws {
        let backend = try device.backend()
        expectSame(
            try backend.read(try backend.makeBuffer(of: Float.self, count: count)),
            [Float](repeating: 0, count: count))
        #expect(
            try backend.read(try backend.makeBuffer(of: Int32.self, count: count))
                == [Int32](repeating: 0, count: count))
    }

    @Test("What was written is read, to the bit", arguments: Device.underTest)
    func roundTrip(device: Device) throws {
        let bench = try Workbench(device)
        let floats: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .nan, .pi]
        expectSame(try bench.read(try bench.buffer(floats)), floats)
        let integers: [Int32] = [0, -1, .min, .max, 65]
        #expect(try bench.backend.read(try bench.indices(integers)) == integers)
    }

    @Test("The array of a write may change at once", arguments: Device.underTest)
    func writeKeepsNothing(device: Device) throws {
        let backend = try device.backend()
        let buffer = try backend.makeBuffer(of: Float.self, count: 100_000)
        var values = [Float](repeating: 1, count: 100_000)
        try backend.write(values, to: buffer)
        for i in values.indices { values[i] = 2 }
        expectSame(try backend.read(buffer), [Float](repeating: 1, count: 100_000))
    }

    @Test("A slice names the same memory, also a slice of a slice", arguments: Device.underTest)
    func slices(device: Device) throws {
        let backend = try device.backend()
        let buffer = try backend.makeBuffer(of: Float.self, count: 9)
        try backend.write([0, 1, 2, 3, 4, 5, 6, 7, 8], to: buffer)
        let slice = buffer[3..<8]
        expectSame(try backend.read(slice), [3, 4, 5, 6, 7])
        expectSame(try backend.read(slice[1..<3]), [4, 5])
        try backend.write([-4, -5], to: slice[1..<3])
        expectSame(try backend.read(buffer), [0, 1, 2, 3, -4, -5, 6, 7, 8])
    }

    @Test("A slice keeps the memory alive", arguments: Device.underTest)
    func lifetime(device: Device) throws {
        let backend = try device.backend()
        func makeSlice() throws -> Buffer<Float> {
            let buffer = try backend.makeBuffer(of: Float.self, count: 1000)
            try backend.fill(buffer, with: 7)
            return buffer[990..<995]
        }
        let slice = try makeSlice()
        // Memory given back too early would be the next to be handed out.
        for _ in 0..<10 { try backend.fill(try backend.makeBuffer(of: Float.self, count: 1000), with: 8) }
        expectSame(try backend.read(slice), [7, 7, 7, 7, 7])
    }

    @Test("Fill and copy stay inside their slices", arguments: Device.underTest, [1, 7, 65, 100_003])
    func fillAndCopy(device: Device, count: Int) throws {
        var numbers = Numbers()
        let values = numbers.floats(count)
        let bench = try Workbench(device)
        let (source, copied) = (try bench.buffer(values), try bench.buffer(unset(count)))
        try bench.backend.copy(source, to: copied)
        expectSame(try bench.read(copied), values)
        try bench.backend.fill(copied, with: -2.5)
        expectSame(try bench.read(copied), [Float](repeating: -2.5, count: count))
        expectSame(try bench.read(source), values)
        try bench.expectSurroundingsUntouched()
    }

    @Test("Buffers of no elements can be made, written, filled, copied and read", arguments: Device.underTest)
    func empty(device: Device) throws {
        let backend = try device.backend()
        let nothing = try backend.makeBuffer(of: Float.self, count: 0)
        let end = try backend.makeBuffer(of: Float.self, count: 3)[3..<3]
        for buffer in [nothing, end] {
            try backend.write([], to: buffer)
            try backend.fill(buffer, with: 1)
            try backend.copy(buffer, to: nothing)
            expectSame(try backend.read(buffer), [])
        }
    }

    @Test("Operations run in the order of the calls, though nobody waits between them", arguments: Device.underTest)
    func order(device: Device) throws {
        let bench = try Workbench(device)
        let (a, b) = (try bench.buffer([0, 0, 0]), try bench.buffer([0, 0, 0]))
        let one = try bench.buffer([1, 1, 1])
        for round in 0..<100 {
            // Each round ends in b = 2·round + 1, whatever the rounds before left.
            try bench.backend.fill(a, with: Float(2 * round))
            try bench.backend.addBias(one, to: Matrix(a, rows: 1, columns: 3))
            try bench.backend.copy(a, to: b)
            try bench.backend.write([-1, -1, -1], to: a)
        }
        expectSame(try bench.read(b), [199, 199, 199])
        try bench.backend.synchronize()
        expectSame(try bench.read(a), [-1, -1, -1])
    }

    @Test("A slice beyond the end traps")
    func beyondTheEnd() async {
        await #expect(processExitsWith: .failure) {
            _ = try Device.cpu.backend().makeBuffer(of: Float.self, count: 3)[2..<4]
        }
    }

    @Test("Writing another number of elements than there are traps")
    func wrongCount() async {
        await #expect(processExitsWith: .failure) {
            let backend = try Device.cpu.backend()
            try backend.write([1, 2], to: try backend.makeBuffer(of: Float.self, count: 3))
        }
    }
}
