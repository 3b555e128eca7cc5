import CharRNN
import Foundation
import OpenCLCompute
import Synchronization
import TestSupport
import Testing

/// Tokens that enter the first layer as a few numbers each. Their gradient is among those of ``GradientTests``.
@Suite struct EmbeddingTests {
    /// A vocabulary of more tokens than a batch has places, so that each step meets others.
    private func run(_ cell: RecurrentCell, dropout: Float = 0.3) -> Run {
        var run = Run(
            cell: cell, dropout: dropout, embeddingSize: 3, batchSize: 5,
            text: SmallText.noise(220, alphabet: SmallText.manyLetters))
        run.options = .init(
            optimizer: .muon(Muon(learningRate: 0.02, others: AdamW(learningRate: 0.01))), clipping: .norm(1),
            decay: .init(factor: 0.9, firstEpoch: 1), seed: 99)
        return run
    }

    @Test func itHasPyTorchsNamesAndShapes() throws {
        let checkpoint = try Checkpoint(of: run(.lstm).model())
        let v = checkpoint.configuration.vocabulary.count
        let shapes = Dictionary(uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.shape) })
        #expect(shapes["embedding.weight"] == [v, 3] && shapes["rnn.weight_ih_l0"] == [20, 3])
        #expect(checkpoint.parameterCount == 3 * v + 20 * (3 + 5 + 2) + 20 * (5 + 5 + 2) + 6 * v)
        // It is drawn from the normal distribution.
        let values = checkpoint.tensors.first { $0.name == "embedding.weight" }!.values
        #expect(Set(values).count == 3 * v && values.contains { abs($0) > 0.5 } && values.allSatisfy { abs($0) < 6 })
        let again = try checkpoint.throughFile()
        #expect(again.configuration == checkpoint.configuration && again.tensors == checkpoint.tensors)
    }

    @Test(arguments: RecurrentCell.allCases)
    func whatIsFoldedComputesTheSame(_ cell: RecurrentCell) throws {
        let trainer = try run(cell).trainer()
        for _ in 0..<5 { try trainer.step() }
        let checkpoint = try Checkpoint(of: trainer)
        let folded = checkpoint.folded
        #expect(folded.configuration.embeddingSize == nil && folded.iteration == 0)
        #expect(!folded.tensors.contains { $0.name == "embedding.weight" })
        let text = SmallText.noise(60, alphabet: SmallText.manyLetters)
        for device in Device.underTest {
            let (mine, other) = (try LanguageModel(checkpoint, on: device), try LanguageModel(folded, on: device))
            let (a, b) = (try mine.logProbabilities(of: text), try other.logProbabilities(of: text))
            expectClose(a.map { Float($0) }, b, within: 1e-5, "\(cell) on \(device)")
            var (session, otherSession) = (try mine.makeSession(), try other.makeSession())
            try session.feed(text)
            try otherSession.feed(text)
            expectClose(session.next.logits, otherSession.next.logits.asDoubles, within: 1e-5, "a session on \(device)")
        }
        #expect(folded.folded.tensors == folded.tensors)
    }

    /// A session that begins after some steps reads with what was learned, one from before refuses to.
    @Test func aModelThatIsTrainedReadsWithItsNewWeights() throws {
        let trainer = try run(.lstm).trainer()
        let text = SmallText.noise(40, alphabet: SmallText.manyLetters)
        let before = try trainer.model.logProbabilities(of: text)
        for _ in 0..<5 { try trainer.step() }
        let after = try trainer.model.logProbabilities(of: text)
        #expect(before != after)
        #expect(try LanguageModel(Checkpoint(of: trainer), on: .cpu).logProbabilities(of: text) == after)
    }

    @Test(arguments: RecurrentCell.allCases)
    func aResumedRunHasTheBitsOfOneThatNeverStopped(_ cell: RecurrentCell) throws {
        let run = run(cell)
        for device in Device.underTest {
            let whole = try run.trainer(on: device)
            for _ in 0..<4 { try whole.step() }
            let saved = try Checkpoint(of: whole).throughFile()
            let resumed = try Trainer(resuming: saved, dataset: run.dataset(), on: device)
            for trainer in [whole, resumed] {
                for _ in 0..<9 { try trainer.step() }
                _ = try trainer.evaluate(.validation)
                try trainer.step()
            }
            #expect(try Checkpoint(of: resumed).fileBytes() == Checkpoint(of: whole).fileBytes(), "on \(device)")
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func devicesThatShareABatchLearnWhatOneLearns(_ cell: RecurrentCell) throws {
        let run = run(cell)
        let one = try run.trainer()
        let others = [Device.processor(threadCount: 1)] + Device.available.filter(\.isOpenCL).prefix(1)
        let several = try run.trainer(on: .cpu, sharingWith: Array(others))
        try one.step()
        try several.step()
        for _ in 0..<10 {
            try one.step()
            try several.step()
        }
        expectClose(try several.losses(), try one.losses().asDoubles, within: 1e-4, "losses")
    }

    @Test func aTokenThatIsInNoBatchIsNotMoved() throws {
        var run = run(.lstm, dropout: 0)
        run.options = .init(optimizer: .rmsProp(), clipping: .none)
        let trainer = try run.trainer()
        func embedding() throws -> [Float] {
            try Checkpoint(of: trainer).tensors.first { $0.name == "embedding.weight" }!.values
        }
        let before = try embedding()
        let batch = try trainer.dataset.training.batch(0, epoch: 0)
        try trainer.step(on: batch)
        let after = try embedding()
        let present = Set(batch.inputs.map(Int.init))
        #expect(present.count < trainer.model.vocabulary.count / 2)
        for token in 0..<trainer.model.vocabulary.count {
            let (old, new) = (before[token * 3..<token * 3 + 3], after[token * 3..<token * 3 + 3])
            #expect((old == new) == !present.contains(token), "token \(token)")
        }
    }

    @Test func newTokensGetColumnsOfTheirOwn() throws {
        let model = try run(.lstm).model()
        let all = try model.vocabulary.union(Vocabulary(of: "+-*"))
        let checkpoint = try Checkpoint(of: model)
        let wide = try checkpoint.widened(to: all, seed: 3)
        func embedding(_ checkpoint: Checkpoint) -> [Float] {
            checkpoint.tensors.first { $0.name == "embedding.weight" }!.values
        }
        let (old, new) = (embedding(checkpoint), embedding(wide))
        for token in 0..<model.vocabulary.count {
            let place = all.number(of: model.vocabulary.bytes(of: token))!
            expectSame(Array(new[place * 3..<place * 3 + 3]), Array(old[token * 3..<token * 3 + 3]))
        }
        #expect(new.count == 3 * all.count && Set(new).count == new.count)
    }

    /// It takes longer than to read many tokens, and all texts of a batcher would wait for it.
    @Test func theTableOfTokensIsMadeOnceForAllWhoReadTogether() async throws {
        let backend = try TableBackend(run(.lstm).model().vocabulary.count)
        let model = try run(.lstm).model(
            on: Device(
                id: "cpu", kind: .cpu, vendor: "", name: "", platform: "", version: "",
                memoryBytes: Device.cpu.memoryBytes
            ) { backend })
        var session = try model.makeSession()
        try session.feed(0..<20)
        let state = try session.state()
        try session.reset()
        try session.setState(state)
        #expect(backend.count == 1)

        let group = try session.makeGroup(count: 3)
        let row = try (0..<9).map { _ in try group.fork(group.rows[0]) }[8]
        var taken = try group.session(of: row)
        try taken.feed(0..<20)
        #expect(backend.count == 2, "one for the group")

        let batcher = Batcher(model, capacity: 1)
        var texts = (0..<3).map { batcher.text(after: "", limit: 3000, seed: UInt64($0)).makeAsyncIterator() }
        for _ in 0..<3 { for index in texts.indices { _ = try await texts[index].next(isolation: nil) } }
        #expect(backend.count == 3, "one for the batcher, also of texts that are set aside")
    }

    @Test func withoutOneAFileIsAsItWas() throws {
        let bytes = try Checkpoint(of: Run().model()).fileBytes()
        #expect(!String(decoding: bytes, as: UTF8.self).contains("embedding"))
    }

    @Test func aSizeBelowOneTraps() async {
        await #expect(processExitsWith: .failure) { _ = try Run(embeddingSize: 0).model() }
    }
}

/// Counts the products with as many rows as there are tokens.
private final class TableBackend: PassingBackend, @unchecked Sendable {
    private let tokens: Int
    private let tables = Atomic(0)

    var count: Int { tables.load(ordering: .relaxed) }

    init(_ tokens: Int) throws {
        self.tokens = tokens
        try super.init()
    }

    override func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        if c.rows == tokens { tables.add(1, ordering: .relaxed) }
        try super.multiply(a, b, into: c, adding: adding)
    }
}
