import CharRNN
import Foundation
import TestSupport
import Testing

/// Dynamic evaluation against its equations in double precision, with gradients from central differences.
@Suite struct DynamicEvaluationTests {
    private let text = SmallText.noise(24, alphabet: "abc\n")
    private let steps = 5

    /// The mean loss of a segment as a function of the parameters, and its gradient there.
    private func gradient(_ network: ReferenceNetwork, _ inputs: [Int32], _ targets: [Int32]) -> [Double] {
        let distance = 1e-5
        return network.parameters.indices.map { index in
            func loss(_ change: Double) -> Double {
                var moved = network
                moved.parameters[index] += change
                return moved.read(inputs, targets: targets).mean
            }
            return (loss(distance) - loss(-distance)) / (2 * distance)
        }
    }

    /// −ln p of each token after the first by the equations.
    private func expected(
        _ model: LanguageModel, _ text: String, _ step: (_ parameters: inout [Double], _ gradient: [Double]) -> Void
    ) throws -> [Double] {
        var network = try ReferenceNetwork(model, batchSize: 1)
        let tokens = try model.vocabulary.encode(text).map { Int32($0) }
        var losses: [Double] = []
        for first in stride(from: 0, to: tokens.count - 1, by: steps) {
            let targets = Array(tokens[(first + 1)...].prefix(steps))
            let inputs = Array(tokens[first...].prefix(targets.count))
            let before = network
            losses += network.read(inputs, targets: targets)
            if targets.count == steps { step(&network.parameters, gradient(before, inputs, targets)) }
        }
        return losses
    }

    private func read(_ evaluation: DynamicEvaluation, in lengths: [Int]) throws -> [Float] {
        var (evaluation, rest) = (evaluation, text[...])
        return try lengths.flatMap { length -> [Float] in
            defer { rest = rest.dropFirst(length) }
            return try evaluation.logProbabilities(feeding: String(rest.prefix(length))).map { Float(-$0) }
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func plainStepsAreThoseOfTheEquation(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            let model = try Run(cell: cell, hiddenSize: 3, layerCount: 1, text: text).model(on: device)
            let trained = try model.parameterValues().asDoubles
            let (rate, decay) = (0.5, 0.25)
            let losses = try expected(model, text) { parameters, gradient in
                for i in parameters.indices {
                    parameters[i] -= rate * gradient[i]
                    parameters[i] += decay * (trained[i] - parameters[i])
                }
            }
            let evaluation = try DynamicEvaluation(
                model, rule: .sgd(learningRate: Float(rate), decay: Float(decay)), segmentLength: steps)
            let whole = try read(evaluation, in: [24])
            expectClose(whole, losses, within: 1e-5, "\(cell) on \(device)")
            // Fed in parts, and by a copy whose original has gone on.
            expectClose(try read(evaluation, in: [1, 2, 4, 0, 11, 6]), losses, within: 1e-5, "in parts on \(device)")
            #expect(try model.parameterValues().asDoubles == trained)
            let still = try read(
                DynamicEvaluation(model, rule: .sgd(learningRate: 0, decay: 0), segmentLength: steps), in: [24])
            expectClose(
                still, try model.logProbabilities(of: text).map { -$0 }, within: 1e-5, "without steps on \(device)")
            #expect(zip(still, whole).contains { abs($0 - $1) > 0.01 })
        }
    }

    @Test(arguments: [RecurrentCell.lstm, .gru])
    func scaledStepsAreThoseOfTheEquation(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            let model = try Run(cell: cell, hiddenSize: 3, layerCount: 1, text: text).model(on: device)
            let trained = try model.parameterValues().asDoubles
            var (squares, segments) = ([Double](repeating: 0, count: trained.count), 0.0)
            _ = try expected(model, text) { _, gradient in
                for i in gradient.indices { squares[i] += gradient[i] * gradient[i] }
                segments += 1
            }
            let roots = squares.map { ($0 / segments).squareRoot() }
            let (rate, decay, epsilon) = (0.02, 0.25, 0.01)
            let losses = try expected(model, text) { parameters, gradient in
                for i in parameters.indices {
                    parameters[i] -= rate * gradient[i] / (roots[i] + epsilon)
                    parameters[i] += min(1, decay * roots[i] / roots.mean) * (trained[i] - parameters[i])
                }
            }
            let tokens = try model.vocabulary.encode(text)
            let statistics = try model.gradientStatistics(of: tokens, segmentLength: steps)
            let evaluation = try DynamicEvaluation(
                model,
                rule: .rms(statistics, learningRate: Float(rate), decay: Float(decay), epsilon: Float(epsilon)),
                segmentLength: steps)
            expectClose(try read(evaluation, in: [24]), losses, within: 2e-5, "\(cell) on \(device)")
            expectClose(try read(evaluation, in: [3, 8, 13]), losses, within: 2e-5, "in parts on \(device)")
        }
    }

