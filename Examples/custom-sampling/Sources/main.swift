// Trains a model with the library and lets it write through a sampling loop of its own.
//
//     swift run -c release custom-sampling TEXT CHECKPOINT
//
// TEXT is a text file, in UTF-8, or a folder with an input.txt; it must have the characters of "KING RICHARD:" and the
// end of line in it. The model is trained for 10 epochs, which is quick for a small text, and kept in CHECKPOINT.
import CharRNN
import Foundation

/// Standard output is for the text.
func note(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

guard FileName.arguments.count == 2 else {
    note("usage: custom-sampling TEXT CHECKPOINT")
    exit(2)
}
let url = URL(fileURLWithPath: FileName.arguments[0])
let checkpointURL = URL(fileURLWithPath: FileName.arguments[1])

let dataset = try TextDataset(contentsOf: url, batchSize: 50, sequenceLength: 50)
var generator = SplitMix64(seed: 123)
let model = try LanguageModel(
    .init(cell: .lstm, vocabulary: dataset.vocabulary, hiddenSize: 128, layerCount: 2),
    on: .default, using: &generator)
let trainer = try Trainer(model: model, dataset: dataset, optimizer: .rmsProp(learningRate: 2e-3))
while trainer.epoch < 10 {
    let step = try trainer.step()
    if step.epoch == step.epoch.rounded() { note("epoch \(Int(step.epoch)), loss \(try step.loss)") }
}
try Checkpoint(of: trainer).write(to: checkpointURL)

// a custom sampling loop
var session = try LanguageModel(contentsOf: checkpointURL, on: .default).makeSession()
try session.feed("KING RICHARD:\n")
for _ in 0..<500 {
    let token = session.next.temperature(0.8).topK(20).sample(using: &generator)
    print(session.vocabulary[token], terminator: "")
    try session.feed(token)
}
