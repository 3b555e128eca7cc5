import CharRNN
import Foundation
import TestSupport
import Testing

/// A run that was stopped and resumed is the run that was never stopped, bit for bit.
@Suite struct ResumeTests {
    /// 10 batches, 8 of them for training: stops before the first step, within epochs, at the end of one and after.
    private let stops = [0, 3, 8, 13, 16]
    private let lastIteration = 18

    private func run(_ example: LearningCase) -> Run {
        var run = Run(cell: example.cell, dropout: 0.3)
        run.options = .init(
            optimizer: example.optimizer, clipping: .norm(1), decay: .init(factor: 0.5, firstEpoch: 1), seed: 99)
        return run
    }

    private func advance(_ trainer: Trainer, to iteration: Int) throws {
        while trainer.iteration < iteration {
            _ = try trainer.step()
            if trainer.iteration % 5 == 0 { _ = try trainer.evaluate(.validation) }
        }
    }

    @Test(arguments: LearningCase.all)
    func aResumedRunEqualsOneThatNeverStopped(_ example: LearningCase) throws {
        let run = run(example)
        for device in Device.underTest {
            let whole = try run.trainer(on: device)
            var saved: [Checkpoint] = []
            for stop in stops {
                try advance(whole, to: stop)
                saved.append(try Checkpoint(of: whole).throughFile())
            }
            try advance(whole, to: lastIteration)
            let expected = try Checkpoint(of: whole).fileBytes()
            #expect(try whole.losses().count == lastIteration)

            for checkpoint in saved {
                let resumed = try Trainer(resuming: checkpoint, dataset: run.dataset(), on: device)
                try advance(resumed, to: lastIteration)
                expectSame(try resumed.losses(), try whole.losses(), "losses from \(checkpoint.iteration) on \(device)")
                #expect(resumed.validationLosses == whole.validationLosses)
                let isSame = try Checkpoint(of: resumed).fileBytes() == expected
                #expect(isSame, "the file differs after resuming at \(checkpoint.iteration) on \(device)")
            }
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func aRunGoesOnOnAnotherDevice(_ cell: RecurrentCell) throws {
        let run = run(LearningCase(cell: cell, optimizer: .rmsProp()))
        for (first, second) in zip(Device.underTest, Device.underTest.dropFirst() + [.cpu]) {
            let whole = try run.trainer(on: first)
            try advance(whole, to: 8)
            let checkpoint = try Checkpoint(of: whole).throughFile()
            let resumed = try Trainer(resuming: checkpoint, dataset: run.dataset(), on: second)
            try advance(whole, to: 16)
            try advance(resumed, to: 16)
            // Only roundings differ; RMSProp magnifies those of components that hardly differ from 0.
            let losses = try whole.losses().asDoubles
            expectClose(try resumed.losses(), losses, within: 1e-4, "losses on \(second) after \(first)")
        }
    }

    @Test func savingDoesNotDisturbARun() throws {
        let run = Run(dropout: 0.3)
        let quiet = try run.trainer()
        let saving = try run.trainer()
        for _ in 0..<10 {
            _ = try quiet.step()
            _ = try saving.step()
            _ = try Checkpoint(of: saving)
        }
        expectSame(try saving.losses(), try quiet.losses())
    }

    @Test func otherDataIsRefusedInWords() throws {
        let run = Run()
        let checkpoint = try Checkpoint(of: run.trainer())
        func refusal(_ change: (inout Run) -> Void) throws -> String {
            var other = run
            change(&other)
            let dataset = try other.dataset()
            do {
                _ = try Trainer(resuming: checkpoint, dataset: dataset)
                return "not refused"
            } catch let error as CheckpointError { return error.description }
        }
        func sentence(_ difference: String) -> String {
            "the run cannot be resumed on this data: \(difference); start a new run from its weights instead"
        }
        let longer = try refusal { $0.text += "a" }
        #expect(longer == sentence("its character count was 130, now it is 131"))
        let changed = try refusal { $0.text = String($0.text.dropLast()) + ($0.text.last == "a" ? "b" : "a") }
        #expect(changed == sentence("its text has changed"))
        #expect(try refusal { $0.batchSize = 2 } == sentence("its batch size was 3, now it is 2"))
        #expect(try refusal { $0.sequenceLength = 5 } == sentence("its sequence length was 4, now it is 5"))
    }

    @Test func aCheckpointOfWeightsHasNoRunToResume() throws {
        let run = Run()
        let checkpoint = try Checkpoint(of: run.model()).throughFile()
        #expect(throws: CheckpointError.noTraining) { try Trainer(resuming: checkpoint, dataset: run.dataset()) }
        #expect(
            "\(CheckpointError.noTraining)"
                == "the checkpoint holds weights without a training state; start a new run from its weights instead")
    }

    @Test func aModelFromACheckpointBeginsANewRun() throws {
        let run = Run(cell: .gru, dropout: 0.3)
        let trained = try run.trainer()
        for _ in 0..<10 { _ = try trained.step() }
        let model = try LanguageModel(Checkpoint(of: trained).throughFile())
        let fresh = try Trainer(model: model, dataset: run.dataset())
        expectSame(try model.parameterValues(), try trained.model.parameterValues())
        #expect(model.configuration == trained.model.configuration)
        #expect(fresh.iteration == 0 && fresh.learningRate == 2e-3)
        #expect(try fresh.losses().isEmpty && fresh.validationLosses.isEmpty)
    }
}