    /// The mean loss of each segment as PyTorch computes it in double precision; `dynamic.py` in Tests/Reference.
    @Test(arguments: RecurrentCell.charRNNs)
    func lossesAreThoseOfPyTorch(_ cell: RecurrentCell) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Reference")
        let expected = try #require(
            try JSONDecoder().decode(
                [String: [String: [Double]]].self,
                from: Data(contentsOf: folder.appendingPathComponent("dynamic.json")))[cell.rawValue])
        let text = try String(contentsOf: folder.appendingPathComponent("text.txt"), encoding: .utf8)
        for device in Device.underTest {
            let weights = folder.appendingPathComponent("\(cell.rawValue).safetensors")
            let model = try LanguageModel(contentsOf: weights, on: device)
            let tokens = try model.vocabulary.encode(text)
            let statistics = try model.gradientStatistics(of: tokens[1000..<1401], segmentLength: 10)
            let rules: [(String, DynamicEvaluation.Rule)] = [
                ("sgd", .sgd(learningRate: 0.5, decay: 0.05)),
                ("rms", .rms(statistics, learningRate: 0.005, decay: 0.02, epsilon: 1e-3)),
            ]
            for (name, rule) in rules {
                var evaluation = try DynamicEvaluation(model, rule: rule, segmentLength: 10)
                let logarithms = try evaluation.logProbabilities(feeding: tokens[..<301])
                let losses = stride(from: 0, to: 300, by: 10).map { Float(-Array(logarithms[$0..<$0 + 10]).mean) }
                expectClose(losses, try #require(expected[name]), within: 2e-5, "\(name), \(cell) on \(device)")
            }
        }
    }

    @Test func whatItHasLearnedIsAModel() throws {
        let model = try Run(hiddenSize: 9, text: text).model()
        // Twelve steps are enough to see that one letter is the most frequent.
        let line = String(repeating: "aaab", count: 60)
        var evaluation = try DynamicEvaluation(model, rule: .sgd(learningRate: 1, decay: 0))
        let logarithms = try evaluation.logProbabilities(feeding: line)
        #expect(Array(logarithms.suffix(80)).mean > Array(logarithms.prefix(80)).mean + 0.2)
        let adapted = try evaluation.adaptedModel()
        #expect(try adapted.logProbabilities(of: line).mean > model.logProbabilities(of: line).mean + 0.2)
        // The copy does not go on with it.
        let before = try adapted.parameterValues()
        _ = try evaluation.logProbabilities(feeding: line)
        expectSame(try adapted.parameterValues(), before)
    }

    @Test func whatFailsIsAnError() async throws {
        let model = try Run(text: text).model()
        var evaluation = try DynamicEvaluation(
            model, rule: .sgd(learningRate: .greatestFiniteMagnitude, decay: 0), segmentLength: 4)
        #expect(throws: BrokenModelError.self) { try evaluation.logProbabilities(feeding: text) }
        #expect(throws: VocabularyError.self) { try evaluation.logProbabilities(feeding: "X") }
        let cancelled = Task { [text] in
            var evaluation = try DynamicEvaluation(model)
            withUnsafeCurrentTask { $0?.cancel() }
            return try evaluation.logProbabilities(feeding: text)
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }
}
