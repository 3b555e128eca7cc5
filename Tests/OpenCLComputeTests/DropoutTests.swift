import OpenCLCompute
import TestSupport
import Testing

@Suite("Dropout")
struct DropoutTests {
    /// Every word of counter and key differs from zero, so none can be forgotten.
    static let seed: UInt64 = 0x0123_4567_89AB_CDEF
    static let step: UInt64 = 0x0000_0003_0000_0005
    static let layer: UInt32 = 2

    @Test("The mask is the reference's to the bit", arguments: Device.underTest, [1, 7, 65, 129, 100_003])
    func mask(device: Device, count: Int) throws {
        try expectMask(count, probability: 0.3, seed: Self.seed, step: Self.step, layer: Self.layer, on: device)
    }

    @Test("Probability, seed, step and layer each choose the mask", arguments: Device.underTest)
    func choices(device: Device) throws {
        let (seed, step, layer) = (Self.seed, Self.step, Self.layer)
        for probability: Float in [0.001, 0.25, 0.5, 0.999] {
            try expectMask(257, probability: probability, seed: seed, step: step, layer: layer, on: device)
        }
        for seed in [0, seed + 1, seed + 1 << 32, .max] {
            try expectMask(257, probability: 0.5, seed: seed, step: step, layer: layer, on: device)
        }
        for step in [0, step + 1, step + 1 << 32, .max] {
            try expectMask(257, probability: 0.5, seed: seed, step: step, layer: layer, on: device)
        }
        for layer in [0, layer + 1, .max] {
            try expectMask(257, probability: 0.5, seed: seed, step: step, layer: layer, on: device)
        }
    }

    @Test(
        "A window of the mask is its part of the whole, whatever the alignment", arguments: Device.underTest,
        [(first: 0, length: 8, stride: 12), (4, 4, 8), (3, 5, 9), (130, 127, 259), (1, 1, 2)])
    func window(device: Device, _ window: (first: Int, length: Int, stride: Int)) throws {
        var numbers = Numbers()
        let rows = 7
        let values = numbers.floats(rows * window.stride, in: 1...2)
        func part(_ whole: [Float]) -> [Float] {
            (0..<rows).flatMap { row in
                whole[row * window.stride + window.first..<(row * window.stride + window.first + window.length)]
            }
        }
        func mask(_ window: DropoutMask.Window?) -> DropoutMask {
            DropoutMask(probability: 0.4, seed: Self.seed, step: Self.step, layer: Self.layer, window: window)
        }
        let bench = try Workbench(device)
        let whole = try bench.buffer(values)
        try bench.backend.dropout(whole, mask: mask(nil), into: whole)
        let result = try bench.buffer(unset(rows * window.length))
        let share = DropoutMask.Window(first: window.first, length: window.length, stride: window.stride)
        try bench.backend.dropout(try bench.buffer(part(values)), mask: mask(share), into: result)
        expectSame(try bench.read(result), part(try bench.read(whole)))
        try bench.expectSurroundingsUntouched()
    }

    @Test("In place gives the same as into another buffer", arguments: Device.underTest)
    func inPlace(device: Device) throws {
        var numbers = Numbers()
        let values = numbers.floats(1001)
        let mask = DropoutMask(probability: 0.5, seed: Self.seed, step: 1, layer: 1)
        let bench = try Workbench(device)
        let (x, result) = (try bench.buffer(values), try bench.buffer(unset(1001)))
        try bench.backend.dropout(x, mask: mask, into: result)
        expectSame(try bench.read(x), values, "the source")
        try bench.backend.dropout(x, mask: mask, into: x)
        expectSame(try bench.read(x), try bench.read(result))
        try bench.expectSurroundingsUntouched()
    }

    @Test("With probability 0 nothing changes", arguments: Device.underTest)
    func probabilityZero(device: Device) throws {
        var numbers = Numbers()
        let values = numbers.floats(129)
        let bench = try Workbench(device)
        let result = try bench.buffer(unset(129))
        let mask = DropoutMask(probability: 0, seed: Self.seed, step: 0, layer: 0)
        try bench.backend.dropout(try bench.buffer(values), mask: mask, into: result)
        expectSame(try bench.read(result), values)
    }

    @Test("The share of dropped units is the probability, within 5 deviations")
    func share() {
        let kept = Reference.keptUnits(40_000, probability: 0.3, seed: 7, step: 3, layer: 1).count { $0 }
        let deviation = (40_000 * 0.3 * 0.7).squareRoot()
        #expect(abs(Double(kept) - 40_000 * 0.7) <= 5 * deviation)
    }

    @Test("The reference generator gives the vectors published with Random123")
    func knownAnswers() {
        let ones = UInt32.max
        #expect(
            Philox.words(counter: [0, 0, 0, 0], key: [0, 0])
                == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        #expect(
            Philox.words(counter: [ones, ones, ones, ones], key: [ones, ones])
                == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
        // The digits of pi.
        #expect(
            Philox.words(
                counter: [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], key: [0xA409_3822, 0x299F_31D0])
                == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
    }

    @Test("A probability of 1 traps, since nothing would be left to scale")
    func probabilityOne() async {
        await #expect(processExitsWith: .failure) {
            _ = DropoutMask(probability: 1, seed: 0, step: 0, layer: 0)
        }
    }

    private func expectMask(
        _ count: Int, probability: Float, seed: UInt64, step: UInt64, layer: UInt32, on device: Device
    ) throws {
        var numbers = Numbers()
        let values = numbers.floats(count, in: 1...2)
        let bench = try Workbench(device)
        let result = try bench.buffer(unset(count))
        try bench.backend.dropout(
            try bench.buffer(values),
            mask: DropoutMask(probability: probability, seed: seed, step: step, layer: layer), into: result)

        let kept = Reference.keptUnits(count, probability: probability, seed: seed, step: step, layer: layer)
        let scaled = try bench.read(result)
        let firstDifferent = scaled.indices.first { (scaled[$0] != 0) != kept[$0] }
        #expect(firstDifferent == nil, "p \(probability), seed \(seed), step \(step), layer \(layer)")
        // Three roundings: of 1 − p, of its inverse and of the product.
        let expected = zip(values, kept).map { $1 ? Double($0) / (1 - Double(probability)) : 0 }
        expectClose(scaled, expected, within: expected.map { 3 * unitRoundoff * $0 })
        try bench.expectSurroundingsUntouched()
    }
}
