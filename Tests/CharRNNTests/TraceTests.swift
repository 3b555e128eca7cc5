import CharRNN
import Foundation
import TestSupport
import Testing

/// What a trace shows, against PyTorch and against the float64 reference.
@Suite struct TraceTests {
    private struct Expected: Decodable {
        let hidden: [[[Double]]]
        let cell: [[[Double]]]
        let gates: [[String: [[Double]]]]
        let entropy: [Double]
        let surprise: [Double]
        let likeliest: [[String]]
        let probabilities: [[Double]]
    }

    private struct Traces: Decodable {
        let text: String
        let lstm: Expected
        let rnn: Expected
    }

    @Test(arguments: [RecurrentCell.lstm, .rnn])
    func activationsAndPredictionsAreThoseOfPyTorch(_ cell: RecurrentCell) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Reference")
        let traces = try JSONDecoder().decode(
            Traces.self, from: Data(contentsOf: folder.appendingPathComponent("traces.json")))
        let expected = cell == .lstm ? traces.lstm : traces.rnn
        for device in Device.ofAllLaunches {
            let model = try LanguageModel(
                contentsOf: folder.appendingPathComponent("\(cell).safetensors"), on: device)
            let trace = try model.trace(of: traces.text, parts: [.hidden, .cell, .gates])
            #expect(trace.tokens.map { model.vocabulary[$0] }.joined() == traces.text)
            for layer in 0..<2 {
                func expect(_ part: Trace.Part, _ rows: [[Double]]) throws {
                    let found = try #require(trace[part, layer: layer])
                    #expect(found.unitCount == 12)
                    expectClose(found.values, Array(rows.joined()), within: 2e-6, "\(part) of \(layer) on \(device)")
                }
                try expect(.hidden, expected.hidden[layer])
                if cell == .lstm {
                    try expect(.cell, expected.cell[layer])
                    for (name, rows) in expected.gates[layer] { try expect(.gate(name), rows) }
                } else {
                    #expect(trace[.cell, layer: layer] == nil)
                    try expect(.gate("h"), expected.hidden[layer])
                }
            }
            let predictions = trace.predictions
            expectClose(predictions.map { Float($0.entropy) }, expected.entropy, within: 2e-6)
            expectClose(predictions.compactMap { $0.surprise.map { Float($0) } }, expected.surprise, within: 2e-6)
            #expect(predictions.last?.surprise == nil)
            #expect(predictions.map { $0.likeliest.map { model.vocabulary[$0.token] } } == expected.likeliest)
            expectClose(
                predictions.flatMap { $0.likeliest.map { Float($0.probability) } },
                Array(expected.probabilities.joined()),
                within: 2e-6)
        }
    }

    // Longer than a block, and no multiple of one.
    private let text = SmallText.noise(301)

    @Test(arguments: RecurrentCell.allCases)
    func everyPartIsThatOfTheReference(_ cell: RecurrentCell) throws {
        for device in Device.ofAllLaunches {
            let model = try Run(cell: cell, hiddenSize: 7, layerCount: 3, text: text).model(on: device)
            // Weights so large that gates open and close.
            try model.setParameterValues(Numbers(seed: 3).scaled(model.parameterCount, by: 0.8))
            let trace = try model.trace(of: text, parts: [.gates, .cell, .hidden], likeliest: 0)
            var reference = try ReferenceNetwork(model, batchSize: 1)
            let tokens = trace.tokens.map { Int32($0) }
            let losses = reference.read(tokens, targets: tokens.dropFirst() + [0])
            // Roundings may grow from step to step, but the layers forget.
            let bound = 2e-5
            let (g, h) = (cell.gateCount, 7)
            for layer in 0..<3 {
                let expected = reference.activations[layer]
                let hidden = try #require(trace[.hidden, layer: layer])
                expectClose(hidden.values, expected.outputs(after: h), within: bound, "h of \(cell) on \(device)")
                #expect((trace[.cell, layer: layer] != nil) == cell.carriesMemory)
                if let memory = trace[.cell, layer: layer] {
                    expectClose(memory.values, Array(expected.memory.dropFirst(h)), within: bound, "c on \(device)")
                }
                for (index, name) in cell.gateNames.enumerated() {
                    var rows: [Double] = []
                    for t in 0..<tokens.count {
                        let first = (t * g + index) * h
                        rows += expected.gates[first..<first + h]
                    }
                    let gate = try #require(trace[.gate(name), layer: layer])
                    expectClose(gate.values, rows, within: bound, "gate \(name) of \(cell) on \(device)")
                }
            }
            expectClose(
                trace.predictions.map { Float($0.surprise ?? losses.last!) }, losses, within: 2e-5,
                "surprise on \(device)")
            #expect(trace.predictions.allSatisfy { $0.likeliest.isEmpty })
        }
    }

    @Test func predictionsAreTheDistributionsOfASession() throws {
        let model = try Run(hiddenSize: 6, text: text).model()
        let trace = try model.trace(of: text, parts: [], likeliest: 100)
        #expect(trace.activations.isEmpty)
        var session = try model.makeSession()
        for (token, prediction) in zip(trace.tokens, trace.predictions) {
            try session.feed(token)
            let probabilities = session.next.probabilities.map(Double.init)
            let entropy = probabilities.reduce(0) { $0 - $1 * log($1) }
            #expect(abs(prediction.entropy - entropy) <= 1e-5)
            #expect(prediction.likeliest.count == model.vocabulary.count)
            #expect(
                zip(prediction.likeliest, prediction.likeliest.dropFirst()).allSatisfy {
                    $0.probability >= $1.probability
                })
            for candidate in prediction.likeliest {
                #expect(abs(candidate.probability - probabilities[candidate.token]) <= 1e-6)
            }
        }
    }

    @Test func onlyWhatIsAskedForIsKept() throws {
        let model = try Run(cell: .gru, hiddenSize: 4, layerCount: 3, text: text).model()
        let trace = try model.trace(of: "abc", layers: [2, 0, 2], parts: [.gate("n"), .hidden, .cell, .gate("x")])
        #expect(trace.activations.map(\.layer) == [0, 0, 2, 2])
        #expect(trace.activations.map(\.part) == [.hidden, .gate("n"), .hidden, .gate("n")])
        #expect(trace.activations.allSatisfy { $0.unitCount == 4 && $0.values.count == 12 })
        let hidden = try #require(trace[.hidden, layer: 2])
        #expect(hidden.unit(3) == (0..<3).map { hidden[$0, unit: 3] })
        #expect(hidden[1, unit: 3] == hidden.values[7])
        let empty = try model.trace(of: "")
        #expect(empty.tokens.isEmpty && empty.predictions.isEmpty && empty.activations.allSatisfy(\.values.isEmpty))
    }

    @Test(arguments: RecurrentCell.allCases)
    func aTraceAfterASessionGoesOnWhereItStands(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            let model = try Run(cell: cell, hiddenSize: 6, text: text).model(on: device)
            var session = try model.makeSession()
            try session.feed(String(text.prefix(100)))
            let state = try session.state()
            let whole = try model.trace(of: text, parts: [.hidden, .gates])
            let rest = try model.trace(of: String(text.dropFirst(100)), parts: [.hidden, .gates], after: session)
            for (part, all) in zip(rest.activations, whole.activations) {
                expectClose(part.values, all.values.dropFirst(600).map(Double.init), within: 1e-6, "\(device)")
            }
            #expect(try session.state() == state)
            var other = Run(cell: cell, hiddenSize: 6, text: text)
            other.seed = 9
            #expect(throws: StateError.otherModel) { try other.model(on: device).trace(of: "a", after: session) }
        }
    }

    @Test func whatCannotBeReadIsAnError() async throws {
        let model = try Run(text: text).model()
        #expect(throws: VocabularyError.self) { try model.trace(of: "abX") }
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try model.trace(of: "abc")
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        try model.setParameterValues([Float](repeating: .nan, count: model.parameterCount))
        #expect(throws: BrokenModelError.self) { try model.trace(of: "abc") }
        let trap = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Run().model().trace(of: "abc", layers: [2])
        }
        #expect(String(decoding: try #require(trap).standardErrorContent, as: UTF8.self).contains("layers [2]"))
        let beside = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Run().model().trace(of: "abc").activations[0][3, unit: 0]
        }
        #expect(String(decoding: try #require(beside).standardErrorContent, as: UTF8.self).contains("position 3 of 3"))
    }
}

extension Numbers {
    /// Numbers in ± `scale`.
    fileprivate func scaled(_ count: Int, by scale: Float) -> [Float] {
        var numbers = self
        return numbers.floats(count, in: -scale...scale)
    }
}
