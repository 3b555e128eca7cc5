import CharRNN
import Foundation
import TestSupport
import Testing

/// The code of the articles: it is compiled and run here, and they have the same lines.
@Suite struct ArticleTests {
    private func session() throws -> Session {
        let text = "yes no maybe\n\n0123456789"
        var session = try Run(hiddenSize: 9, text: text).model().makeSession()
        try session.feed("yes")
        return session
    }

    @Test func pieces() throws {
        let session = try session()
        var generator = SplitMix64(seed: 1)
        let token = session.next.temperature(0.8).minP(0.05).sample(using: &generator)
        #expect((0..<session.vocabulary.count).contains(token))

        guard let digit = session.next.filter({ "0123456789".contains(session.vocabulary[$0]) }).draw(using: &generator)
        else { return }
        #expect(Int(session.vocabulary[digit]) != nil)
    }

    @Test func texts() async throws {
        let session = try session()
        let tokens = session.tokens(using: SplitMix64(seed: 1)) { next, recent in
            next.penalizing(recent.suffix(64), repetition: 1.1).minP(0.02).temperature(0.9)
        }
        #expect(Array(tokens.prefix(10)).count == 10)

        var written = ""
        func print(_ items: Any..., terminator: String = "") { for item in items { written += "\(item)" + terminator } }
        let text = session.text(limit: 300, stoppingAt: ["\n\n"], using: SplitMix64(seed: 3)) { next, recent in
            next.penalizing(recent, repetition: 1.1).minP(0.02).typical(0.95).temperature(0.9)
        }
        for try await piece in text { print(piece, terminator: "") }
        #expect(!written.isEmpty && written.count <= 300)

        let verse = session.text(limit: 300, stoppingAt: ["\n\n"], using: SplitMix64(seed: 3)) { $0.temperature(0.7) }
        for piece in verse { print(piece, terminator: "") }
        switch verse.end {
        case .limit: print("…")
        case .stop(let stop): print("ended before \(stop)")
        case .failure(let error): throw error
        case nil: break
        }

        let steady = session.text(limit: 300, mirostat: Mirostat(surprise: 1.6), using: SplitMix64(seed: 5)) {
            next, _ in next
        }
        #expect(try steady.joined().count == 300)

        let json = Data(#"{"temperature": 0.9, "minP": 0.05, "mirostat": {"surprise": 1.6}, "seed": 7}"#.utf8)
        let sampling = try JSONDecoder().decode(Sampling.self, from: json)
        print(try session.text(limit: 300, by: sampling).joined())
        for beam in try session.beams(width: 8, length: 20) { print(beam.logProbability, beam.text) }
    }

    @Test func conditions() throws {
        let session = try session()
        func answer() throws -> String {
            let words = ["yes", "no", "maybe"]
            let answer = try session.text(
                limit: 5, allowing: { text in words.contains { $0.hasPrefix(text) } }, using: SplitMix64(seed: 4)
            ) { $0.temperature(0.5) }.joined()
            return answer
        }
        do { #expect(try answer() == "maybe") } catch is DeadEndError {}

        let words = ["yes", "no", "maybe"]
        let line = try session.text(
            limit: 6, stoppingAt: ["\n"], allowing: { text in words.contains { ($0 + "\n").hasPrefix(text) } },
            using: SplitMix64(seed: 4)
        ) { $0.temperature(0.5) }.joined()
        #expect(words.contains(line))
    }

    @Test func weightsOfEightBits() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("model.safetensors")
            let smallURL = folder.appendingPathComponent("small.safetensors")
            try Checkpoint(of: Run(text: text).model()).write(to: url)
            let model = try LanguageModel(contentsOf: url, precision: .int8)
            try Checkpoint(contentsOf: url).converted(to: .int8).write(to: smallURL)  // read in 8 bits from then on
            #expect(try LanguageModel(contentsOf: smallURL).fingerprint() == model.fingerprint())
        }
    }

    private let text = SmallText.rhythm(400)

    @Test func lookingInside() throws {
        let text = text + "The king thinks, \"why?\""
        let model = try Run(hiddenSize: 9, text: text).model()
        var written = ""
        func print(_ items: Any...) { written += "\(items)" }
        let trace = try model.trace(of: "the king", layers: [0], parts: [.hidden, .cell, .gates])
        for part in trace.activations { print(part.layer, part.part, part.values.count) }
        if let forget = trace[.gate("f"), layer: 0] { print(forget[7, unit: 2]) }

        let cells = try model.trace(of: text, parts: [.cell])
        for found in cells.correlations(with: .linePosition).prefix(3) {
            print("layer \(found.layer), unit \(found.unit): r = \(found.r)")
        }
        let vowels = TextSignal("vowels") { "aeiou".contains($0) ? 1 : 0 }
        let halves = TextSignal("second half", values: cells.tokens.indices.map { 2 * $0 < cells.tokens.count ? 0 : 1 })
        for signal in TextSignal.all + [vowels, halves] {
            if let best = cells.correlations(with: signal).first { print(signal.name, best.layer, best.unit, best.r) }
        }

        for (token, prediction) in zip(trace.tokens, trace.predictions) {
            let next = prediction.likeliest.map { model.vocabulary[$0.token] }
            print(model.vocabulary[token], prediction.entropy, prediction.surprise ?? .nan, next)
        }
        #expect(trace.activations.count == 6 && written.contains("second half"))
    }

