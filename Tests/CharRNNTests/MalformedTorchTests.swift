import CharRNN
import Foundation
import TestSupport
import Testing

/// Damaged Torch files: an error or a model, never a crash, never an endless loop.
@Suite struct MalformedTorchTests {
    private static let tokens: [[UInt8]] = [[97], [98], [10]]
    private static let good = [
        OriginalCharRNN(.gru, tokens: tokens, hiddenSize: 2, layerCount: 1).bytes(),
        OriginalTorchRNN(
            .lstm, tokens: ["a", "b", "\n"], embeddingSize: 2, hiddenSize: 2, layerCount: 1, hasNormalization: true
        ).bytes,
    ]

    /// What reading gives; anything but a ``CheckpointError`` is thrown on.
    private func read(_ bytes: [UInt8]) throws -> Checkpoint? {
        do { return try Checkpoint(torch: Data(bytes), path: "damaged.t7") } catch is CheckpointError { return nil }
    }

    @Test(arguments: 0..<2)
    func aFileCutAnywhereIsAnError(_ index: Int) throws {
        let bytes = Self.good[index]
        #expect(try read(bytes) != nil)
        for count in bytes.indices { #expect(try read(Array(bytes[..<count])) == nil, "\(count) bytes") }
    }

    @Test(arguments: 0..<2)
    func randomDamageIsAnErrorOrAModel(_ index: Int) throws {
        let bytes = Self.good[index]
        var generator = SplitMix64(seed: 5)
        var models = 0
        // Numbers that lengths and indices are likely to stumble over.
        let traps: [UInt8] = [0x00, 0x01, 0x7F, 0x80, 0xFF, 0x03, 0x04, 0x08]
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = damaged.indices.randomElement(using: &generator)!
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 1: damaged[place] = traps.randomElement(using: &generator)!
                case 2:
                    let end = min(place + 8, damaged.count)
                    for i in place..<end { damaged[i] = traps.randomElement(using: &generator)! }
                default: damaged.remove(at: place)
                }
            }
            if try read(damaged) != nil { models += 1 }
        }
        // Damage to a weight is no damage to the file, so some must be read and most must not.
        #expect(models > 100 && models < 19_000, "\(models) of 20,000 were read")
    }

    @Test func lengthsBeyondTheFileAreRefused() throws {
        let huge: Int32 = .max
        func file(_ numbers: [Int32]) -> [UInt8] {
            numbers.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
        }
        #expect(try read(file([3, 1, huge])) == nil, "pairs")
        #expect(try read(file([3, 1, -1])) == nil, "a negative number of pairs")
        #expect(try read(file([3, 1, 1, 2, huge])) == nil, "a string")
        #expect(try read(file([3, 1, 1, 2, -4])) == nil, "a negative string")
        #expect(try read(file([6, huge])) == nil, "a function")
        #expect(try read(file([9])) == nil, "a kind that there is not")
    }

    @Test func nestingWithoutEndIsHarmless() throws {
        // A million tables, each the first key of the one around it; nothing may call itself so often.
        var bytes: [UInt8] = []
        for index in Int32(1)...1_000_000 {
            for number in [3, index, 1] { withUnsafeBytes(of: number.littleEndian) { bytes += $0 } }
        }
        #expect(try read(bytes) == nil)
        bytes += [UInt8](repeating: 0, count: 4 * 1_000_001)
        #expect(try read(bytes) == nil)
    }

    @Test func aModuleNamedOftenDoesNotOutgrowTheFile() throws {
        func tensor(_ sizes: [Int]) -> TorchDatum {
            .tensor(
                "torch.DoubleTensor", sizes: sizes, strides: sizes.count == 1 ? [1] : [sizes[1], 1], first: 1,
                storage: .storage("torch.DoubleStorage", .init(repeating: 0.5, count: sizes.reduce(1, *))))
        }
        func file(layers: Int) -> [UInt8] {
            let layer = TorchShared(
                .instance("nn.VanillaRNN", [("weight", tensor([16, 8])), ("bias", tensor([8]))]))
            let modules =
                [.instance("nn.LookupTable", [("weight", tensor([2, 8]))])]
                + [TorchDatum](repeating: .shared(layer), count: layers)
                + [.instance("nn.Linear", [("weight", tensor([2, 8])), ("bias", tensor([2]))])]
            let net = TorchDatum.instance("nn.Sequential", [("modules", .list(modules))])
            let tokens = TorchDatum.list([.text("a"), .text("b")])
            let model = TorchDatum.instance("nn.LanguageModel", [("idx_to_token", tokens), ("net", net)])
            return TorchWriter.bytes(.fields([("model", model)]))
        }
        #expect(try read(file(layers: 2)) != nil)
        #expect(try read(file(layers: 2000)) == nil)
    }

    /// Each time all of its fields were gone through, which took half an hour for a file of 10 MB.
    @Test func aModuleOfManyFieldsMayBeNamedOften() throws {
        let count = 20_000
        let node = TorchShared(.fields((0..<count).map { ("field \($0)", .nothing) }))
        let nodes = TorchDatum.list([TorchDatum](repeating: .shared(node), count: count))
        let network = TorchDatum.instance("nn.gModule", [("forwardnodes", nodes)])
        let bytes = TorchWriter.bytes(
            .fields([
                ("vocab", .fields([("a", .number(1))])), ("protos", .fields([("rnn", network)])),
            ]))
        #expect(try read(bytes) == nil)
    }

    @Test func tensorsOutsideTheirStorageAreRefused() throws {
        func tensor(sizes: [Int], strides: [Int], first: Int) -> TorchDatum {
            .tensor(
                "torch.DoubleTensor", sizes: sizes, strides: strides, first: first,
                storage: .storage("torch.DoubleStorage", [1, 2, 3, 4, 5, 6]))
        }
        func values(_ datum: TorchDatum, _ shape: [Int]) throws -> [Float] {
            let file = try TorchFile(Data(TorchWriter.bytes(datum)))
            return try #require(file.rootNode.tensor).values(shape, in: file, "tensor")
        }
        #expect(try values(tensor(sizes: [2, 2], strides: [3, 1], first: 2), [2, 2]) == [2, 3, 5, 6])
        #expect(try values(tensor(sizes: [3, 2], strides: [1, 3], first: 1), [3, 2]) == [1, 4, 2, 5, 3, 6])
        for (sizes, strides, first) in [
            ([2, 3], [3, 1], 2), ([2, 3], [3, 1], 0), ([2, 3], [3, 1], .min), ([2, 3], [3, 1], .max),
            ([2, 3], [4, 1], 1), ([2, 3], [-1, 1], 4), ([2, 3], [.max, 1], 1), ([2, 4], [0, 0], 1),
            ([1 << 40, 1 << 40], [0, 0], 1), ([0, 3], [3, 1], 1), ([-2, 3], [3, 1], 1), ([2, 3], [.min, .max], 1),
        ] {
            let datum = tensor(sizes: sizes, strides: strides, first: first)
            #expect(throws: TorchFault.self, "\(sizes) \(strides) \(first)") { try values(datum, sizes) }
        }
    }
}
