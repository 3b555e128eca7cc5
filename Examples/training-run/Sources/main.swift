// Trains a model as `char-rnn train` does, with a progress of its own; Ctrl-C saves and ends, and the next start goes on.
//
//     swift run -c release training-run TEXT FOLDER
//
// TEXT is a text file in UTF-8, or a folder with an input.txt; checkpoints go into FOLDER.
import CharRNN
import Dispatch
import Foundation

let arguments = FileName.arguments.map { URL(fileURLWithPath: $0) }
guard arguments.count == 2 else { fatalError("usage: training-run TEXT FOLDER") }
let (text, folder) = (arguments[0], arguments[1])
let file = (try? Checkpoint.newest(in: folder)) ?? nil
let resumed = try file.map { (checkpoint: try Checkpoint(contentsOf: $0), file: $0) }
let dataset = try TextDataset(contentsOf: text)
let options = TrainingRun.Options(folder: folder, maxEpochs: 5, reportEvery: 10, evaluateEvery: 200)
let run =
    if let resumed {
        try TrainingRun(Trainer(resuming: resumed.checkpoint, dataset: dataset), options: options, resuming: resumed)
    } else {
        try TrainingRun(
            Trainer(model: LanguageModel(.init(vocabulary: dataset.vocabulary), seed: 1), dataset: dataset),
            options: options)
    }
signal(SIGINT, SIG_IGN)
let interruption = DispatchSource.makeSignalSource(signal: SIGINT, queue: .main)
interruption.setEventHandler { run.cancel() }
interruption.activate()
for try await event in run.events() {
    switch event {
    case .step(let step): print("\(step.iteration) of \(run.lastIteration): loss \(step.loss)")
    case .validation(let validation): print("validation: loss \(validation.loss)")
    case .checkpoint(let checkpoint): print("saved \(checkpoint.file.path)")
    case .end(let end): print(end.reason == .finished ? "finished" : "stopped; start again to go on")
    default: print(event)
    }
}
