import CharRNN
import Foundation
import TestSupport
import Testing

/// Every kind of OpenCL call is made to fail: the program ends with a message, gives its memory back, and leaves whole
/// checkpoints.
@Suite(.enabled(if: !OpenCLFaults.devices.isEmpty))
struct DeviceFailureTests {
    static let training = words(
        "train --device opencl --data-dir data/some_folder --hidden-size 8 --layers 2 --dropout 0.2 --batch-size 4 "
            + "--sequence-length 5 --max-iterations 2 --eval-every 1")

    private static func words(_ command: String) -> [String] { command.split(separator: " ").map(String.init) }

    /// What a driver would say; of all others that resources are lacking.
    private static let statuses: [String: (code: Int, name: String)] = [
        "clCreateBuffer": (-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE"),
        "clBuildProgram": (-11, "CL_BUILD_PROGRAM_FAILURE"),
        "clCreateContext": (-2, "CL_DEVICE_NOT_AVAILABLE"),
        "clCreateKernel": (-6, "CL_OUT_OF_HOST_MEMORY"),
        "clGetDeviceIDs": (-6, "CL_OUT_OF_HOST_MEMORY"),
        "clGetPlatformIDs": (-6, "CL_OUT_OF_HOST_MEMORY"),
    ]

    /// The calls of a function that are made to fail: `wanted` of `count`, evenly spread, the last among them.
    /// CHAR_RNN_FAULTS=40 in the environment asks for more than the suite has time for.
    private static func failing(_ wanted: Int, of count: Int) -> [Int] {
        let wanted = ProcessInfo.processInfo.environment["CHAR_RNN_FAULTS"].flatMap { Int($0) } ?? wanted
        guard count > wanted else { return Array(1...count) }
        return (0..<wanted).map { count - $0 * (count - 1) / max(wanted - 1, 1) }
    }

    @Test func aTrainingThatFailsLeavesItsCheckpoints() throws {
        try Workplace.inNewFolder { place in
            try expectCleanFailures(3, of: Self.training, in: place) { outcome in
                let checkpoints = place.checkpoints()
                for checkpoint in checkpoints {
                    #expect(throws: Never.self) { try Checkpoint(contentsOf: place.url(checkpoint)) }
                }
                if let last = checkpoints.last, outcome.status != 0 {
                    #expect(outcome.errors.contains("the last checkpoint is \(last); go on"), "\(outcome.errors)")
                }
                try? FileManager.default.removeItem(at: place.url("cv"))
                return checkpoints.joined(separator: ", ")
            }
        }
    }

    @Test func aSampleThatFailsSaysSo() throws {
        try Workplace.inNewFolder { place in
            let checkpoint = try place.train(["--max-iterations", "1"])
            try expectCleanFailures(
                1, of: Self.words("sample --device opencl \(checkpoint) --length 3 --prime ab"), in: place
            ) { $0.text }
        }
    }

    /// - Parameters:
    ///   - wanted: how many calls of each function fail, each in a run of its own.
    ///   - result: what the command has made, which is checked and cleared away.
    private func expectCleanFailures(
        _ wanted: Int, of command: [String], in place: Workplace, result: (CommandLineTool.Outcome) -> String
    ) throws {
        let (sound, record) = try OpenCLFaults.run(command, in: place)
        try #require(sound.status == 0, "\(sound.errors)")
        let expected = try #require(record)
        // The opened device stays until the end, with its programs and workspaces; nothing else does.
        #expect(expected.live["event"]! <= 1 && expected.live["context"] == 1 && expected.live["queue"] == 1)
        #expect(expected.live["memory"]! < 10)
        let soundResult = result(sound)
        var (cases, survived) = (0, 0)
        for (function, count) in expected.calls.sorted(by: { $0.key < $1.key }) {
            let status = Self.statuses[function] ?? (-5, "CL_OUT_OF_RESOURCES")
            // Of giving back, one failure is as good as another.
            for call in Self.failing(function.hasPrefix("clRelease") ? 1 : wanted, of: count) {
                let (outcome, record) = try OpenCLFaults.run(
                    command, in: place, ["FAULT": "\(function) \(call) \(status.code)"])
                let failure = "\(function), call \(call) of \(count): \(outcome.status) \(outcome.errors.suffix(600))"
                let made = result(outcome)
                cases += 1
                // It could do without: an object is not given back, a binary not kept, another product tried.
                if outcome.status == 0 {
                    survived += 1
                    #expect(made == soundResult, "\(failure)")
                    continue
                }
                #expect((1..<128).contains(outcome.status), "\(failure)")
                let line = outcome.errorLines.last { $0.hasPrefix("char-rnn: ") } ?? ""
                let meanings = ["\(status.name) (\(status.code))", " cannot give ", "failed with CLBlast"]
                #expect(meanings.contains { line.contains($0) }, "\(failure)")
                #expect(["use ", "install ", "try "].contains { line.contains($0) }, "\(failure)")
                for (kind, references) in record?.live ?? ["record": .max] {
                    #expect(references <= expected.live[kind] ?? 0, "\(kind)s: \(references); \(failure)")
                }
            }
        }
        let calls = expected.calls.values.reduce(0, +)
        print("\(command[0]): \(cases) of \(calls) calls of OpenCL failed, of which \(survived) changed nothing")
        #expect(cases - survived > 10 * wanted, "\(survived) of \(cases) changed nothing")
    }

    @Test func aLostDeviceCostsNoMoreThanTheWorkSinceTheLastCheckpoint() throws {
        try Workplace.inNewFolder { place in
            let calls = try #require(try OpenCLFaults.run(Self.training, in: place).record).calls
            let launches = calls["clEnqueueNDRangeKernel"]!
            let whole = place.checkpoints()
            try FileManager.default.removeItem(at: place.url("cv"))
            // From then on nothing works, not even giving back.
            let (outcome, _) = try OpenCLFaults.run(
                Self.training, in: place, ["FAULT": "clEnqueueNDRangeKernel \(launches * 9 / 10)+ -36"])
            #expect(outcome.status == 1, "\(outcome.errors)")
            #expect(place.checkpoints() == [whole[0]])
            #expect(outcome.errors.contains("CL_INVALID_COMMAND_QUEUE (-36)"))
            #expect(outcome.errors.contains("; see whether char-rnn devices --check passes, and use another device"))
            #expect(
                outcome.errors.contains(
                    "go on from it with: char-rnn train --resume \(whole[0]) --device opencl\n"
                ))
            try place.succeed(["train", "--resume", whole[0], "--max-iterations", "2", "--device", "opencl"])
            #expect(place.checkpoints() == whole, "the same names, thus the same losses")
        }
    }

