import CharRNN
import Foundation
import TestSupport
import Testing

/// Models that learn a text with characters that they did not know.
@Suite struct WiderVocabularyTests {
    @Test(arguments: RecurrentCell.allCases)
    func whatWasLearnedStays(_ cell: RecurrentCell) throws {
        let model = try Run(cell: cell, text: SmallText.noise(130, alphabet: "bdfh")).model()
        let all = try model.vocabulary.union(Vocabulary(of: "aceg"))
        #expect((0..<all.count).map { all[$0] } == ["a", "b", "c", "d", "e", "f", "g", "h"])
        let checkpoint = try Checkpoint(of: model)
        let wide = try LanguageModel(checkpoint.widened(to: all, seed: 3), on: .cpu)
        #expect(wide.configuration.cell == cell && wide.vocabulary == all)

        // The state, and so the logits of old tokens, do not depend on the new ones.
        var old = try model.makeSession()
        var new = try wide.makeSession()
        try old.feed("bfhdd")
        try new.feed("bfhdd")
        let (oldState, newState) = (try old.state(), try new.state())
        #expect(oldState.hidden == newState.hidden && oldState.memory == newState.memory)
        let kept = [1, 3, 5, 7].map { new.next.logits[$0] }
        expectClose(kept, old.next.logits.asDoubles, within: 1e-6)

        // The new ones have what a new model of this seed has.
        let fresh = try LanguageModel(
            .init(cell: cell, vocabulary: all, hiddenSize: 5, layerCount: 2), on: .cpu, seed: 3)
        let width = cell.inputGates.count * 5
        let values = try wide.parameterValues()
        let drawn = try fresh.parameterValues()
        for row in [0, 2, 4, 6] {
            let range = row * width..<(row + 1) * width
            expectSame(Array(values[range]), Array(drawn[range]), "row \(row)")
            #expect(values[values.count - 8 + row] == drawn[drawn.count - 8 + row], "bias \(row)")
        }
    }

    @Test func aTextIsNumberedByAWiderVocabulary() throws {
        let dataset = try Run().dataset()
        let wide = try dataset.numbered(by: dataset.vocabulary.union(Vocabulary(of: "!Az")))
        #expect(wide.vocabulary.count == dataset.vocabulary.count + 3)
        for index in dataset.batches(in: .training) {
            let (a, b) = try (dataset.batch(index), wide.batch(index))
            #expect(dataset.vocabulary.decode(a.inputs.map(Int.init)) == wide.vocabulary.decode(b.inputs.map(Int.init)))
            #expect(
                dataset.vocabulary.decode(a.targets.map(Int.init)) == wide.vocabulary.decode(b.targets.map(Int.init)))
        }
    }

    @Test func aRunOfAWiderModelResumes() throws {
        let run = Run()
        let dataset = try run.dataset()
        let all = try dataset.vocabulary.union(Vocabulary(of: "XYZ"))
        let start = try Checkpoint(of: run.model()).widened(to: all, seed: 1)
        let trainer = try Trainer(model: LanguageModel(start, on: .cpu), dataset: dataset.numbered(by: all))
        for _ in 0..<3 { _ = try trainer.step() }
        let resumed = try Trainer(resuming: Checkpoint(of: trainer).throughFile(), dataset: dataset, on: .cpu)
        _ = try trainer.step()
        _ = try resumed.step()
        expectSame(try resumed.model.parameterValues(), try trainer.model.parameterValues())
    }
}
