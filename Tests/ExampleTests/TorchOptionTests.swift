import CharRNN
import Foundation
import TestSupport
import Testing

/// Every option of char-rnn, as its users type it, with what it does here.
@Suite struct TorchOptionTests {
    struct Option: CustomTestStringConvertible {
        let arguments: [String]
        /// A line of `inspect` that shows it.
        let shows: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: String, shows: String) {
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.shows = shows
        }
    }

    @Test(arguments: [
        Option("-rnn_size 12", shows: "hidden size: 12"), Option("-num_layers 3", shows: "layers: 3"),
        Option("-model gru", shows: "cell: gru"), Option("-model rnn", shows: "cell: rnn"),
        Option("-model lstm", shows: "cell: lstm"),
        Option("-learning_rate 0.01", shows: "learning rate: 0.01"),
        Option(
            "-learning_rate_decay 0.5 -learning_rate_decay_after 1 -max_epochs 2", shows: "learning rate: 0.0005"),
        Option(
            "-decay_rate 0.9", shows: "optimizer: rmsprop, decay rate 0.9"),
        Option("-dropout 0.25", shows: "dropout: 0.25"), Option("-seq_length 7", shows: "sequence length: 7"),
        Option("-batch_size 6", shows: "batch size: 6"), Option("-max_epochs 2", shows: "epoch: 2.00"),
        Option("-grad_clip 3", shows: "gradient clipping: each component to 3.0 at most"),
        Option("-train_frac 0.5 -val_frac 0.5", shows: "iteration: 30"),
        Option("-train_frac 0.5 -val_frac 0.25", shows: "validation-fraction: 0.25"),
        Option("-seed 7", shows: "seed: 7"), Option("-print_every 5", shows: "print-every: 5"),
        Option("-eval_val_every 20", shows: "eval-every: 20"), Option("-savefile mine", shows: "label: mine"),
        Option("-accurate_gpu_timing 1", shows: "iteration: 57"), Option("-gpuid -1", shows: "device: cpu"),
        Option("-opencl 0", shows: "device: cpu"), Option("-gpuid -1 -opencl 1", shows: "device: cpu"),
    ])
    func anOptionOfTrainingHasItsEffect(_ option: Option) throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(option.arguments)
            let lines = try place.succeed(["inspect", checkpoint]).text.split(separator: "\n").map(String.init)
            #expect(lines.contains(option.shows), "\(lines)")
        }
    }

    @Test func theDefaultsAreCharRNNs() throws {
        try Workplace.inNewFolder { place in
            try place.succeed(
                ["train", "-data_dir", "data/some_folder", "--max-iterations", "1", "-rnn_size", "4"])
            let lines = Set(
                try place.succeed(["inspect", place.checkpoints()[0]]).text.split(separator: "\n").map(String.init))
            let expected = [
                "cell: lstm", "layers: 2", "dropout: 0.0", "sequence length: 50",
                "gradient clipping: each component to 5.0 at most",
                "optimizer: rmsprop, decay rate 0.95", "learning rate: 0.002",
                "max-epochs: 50.0", "train-fraction: 0.95", "validation-fraction: 0.05", "seed: 123",
                "print-every: 1", "eval-every: 1000", "checkpoint-dir: cv", "label: lstm",
            ]
            for line in expected { #expect(lines.contains(line), "\(line) of \(lines)") }
        }
    }

    @Test func lateDecayLeavesTheRate() throws {
        try Workplace.inNewFolder { place in
            let outcome = try place.run(
                ["train", "-data_dir", "data/some_folder"] + Workplace.smallSizes
                    + ["-max_epochs", "2", "-learning_rate_decay_after", "2", "-learning_rate_decay", "0.97"])
            let falls = outcome.errorLines.filter { $0.hasPrefix("the learning rate falls to") }
            #expect(falls == ["the learning rate falls to 0.00194"], "at the end of epoch 2 only")
        }
    }

    /// Of a text whose epochs are two batches the rate falls at every second step.
    @Test func aRateThatFallsOftenIsToldNowAndThen() throws {
        try Workplace.inNewFolder { place in
            func falls(_ options: [String]) throws -> [String] {
                let outcome = try place.succeed(
                    ["train", "-data_dir", "data/some_folder"] + Workplace.smallSizes + ["-seq_length", "100"]
                        + ["-learning_rate_decay_after", "3", "-max_epochs", "20"] + options)
                #expect(outcome.errors.contains("batches of 4x100: 2 for training"), "\(outcome.errors)")
                return outcome.errorLines.filter { $0.hasPrefix("the learning rate falls to") }
            }
            // After steps 6, 16, 26 and 36, of 40.
            let expected = [1, 6, 11, 16].map { count in
                "the learning rate falls to " + String(format: "%.6g", 0.002 * pow(0.97, Double(count)))
            }
            let (each, some) = (try falls([]), try falls(["-print_every", "20"]))
            #expect(each == expected && some == [expected[0]], "\(each)")
        }
    }

    @Test func checkpointsAreWrittenAsOftenAsAskedForAndAtTheEnd() throws {
        try Workplace.inNewFolder { place in
            try place.train(["-eval_val_every", "20", "-savefile", "mine"], into: "out/of/the/way")
            let names = place.checkpoints("out/of/the/way")
            #expect(names.count == 3)
            for (name, epoch) in zip(names, ["0.35", "0.70", "1.00"]) {
                let start = "out/of/the/way/lm_mine_epoch\(epoch)_"
                #expect(name.hasPrefix(start) && name.dropFirst(start.count).count == "1.9459.safetensors".count)
            }
        }
    }

    @Test func aRunCanStartFromACheckpoint() throws {
        try Workplace.inNewFolder { place in
            let first = try place.train(["-rnn_size", "11", "-dropout", "0.1", "-max_epochs", "3"])
            let outcome = try place.run(
                ["train", "-init_from", first, "-data_dir", "data/some_folder", "-checkpoint_dir", "next"]
                    + ["-batch_size", "4", "-seq_length", "5", "-max_epochs", "1"])
            #expect(outcome.errors.contains("starting from the weights, cell, sizes and dropout of \(first)"))
            let second = try #require(place.checkpoints("next").last)
            let text = try place.succeed(["inspect", second]).text
            #expect(text.contains("hidden size: 11") && text.contains("dropout: 0.1"))
            #expect(text.contains("iteration: 57"), "counted from the start again")
        }
    }

    @Test func theOptionsOfSamplingHaveTheirEffect() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-max_epochs", "2"])
            func sample(_ options: String) throws -> CommandLineTool.Outcome {
                try place.succeed(
                    ["sample", checkpoint, "-length", "80"] + options.split(separator: " ").map(String.init))
            }
            #expect(try sample("").text == sample("-seed 123 -sample 1 -temperature 1").text, "the defaults")
            #expect(try sample("-seed 5").text == sample("-seed 5").text)
            #expect(try sample("-seed 5").text != sample("-seed 6").text)
            let greedy = try sample("-sample 0 -seed 5 -primetext abc").text
            #expect(greedy == (try sample("-temperature 0.9 -sample 0 -seed 6 -primetext abc").text), "argmax")
            #expect(try sample("-temperature 0.1").text != sample("-temperature 1").text)
            #expect(try !sample("").errors.isEmpty)
            #expect(try sample("-verbose 0").errors.isEmpty)
            #expect(try sample("-verbose 1").errors == sample("").errors)
        }
    }
}
