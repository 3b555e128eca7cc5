import CharRNN
import Foundation
import TestSupport
import Testing

/// `--precision` of the commands, and checkpoints with weights of 8 bits where checkpoints are taken.
@Suite struct PrecisionCommandTests {
    /// A folder with a trained model and the same in 8 bits, `small.safetensors`.
    private func inPlace(_ body: (Workplace, String) throws -> Void) throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["-rnn_size", "32", "-learning_rate", "0.02"])
            try place.succeed(["convert", checkpoint, "small.safetensors", "--precision", "int8"])
            try body(place, checkpoint)
        }
    }

    @Test func aConvertedFileReadsAndWritesAsTheOptionDoes() throws {
        try inPlace { place, checkpoint in
            let sampling = ["--prime", "abc", "--seed", "3", "--length", "200"]
            let samples = try [
                place.succeed(["sample", "small.safetensors"] + sampling),
                place.succeed(["sample", checkpoint, "--precision", "int8"] + sampling),
            ]
            #expect(samples[0].text == samples[1].text && samples[0].text.count == 204)
            #expect(samples.allSatisfy { $0.errors.contains(", weights of 8 bits\n") })
            let floats = try place.succeed(["sample", checkpoint] + sampling)
            #expect(!floats.errors.contains("8 bits"))

            func score(_ arguments: [String]) throws -> String {
                try place.succeed(["score"] + arguments, input: String(Workplace.text.prefix(300))).text
            }
            let scores = try [
                score(["small.safetensors", "-"]), score([checkpoint, "-", "--precision", "int8"]),
                score(["small.safetensors", "-", "--precision", "int8"]),
            ]
            #expect(Set(scores).count == 1 && scores[0].hasPrefix("300 characters, "))
            #expect(try place.succeed(["inspect", "small.safetensors"]).text.contains("\nweights: of 8 bits\n"))
            try place.succeed(["convert", "small.safetensors", "small.onnx"])
            try place.succeed(["convert", "small.safetensors", "floats.safetensors", "--precision", "float32"])
            #expect(try Checkpoint(contentsOf: place.url("floats.safetensors")).precision == .float32)
        }
    }

    @Test func whatCannotBeIsRefusedInALine() throws {
        try inPlace { place, checkpoint in
            func refusal(_ arguments: [String]) throws -> String {
                let outcome = try place.run(arguments, input: "abc")
                #expect(outcome.status != 0)
                return outcome.errors
            }
            let text = ["--data-dir", "data/some_folder"]
            for arguments in [
                ["train", "--init-from", "small.safetensors"] + text,
                ["train", "--resume", "small.safetensors"] + text,
                ["train", "--init-from", "small.safetensors", "--dry-run"] + text,
                ["score", "small.safetensors", "-", "--dynamic"],
            ] {
                let last = try refusal(arguments).split(separator: "\n").last ?? ""
                #expect(
                    last.hasPrefix("char-rnn: ") && last.contains("weights of 8 bits are for reading and writing"),
                    "\(arguments): \(last)")
            }
            #expect(
                try refusal(["score", checkpoint, "-", "--dynamic", "--precision", "int8"]).contains(
                    "weights of 8 bits do not learn"))
            #expect(
                try refusal(["convert", checkpoint, "a.onnx", "--precision", "int8"]).contains(
                    "--precision: only checkpoints can have weights of 8 bits"))
            #expect(try refusal(["sample", checkpoint, "--precision", "int4"]).contains("int4"))
            if let device = Device.available.first(where: \.isOpenCL) {
                #expect(
                    try refusal(["sample", checkpoint, "--precision", "int8", "--device", device.id]).contains(
                        "does not multiply by weights of 8 bits; use the device cpu"))
            }
        }
    }

    @Test func itsSpeedIsMeasured() throws {
        try Workplace.inNewFolder { place in
            let options = ["--seconds", "0.01", "--hidden-size", "8", "--layers", "1", "--precision", "int8"]
            #expect(try place.succeed(["bench"] + options).text.contains("  sampling in 8 bits: "))
            let line = try place.succeed(["bench", "--json"] + options).text
            let result = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(result["precision"] as? String == "int8")
        }
    }
}
