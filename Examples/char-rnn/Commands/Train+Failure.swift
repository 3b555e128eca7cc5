import CharRNN
import FoundationEssentials

// How `train` tells what has ended a run.
extension Train {
    /// An error that ended the run, with what is left of it and what to do.
    func failure(
        _ error: any Error, of run: TrainingRun, on devices: [Device], _ ranks: Ranks
    ) -> any Error {
        let last = run.lastCheckpoint?.relativePath
        switch error {
        case let divergence as TrainingDivergence:
            guard divergence.returns > 0, let last else {
                return Failure("\(divergence): the weights at the start are unusable; start from others")
            }
            return Failure(
                "\(divergence); try a lower --learning-rate than \(run.trainingOptions.optimizer.learningRate), from the "
                    + "start or from the last good weights with --init-from \(shellWord(last))")
        case let error as DeviceError:
            let saved =
                last.map { "the last checkpoint is \($0); go on from it with: \(resumeCommand($0, ranks))" }
                ?? "no checkpoint was written yet"
            let room = room(for: run.model.configuration, on: devices, error)
            return Failure("\(Hints.message(of: error))\(room); \(saved)")
        case is FileError, is TrainingRunError:
            let saved = last.map { "the last checkpoint is \($0)" } ?? "there is no checkpoint yet"
            return Failure("\(Hints.message(of: error)); \(saved)")
        default: return error
        }
    }

    /// When memory was lacking, the batch size that would do, as the end of a line.
    func room(
        for configuration: LanguageModel.Configuration, on devices: [Device], _ error: DeviceError
    ) -> String {
        guard case .outOfMemory = error, resume == nil else { return "" }
        let size = configuration.largestBatchSize(
            on: devices[0], sharingWith: Array(devices.dropFirst()), sequenceLength: batch.sequenceLength,
            optimizer: learning.trainerOptions.optimizer, guarded: true)
        return size > 0 && size < batch.batchSize ? " (--batch-size \(size) would fit)" : ""
    }
}
