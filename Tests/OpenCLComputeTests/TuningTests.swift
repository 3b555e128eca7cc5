import Foundation
import OpenCLCompute
import TestSupport
import Testing

/// The search for what is fastest on a GPU, and its place on disk.
@Suite("Tuning of GPUs", .serialized)
struct TuningTests {
    private static let start = ["A": ["x": 1], "B": ["y": 1]]
    private static let stages = [[["A": ["x": 2]], ["A": ["x": 3]]], [["B": ["y": 2]], ["B": ["y": 3]]]]

    @Test("Each stage goes on from the best of the stage before")
    func stages() throws {
        var tried: [GPUTuning.Parameters] = []
        let found = try TuningSearch(from: Self.start, stages: Self.stages).run { parameters in
            tried.append(parameters)
            // A = 3 is good, and B = 2 with it alone.
            return parameters["A"]!["x"] == 3 ? (parameters["B"]!["y"] == 2 ? 1 : 2) : 3
        }
        #expect(found.parameters == ["A": ["x": 3], "B": ["y": 2]])
        #expect(found.seconds == 1 && found.startSeconds == 3)
        #expect(tried[3...4] == [["A": ["x": 3], "B": ["y": 2]], ["A": ["x": 3], "B": ["y": 3]]])
    }

    @Test("Parameters that go wrong are never chosen, however fast")
    func failures() throws {
        var descriptions: [String] = []
        let found = try TuningSearch(from: Self.start, stages: Self.stages).run(
            measure: { parameters in
                if parameters["A"]!["x"] == 2 { throw DeviceError.noSuchDevice("", available: []) }
                return parameters["A"]!["x"] == 3 ? 0.99 : 1
            },
            report: { if $0.seconds == nil { descriptions.append($0.description) } })
        // 0.99 is noise.
        #expect(found.parameters == Self.start)
        #expect(descriptions == ["A x=2"])
    }

    @Test("A gain that is gone at the end was none")
    func aMachineThatBecameFaster() throws {
        var calls = 0
        let found = try TuningSearch(from: Self.start, stages: Self.stages).run { _ in
            calls += 1
            return calls < 3 ? 2 : 1
        }
        #expect(found.parameters == Self.start)
    }

    @Test("When the search is stopped, the best so far is the result")
    func interruption() throws {
        var attempts = 0
        let found = try TuningSearch(from: Self.start, stages: Self.stages).run(
            measure: { 1 / Double($0["A"]!["x"]!) }, isOver: { attempts == 1 }, report: { _ in attempts += 1 })
        #expect(found.parameters == ["A": ["x": 2], "B": ["y": 1]])
    }

    @Test(
        "A way of launching a layer is taken with the smaller layers, or left with the larger ones",
        .enabled(if: gpu != nil, "no OpenCL processor"))
    func sequences() throws {
        let tuning = try #require(Self.gpu?.tuning)
        func choices(_ cell: RecurrentCell, _ hiddenSize: Int, from now: (Int, Int)) -> [[Int]] {
            let start = ["Sequence": ["lstm": now.0, "mingru": now.0], "Step": ["lstm": now.1, "mingru": now.1]]
            return tuning.sequenceChoices(cell, hiddenSize: hiddenSize, in: start).map { choice in
                let chosen = start.merging(choice) { $1 }
                let other = cell == .lstm ? "mingru" : "lstm"
                #expect(chosen["Sequence"]![other] == now.0 && chosen["Step"]![other] == now.1)
                return [chosen["Sequence"]![cell.rawValue]!, chosen["Step"]![cell.rawValue]!]
            }
        }
        // All time steps, half-steps with their products, products apart.
        #expect(choices(.lstm, 128, from: (0, 512)) == [[128, 512], [0, 512], [0, 127]])
        #expect(choices(.lstm, 128, from: (64, 64)) == [[128, 64], [64, 128], [64, 64]])
        #expect(choices(.lstm, 128, from: (256, 0)) == [[256, 0], [127, 128], [127, 0]])
        #expect(choices(.minGRU, 128, from: (0, 512)) == [[128, 512], [0, 512]], "there is no product")
        #expect(choices(.lstm, 1 << 20, from: (64, 64)).map(\.[0]) == [64, 64], "no local memory holds its slices")
    }

    /// A core as a GPU, whose parameters are nobody else's.
    private static let gpu = OpenCLPlatform.coresOfProcessors(asGPUs: true).last

    private func inFolder(_ body: (Device, GPUTuning) throws -> Void) throws {
        let device = try #require(Self.gpu)
        try withTemporaryFolder { folder in
            var tuning = try #require(device.tuning)
            tuning.file = folder.appendingPathComponent("some/GPU.tuning")
            try body(device, tuning)
        }
    }