    @Test func readingAndScoring() throws {
        let model = try Run(hiddenSize: 9, text: text + "The queen said that: yes, no, king").model()
        func print(_ items: Any...) {}
        let scores = try model.logProbabilities(of: ["the king", "q"])
        print(scores.map(\.count))  // 7 numbers and none
        #expect(scores.map(\.count) == [7, 0])

        var session = try model.makeSession()
        try session.feed("The queen said: ")
        let answers = ["yes", "no"]
        let likeliest = zip(answers, try model.logProbabilities(of: answers, after: session))
            .max { $0.1.reduce(0, +) < $1.1.reduce(0, +) }
        #expect(likeliest?.0 == "no", "it has learned nothing, and the shorter is the likelier")

        var reader = try model.makeSession()
        var sum = 0.0
        for part in ["the king", " and the", " queen"] {
            sum -= try reader.logProbabilities(feeding: part).reduce(0, +)
        }
        #expect(sum > 0)

        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("text.txt")
            try Data(text.utf8).write(to: file)
            let score = try model.score(contentsOf: file) { print($0.tokens, "tokens so far") }
            print(score.natsPerToken, score.bitsPerToken)
            #expect(score.tokens == 400)
        }

        var evaluation = try DynamicEvaluation(model)
        let before = try model.logProbabilities(of: text)
        let dynamic = try evaluation.logProbabilities(feeding: text)
        print("gain:", (dynamic.reduce(0, +) - before.reduce(0, +)) / Double(dynamic.count))
        let adapted = try evaluation.adaptedModel()
        #expect(dynamic.reduce(0, +) > before.reduce(0, +) && adapted.vocabulary == model.vocabulary)

        let trainingTokens = try model.vocabulary.encode(text)
        let statistics = try model.gradientStatistics(of: trainingTokens)
        var scaled = try DynamicEvaluation(model, rule: .rms(statistics))
        #expect(try scaled.logProbabilities(feeding: text).count == 399)
    }

    @Test func trainingFromCode() throws {
        let names = "emma\nolivia\nava\nmia\nliam\n"
        let otherNames = "ella\nnoa\n".filter { names.contains($0) }
        func print(_ items: Any...) {}
        let vocabulary = Vocabulary(of: names)
        let documents = try DocumentBatches(
            names, separator: "\n", vocabulary: vocabulary, batchSize: 4, sequenceLength: 8, shuffleSeed: 1)
        let others = try DocumentBatches(
            otherNames, separator: "\n", vocabulary: vocabulary, batchSize: 4, sequenceLength: 8)
        let model = try LanguageModel(.init(vocabulary: vocabulary, hiddenSize: 16, layerCount: 1), seed: 1)
        let trainer = try Trainer(model: model, dataset: TrainingData(training: documents, validation: others))
        while trainer.epoch < 5 { try trainer.step() }
        let loss = try trainer.evaluate(.validation)
        #expect(loss > 0 && Countdown().batch(0, epoch: 0).targetCount == 36)

        let batch = Batch(rows: [[1, 2, 3], [4, 5, 6], [2, 3], [1, 1, 2]], steps: 8, resets: [0, 1, 2, 3])
        let step = try trainer.step(on: batch)
        let both = try trainer.step(on: [batch, documents.batch(0, epoch: 0)])
        print(try step.loss, both.characterCount)

        for tensor in try trainer.gradients() { print(tensor.name, tensor.shape, tensor.values.max() ?? 0) }
        let weights = try model.tensors()
        #expect(weights.count == 6)

        let options = TrainingOptions(
            optimizer: .adamW(), averageDecay: 0.999, batchesPerStep: 2, frozen: ["rnn.weight_ih_l0", "rnn.bias_ih_l0"])
        let tuner = try Trainer(
            model: LanguageModel(copying: model), dataset: TrainingData(training: documents), options: options)
        tuner.schedule = { step, progress in min(1, Float(step) / 100) * (progress < 0.8 ? 1 : 0.1) }
        try tuner.step()
        let average = try tuner.averagedModel()
        #expect(try average.tensors()[0] == weights[0])
    }

    @Test(.enabled(if: (try? Device.named("opencl")) != nil, "there is no OpenCL device"))
    func products() throws {
        var written = ""
        func print(_ value: [Float]) { written = "\(value)" }
        let backend = try Device.named("opencl").backend()
        let a = try backend.makeBuffer(of: Float.self, count: 6)
        let b = try backend.makeBuffer(of: Float.self, count: 3)
        let c = try backend.makeBuffer(of: Float.self, count: 2)
        try backend.write([1, 2, 3, 4, 5, 6], to: a)
        try backend.write([1, 0, -1], to: b)
        try backend.multiply(
            Matrix(a, rows: 2, columns: 3), Matrix(b, rows: 3, columns: 1), into: Matrix(c, rows: 2, columns: 1))
        print(try backend.read(c))  // [-2.0, -2.0]
        #expect(written == "[-2.0, -2.0]")
        try Article.expect("OpenCLCompute", of: "OpenCLCompute", blocks: 1)
    }

    @Test(arguments: [
        ("SamplingText", 11), ("LookingInside", 4), ("ReadingAndScoring", 6), ("TrainingFromCode", 5),
    ])
    func theArticleHasTheCodeOfThisFile(_ name: String, _ count: Int) throws {
        try Article.expect(name, blocks: count)
    }
}

/// A source of batches as a program of somebody else's has it, which the article shows.
struct Countdown: BatchSource {
    let vocabulary = Vocabulary(of: "9876543210")
    let batchSize = 4
    let sequenceLength = 9
    let batchCount = 10
    let fingerprint: UInt64 = 1

    func batch(_ index: Int, epoch: Int) -> Batch {
        Batch(rows: (0..<4).map { row in (0...9).map { (index + row + 9 * $0) % 10 } }, resets: [0, 1, 2, 3])
    }
}
