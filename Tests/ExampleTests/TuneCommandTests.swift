import CharRNN
import Foundation
import TestSupport
import Testing

@Suite struct TuneCommandTests {
    private static let tiny = [
        "--hidden-size", "8", "--layers", "1", "--batch-size", "4", "--sequence-length", "5",
    ]

    /// CL_DEVICE_TYPE is answered with CL_DEVICE_TYPE_GPU.
    private static func tune(_ arguments: [String], in place: Workplace) throws -> CommandLineTool.Outcome {
        try OpenCLFaults.run(
            ["tune", "--opencl"] + arguments, in: place, ["ANSWERS": "0x1000=4"],
            environment: ["XDG_CACHE_HOME": place.url("kept").path]
        ).outcome
    }

    @Test(.enabled(if: !OpenCLPlatform.processorsAsGPUs().isEmpty, "no OpenCL processor"))
    func whatIsKeptAndFailsIsToBeForgotten() throws {
        try Workplace.inNewFolder { place in
            for device in OpenCLPlatform.processorsAsGPUs() {
                var tuning = try #require(device.tuning)
                var parameters = try tuning.current()
                // Groups of 2¹⁶ items are none that a device has.
                parameters["XgemmDirect"]!["MDIMCD"] = 256
                parameters["XgemmDirect"]!["NDIMCD"] = 256
                tuning.file = place.url("kept/char-rnn/tunings/\(try #require(tuning.file).lastPathComponent)")
                try tuning.store(parameters)
            }
            let outcome = try Self.tune(Self.tiny + ["--minutes", "0.05"], in: place)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("forget it with: char-rnn tune --reset"), "\(outcome.errors)")
            #expect(try Self.tune(["--reset"], in: place).status == 0)
            #expect(try Self.tune(Self.tiny + ["--minutes", "0.01"], in: place).status == 0)
        }
    }

    @Test(.enabled(if: !OpenCLPlatform.processorsAsGPUs().isEmpty, "no OpenCL processor"))
    func withoutAFolderToKeepItInNothingIsSearched() throws {
        try Workplace.inNewFolder { place in
            let outcome = try OpenCLFaults.run(
                ["tune", "--opencl"] + Self.tiny, in: place, ["ANSWERS": "0x1000=4"],
                environment: ["XDG_CACHE_HOME": "relative", "HOME": ""]
            ).outcome
            #expect(outcome.status == 1 && outcome.errors.contains("set XDG_CACHE_HOME"), "\(outcome.errors)")
            #expect(place.files("relative").isEmpty)
        }
    }

    @Test func processorsAreNotTuned() throws {
        try Workplace.inNewFolder { place in
            for device in Device.available where device.tuning == nil {
                let outcome = try place.succeed(["tune", "--device", device.id])
                #expect(outcome.errors.contains("nothing to tune") && outcome.output.isEmpty)
            }
        }
    }

    @Test(.enabled(if: !OpenCLFaults.devices.isEmpty, "no OpenCL device was found"))
    func aCardIsTunedAndForgottenAgain() throws {
        try Workplace.inNewFolder { place in
            func tune(_ arguments: [String]) throws -> CommandLineTool.Outcome {
                let outcome = try Self.tune(arguments, in: place)
                #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
                return outcome
            }
            // As good as at once, but not before the first attempt.
            let outcome = try tune(Self.tiny + ["--minutes", "0.05"])
            let isKept = outcome.errors.contains("kept for every later run in")
            #expect(isKept != outcome.errors.contains("nothing faster was found"), "\(outcome.errors)")
            func files() -> [String] {
                ((try? FileManager.default.contentsOfDirectory(atPath: place.url("kept/char-rnn/tunings").path)) ?? [])
            }
            #expect(files().count == (isKept ? 1 : 0))
            #expect(try tune(["--reset"]).errors.contains("CLBlast's own parameters"))
            #expect(files().isEmpty)
        }
    }
}