    private func faults(of device: Device) -> [String] {
        DeviceCheck.run(on: device).compactMap { check in
            guard case .failure(let fault) = check.outcome else { return nil }
            return "\(check.operation): \(fault)"
        }
    }

    @Test("Only what is run as a GPU has parameters of CLBlast")
    func processors() {
        #expect(Device.cpu.tuning == nil)
        #expect(Device.available.allSatisfy { $0.kind != .openCLProcessor || $0.tuning == nil })
        #expect(OpenCLPlatform.processorsAsGPUs().allSatisfy { $0.tuning != nil })
    }

    @Test("What is kept is found again, and nothing else is taken", .enabled(if: gpu != nil, "no OpenCL processor"))
    func files() throws {
        try inFolder { _, tuning in
            #expect(tuning.stored() == nil)
            let parameters = try tuning.current()
            #expect(parameters["GemmRoutine"]?.keys.sorted() == ["XGEMM_MIN_INDIRECT_SIZE"])
            #expect(parameters["Xgemm"]?.count == 16 && parameters["XgemmDirect"]?.count == 10)
            try tuning.store(parameters)
            #expect(tuning.stored() == parameters)

            let file = try #require(tuning.file)
            let text = try String(contentsOf: file, encoding: .utf8)
            let damages = [
                String(text.dropLast(10)), "", "[]", text.replacingOccurrences(of: tuning.info.name, with: "Other"),
                text.replacingOccurrences(of: "\"WGD\"", with: "\"DGW\""),
                text.replacingOccurrences(of: "\"Xgemm\"", with: "\"Xaxpy2\""),
                text.replacing(#/"WGD" : \d+/#, with: "\"WGD\" : -1"),
                text.replacing(#/"WGD" : \d+/#, with: "\"WGD\" : 0"),
                text.replacing(#/"gru" : \d+/#, with: "\"gru\" : -1"),
                text.replacing(#/"gru" : \d+/#, with: "\"qrnn\" : 1"),
                text.replacing(#/"WGD" : \d+/#, with: "\"WGD\" : 99999999999999999999"),
            ]
            for damaged in damages {
                try #require(damaged != text)
                try Data(damaged.utf8).write(to: file)
                #expect(tuning.stored() == nil, "\(damaged)")
            }
            // Older than a cell.
            let older = text.replacing(#/"gru" : \d+,/#, with: "")
            try #require(older != text)
            try Data(older.utf8).write(to: file)
            #expect(tuning.stored()?["Sequence"]?.count == RecurrentCell.allCases.count - 1)
            try tuning.store(nil)
            try tuning.store(nil)
            #expect(!FileManager.default.fileExists(atPath: file.path))
        }
    }

    @Test(
        "Parameters that are applied are computed with, and products stay right",
        .enabled(if: gpu != nil, "no OpenCL processor"))
    func application() throws {
        try inFolder { device, tuning in
            let before = try tuning.current()
            let tuned = [
                "GemmRoutine": ["XGEMM_MIN_INDIRECT_SIZE": 1 << 16],
                "XgemmDirect": [
                    "WGD": 16, "MDIMCD": 8, "NDIMCD": 8, "MDIMAD": 8, "NDIMBD": 8, "KWID": 2, "VWMD": 1, "VWND": 1,
                    "PADA": 1, "PADB": 1,
                ],
            ]
            defer { try? tuning.apply(before) }
            try tuning.apply(tuned)
            #expect(try tuning.current() == before.merging(tuned) { $1 })
            #expect(faults(of: device) == [])
            // Groups of 2¹⁶ items are none that a device has.
            try tuning.apply(["XgemmDirect": tuned["XgemmDirect"]!.merging(["MDIMCD": 256, "NDIMCD": 256]) { $1 }])
            #expect(!faults(of: device).isEmpty)
            try tuning.apply(before)
            #expect(faults(of: device) == [])
            #expect(throws: DeviceError.self) { try tuning.apply(["XgemmDirect": ["WGD": 16]]) }
            #expect(throws: DeviceError.self) { try tuning.apply(["Nothing": ["WGD": 16]]) }
        }
    }

    @Test("A tiled kernel that errs, or does not fit, is replaced", .enabled(if: gpu != nil, "no OpenCL processor"))
    func replacement() throws {
        try inFolder { device, tuning in
            let before = try tuning.current()
            let tile = try #require(before["Xgemm"])
            defer { try? tuning.apply(before) }
            for change in [["GEMMK": 1], ["MDIMC": 256, "NDIMC": 256]] {
                try tuning.apply(["Xgemm": tile.merging(change) { $1 }])
                let opened = device.reopened()
                _ = try opened.backend()
                let now = try #require(try tuning.current()["Xgemm"])
                #expect(now["GEMMK"] == 0 && now["MWG"] == 64 && now["MDIMC"]! <= 16)
                #expect(faults(of: opened) == [])
            }
        }
    }
}
