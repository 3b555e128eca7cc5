import CharRNN
import Foundation
import TestSupport
import Testing

/// The code of the articles about training and about files: it is compiled and run here, and they have the same lines.
@Suite struct TrainingArticleTests {
    private let text = SmallText.rhythm(60_000)
    private func print(_ items: Any..., terminator: String = "") {}

    /// A folder with the text and the checkpoint that the articles name; relative names are of files in it.
    private func withText(_ body: (_ url: URL, _ file: (String) -> URL) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("data/tinyshakespeare")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            try Data((text + "KING RICHARD:\nTo be, or not to be").utf8)
                .write(to: url.appendingPathComponent("input.txt"))
            try await body(url) { folder.appendingPathComponent($0) }
        }
    }

    @Test func gettingStarted() async throws {
        try await withText { _, place in
            // swift-format-ignore: AlwaysUseLowerCamelCase
            func URL(fileURLWithPath path: String) -> Foundation.URL { place(path) }

            let url = URL(fileURLWithPath: "data/tinyshakespeare")
            let dataset = try TextDataset(contentsOf: url, batchSize: 50, sequenceLength: 50)
            for notice in dataset.notices { print(notice) }

            var generator = SplitMix64(seed: 123)
            let model = try LanguageModel(
                .init(cell: .lstm, vocabulary: dataset.vocabulary, hiddenSize: 128, layerCount: 2),
                on: .default, using: &generator)
            let trainer = try Trainer(model: model, dataset: dataset, optimizer: .rmsProp(learningRate: 2e-3))

            let before = try trainer.evaluate(.validation)
            while trainer.epoch < 10 {
                let step = try trainer.step()
                if step.iteration % 100 == 0 {
                    print(step.iteration, step.epoch, try step.loss)
                }
                if step.iteration % 1000 == 0 {
                    let loss = try trainer.evaluate(.validation)
                    let name = Checkpoint.fileName(label: "lstm", epoch: trainer.epoch, validationLoss: loss)
                    try Checkpoint(of: trainer).write(to: URL(fileURLWithPath: name))
                }
            }
            #expect(try trainer.evaluate(.validation) < before / 4)
            try Checkpoint(of: trainer).write(to: place("lm_lstm_epoch2.23_1.7637.safetensors"))

            let file = URL(fileURLWithPath: "lm_lstm_epoch2.23_1.7637.safetensors")
            try goOn(from: file, dataset)
            try beginAnew(from: file, url)

            var session = try LanguageModel(contentsOf: file, on: .default).makeSession()
            try session.feed("KING RICHARD:\n")
            let stream = session.tokens(using: SplitMix64(seed: 1)) { $0.temperature(0.8).topK(20) }
            for token in stream.prefix(500) { print(session.vocabulary[token], terminator: "") }
            if let failure = stream.failure { throw failure }

            for try await token in session.asyncTokens(temperature: 0.8, using: SplitMix64(seed: 1)).prefix(500) {
                print(session.vocabulary[token], terminator: "")
            }

            for _ in 0..<500 {
                let token = session.next.temperature(0.8).topK(20).sample(using: &generator)
                print(session.vocabulary[token], terminator: "")
                try session.feed(token)
            }

            let logarithms = try model.logProbabilities(of: "To be, or not to be")
            let nats = -logarithms.reduce(0, +) / Double(logarithms.count)
            #expect(nats > 0)
        }
    }

    private func goOn(from path: URL, _ dataset: TextDataset) throws {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        func URL(fileURLWithPath _: String) -> Foundation.URL { path }
        let file = URL(fileURLWithPath: "lm_lstm_epoch2.23_1.7637.safetensors")
        let trainer = try Trainer(resuming: Checkpoint(contentsOf: file), dataset: dataset, on: .default)
        #expect(trainer.epoch == 10)
    }

    private func beginAnew(from file: URL, _ url: URL) throws {
        let model = try LanguageModel(contentsOf: file, on: .default)
        let dataset = try TextDataset(contentsOf: url, tokens: model.vocabulary.kind)
        let trainer = try Trainer(model: model, dataset: dataset)
        #expect(try trainer.step().loss < 1)
    }

    @Test func runs() async throws {
        try await withText { url, place in
            let (folder, dataset) = (place("cv"), try TextDataset(contentsOf: url))
            var (progress, losses) = (0.0, [Double]())
            try await train(dataset, in: folder, &progress, &losses)
            #expect(progress == 1 && !losses.isEmpty)

            let options = TrainingRun.Options(folder: folder, maxEpochs: 6)
            let file = try Checkpoint.newest(in: folder)!
            let checkpoint = try Checkpoint(contentsOf: file)
            let run = try TrainingRun(
                Trainer(resuming: checkpoint, dataset: dataset), options: options, resuming: (checkpoint, file))

            let log = try TensorBoardLog(in: folder, continuingAt: run.firstIteration)
            try run.run { log.record($0) }
            #expect(run.lastIteration == run.firstIteration * 6 / 5)
        }
    }

    private func train(
        _ dataset: TextDataset, in folder: URL, _ progress: inout Double, _ losses: inout [Double]
    ) async throws {
        let model = try LanguageModel(.init(vocabulary: dataset.vocabulary), seed: 1)
        let run = try TrainingRun(
            Trainer(model: model, dataset: dataset),
            options: .init(
                folder: folder, maxEpochs: 5, reportEvery: 100, checkpointEvery: .iterations(500), keepBest: true))

        for try await event in run.events() {
            switch event {
            case .step(let step): progress = Double(step.iteration) / Double(run.lastIteration)
            case .validation(let validation): losses.append(validation.loss)
            default: break
            }
        }
    }

    @Test func moreIsLearnedInAStep() async throws {
        try await withText { url, _ in
            let dataset = try TextDataset(contentsOf: url)
            let model = try LanguageModel(.init(vocabulary: dataset.vocabulary), seed: 1)
            let options = TrainingOptions(
                optimizer: .muon(), clipping: .norm(64), decay: .init(factor: 1),
                schedule: .init(warmUp: 50, fall: .linear(overLast: 0.4)))
            let trainer = try Trainer(model: model, dataset: dataset, options: options)
            #expect(try trainer.step().loss > 1)
        }
    }

    @Test func importedModels() async throws {
        try await withText { url, place in
            // swift-format-ignore: AlwaysUseLowerCamelCase
            func URL(fileURLWithPath path: String) -> Foundation.URL { place(path) }
            let old = OriginalCharRNN(.rnn, tokens: [[97], [98]], hiddenSize: 2, layerCount: 1)
            try Data(old.bytes()).write(to: place("lm_lstm_epoch50.00_1.4.t7"))

            let checkpoint = try Checkpoint(contentsOf: URL(fileURLWithPath: "lm_lstm_epoch50.00_1.4.t7"))
            var session = try LanguageModel(checkpoint, on: .default).makeSession()
            try checkpoint.write(to: URL(fileURLWithPath: "shakespeare.safetensors"))
            try session.feed("ab")

            let known = checkpoint.configuration.vocabulary
            let dataset = try TextDataset(contentsOf: url, tokens: known.kind)
            let wide = try checkpoint.widened(to: known.union(dataset.vocabulary), seed: 123)
            let trainer = try Trainer(model: LanguageModel(wide, on: .default), dataset: dataset)
            #expect(try trainer.step().loss > 1)
        }
    }

    @Test(arguments: [
        ("GettingStarted", 8), ("TrainingRuns", 3), ("LearningMore", 1), ("WatchingRuns", 1), ("ImportingModels", 2),
    ])
    func theArticleHasTheCodeOfThisFile(_ name: String, _ count: Int) throws {
        try Article.expect(name, blocks: count)
    }
}