    @Test func withoutADriverTheMessageSaysHowToInstallOne() throws {
        try Workplace.inNewFolder { place in
            let arguments = ["train", "--opencl", "--data-dir", "data/some_folder"]
            let empty = try OpenCLFaults.run(arguments, in: place, environment: ["OCL_ICD_VENDORS": place.folder.path])
            #expect(empty.outcome.status == 1)
            #expect(
                empty.outcome.errors.contains(
                    "no OpenCL driver is installed (clGetPlatformIDs: CL_PLATFORM_NOT_FOUND_KHR (-1001)), looking only where "
                        + "OCL_ICD_VENDORS=\(place.folder.path) says; unset OCL_ICD_VENDORS to look where the system"),
                "\(empty.outcome.errors)")
            // The status that leaves the count as it was.
            let (none, _) = try OpenCLFaults.run(arguments, in: place, ["FAULT": "clGetDeviceIDs 1+ -1"])
            #expect(none.status == 1)
            #expect(none.errors.contains("no OpenCL device: no usable device in "), "\(none.errors)")
        }
    }

    @Test func aKernelThatDoesNotBuildIsReportedWithTheCompilersWords() throws {
        try Workplace.inNewFolder { place in
            let (outcome, _) = try OpenCLFaults.run(Self.training, in: place, ["OPTIONS": "-DWIDTH=3"])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("CL_BUILD_PROGRAM_FAILURE (-11)"), "\(outcome.errors)")
            #expect(outcome.errors.contains("WIDTH is 1 or 8"), "the log")
            let saved = try #require(outcome.errors.firstMatch(of: #/source saved as ([^)]+)\)/#)).1
            #expect(try String(contentsOfFile: String(saved), encoding: .utf8).contains("KERNEL void"))
            try FileManager.default.removeItem(atPath: String(saved))
        }
    }

    @Test(arguments: ["opencl", "opencl,cpu", "cpu,opencl"])
    func whereMemoryIsLackingTheBatchSizeThatFitsIsNamed(devices: String) throws {
        try Workplace.inNewFolder(text: SmallText.rhythm(60_000)) { place in
            // 8 MB, of which a buffer may take a quarter.
            let small = ["ANSWERS": "0x101F=\(8 << 20) 0x1010=\(2 << 20)"]
            func train(_ batchSize: Int) throws -> CommandLineTool.Outcome {
                let command =
                    "train --device \(devices) --data-dir data/some_folder --hidden-size 32 --layers 1 "
                    + "--sequence-length 25 --max-iterations 2 --batch-size \(batchSize)"
                return try OpenCLFaults.run(Self.words(command), in: place, small).outcome
            }
            let outcome = try train(1000)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains(" cannot give "), "\(outcome.errors)")
            #expect(outcome.errors.contains("8.4 MB"), "\(outcome.errors)")
            let advised = try #require(outcome.errors.firstMatch(of: #/--batch-size (\d+) would fit/#)).1
            let size = try #require(Int(advised))
            #expect(try train(size).status == 0, "\(size) fits")
            #expect(try train(4 * size).status == 1, "and is not far from all that does")
        }
    }
}
