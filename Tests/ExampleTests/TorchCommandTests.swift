import CharRNN
import Foundation
import TestSupport
import Testing

/// The commands of char-rnn's readme, with `char-rnn train` and `char-rnn sample` in place of its scripts.
@Suite struct TorchCommandTests {
    // The sizes are appended where the readme has none, since its defaults train for hours.
    private let short = ["-max_epochs", "0.05", "-batch_size", "4", "-seq_length", "5"]

    @Test func trainingOnTheProcessor() throws {
        // th train.lua -gpuid -1
        try Workplace.inNewFolder { place in
            try place.write(Workplace.text, to: "data/tinyshakespeare/input.txt")
            let outcome = try place.succeed(["train", "-gpuid", "-1"] + short)
            #expect(outcome.errors.contains("device: cpu "))
            #expect(outcome.errors.contains("model: LSTM, 2 x 128 units, dropout 0.0"))
            #expect(place.checkpoints().count == 1, "in cv, named after an lstm")
            #expect(place.checkpoints()[0].hasPrefix("cv/lm_lstm_epoch0.05_"))
        }
    }

    @Test func trainingABiggerNetworkOnOnesOwnText() throws {
        // th train.lua -data_dir data/some_folder -rnn_size 512 -num_layers 2 -dropout 0.5
        try Workplace.inNewFolder { place in
            let outcome = try place.succeed(
                ["train", "-data_dir", "data/some_folder", "-rnn_size", "512", "-num_layers", "2", "-dropout", "0.5"]
                    + ["-max_epochs", "0.01", "-batch_size", "4", "-seq_length", "5"])
            #expect(outcome.errors.contains("model: LSTM, 2 x 512 units, dropout 0.5"))
        }
    }

    @Test func samplingFromACheckpoint() throws {
        // th sample.lua cv/some_checkpoint.t7 -gpuid -1, and with the options that the readme describes
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train()
            let plain = try place.succeed(["sample", checkpoint, "-gpuid", "-1"])
            #expect(plain.text.count == 2001, "2000 characters and the end of the line")
            let long = try place.succeed(["sample", checkpoint, "-length", "3000"])
            #expect(long.text.count == 3001)
            let primed = try place.succeed(
                ["sample", checkpoint, "-primetext", "abcab ", "-temperature", "0.5", "-length", "100"])
            #expect(primed.text.hasPrefix("abcab ") && primed.text.count == 107)
            let inspected = try place.succeed(["inspect", checkpoint])
            #expect(inspected.text.contains("hidden size: 8"))
        }
    }

    @Test(arguments: ["train", "sample", "inspect"])
    func helpIsThere(_ command: String) throws {
        try Workplace.inNewFolder { place in
            for spelling in ["-help", "--help", "-h"] {
                let outcome = try place.succeed([command, spelling])
                #expect(outcome.text.contains("USAGE: char-rnn \(command)"), "\(spelling)")
            }
        }
    }

    @Test(.enabled(if: (try? Device.bestOpenCL()) != nil, "no OpenCL device was found"))
    func trainingAndSamplingWithOpenCL() throws {
        // th train.lua -opencl 1, and a checkpoint of either device for the other without conversion
        try Workplace.inNewFolder { place in
            let trained = try place.train(["-opencl", "1", "-learning_rate", "0.02", "-max_epochs", "3"], into: "ocl")
            let other = try place.train(["-gpuid", "-1", "-learning_rate", "0.02", "-max_epochs", "3"], into: "cpu")
            for checkpoint in [trained, other] {
                func write(_ device: [String]) throws -> CommandLineTool.Outcome {
                    try place.succeed(
                        ["sample", checkpoint, "-sample", "0", "-primetext", "abc", "-length", "200"] + device)
                }
                let onProcessor = try write(["-gpuid", "-1"])
                let onDevice = try write(["-gpuid", "0", "-opencl", "1"])
                #expect(onProcessor.errors.contains("device: cpu "))
                #expect(onDevice.errors.contains("device: opencl:0 "))
                #expect(onProcessor.text == onDevice.text)
            }
            try place.succeed(["inspect", trained, "-gpuid", "0", "-opencl", "1"])
        }
    }

    @Test(.enabled(if: (try? Device.bestOpenCL()) != nil, "no OpenCL device was found"))
    func severalDevicesTrainTogether() throws {
        try Workplace.inNewFolder { place in
            func losses(_ device: String) throws -> [Double] {
                try place.train(["--dropout", "0.3", "--max-iterations", "12", "--device", device], into: device)
                let history = try String(contentsOf: place.url("\(device)/history.jsonl"), encoding: .utf8)
                return history.matches(of: #/"(?:validation_)?loss":([\d.]+)/#).map { Double($0.1)! }
            }
            let (one, several) = (try losses("cpu"), try losses("cpu,opencl:0"))
            #expect(one.count == 13 && several.count == 13)
            for (loss, expected) in zip(several, one) { #expect(abs(loss - expected) < 1e-4) }
        }
    }
}
