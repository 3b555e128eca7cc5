import CharRNN
import Foundation
import TestSupport
import Testing

/// Event files as TensorBoard reads them. `Tests/Reference/tensorboard_check.py` asks TensorBoard itself.
@Suite struct TensorBoardTests {
    /// The vectors of RFC 3720, appendix B.4, and the check value that catalogues of such sums give.
    @Test func theChecksumIsCastagnolis() {
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(0..<32) == 0x46DD_794E)
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
    }

    /// Field by field: a double in field 1, a whole number in field 2, a text in field 3.
    @Test func theFirstRecordIsTensorBoards() throws {
        try withTemporaryFolder { folder in
            _ = try TensorBoardLog(in: folder, continuingAt: 0) { 0.5 }
            let file = try #require(try files(in: folder).first)
            let payload: [UInt8] = [9, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 16, 0, 0x1A, 13] + Array("brain.Event:2".utf8)
            #expect(try records(of: file).first == Data(payload))
        }
    }

    /// The bytes that tensorboard 2.21's own classes make of such an event (`event_pb2.Event(wall_time=0.5, step=40)`, with
    /// a value of the plugin for texts).
    @Test func aTextIsAnEventOfTensorBoards() throws {
        try withTemporaryFolder { folder in
            let log = try TensorBoardLog(in: folder, continuingAt: 40) { 0.5 }
            log.record("yes", as: "sample", at: 40)
            let records = try records(of: try #require(try files(in: folder).first))
            let hexadecimal = records.map { $0.map { String(format: "%02x", $0) }.joined() }
            #expect(hexadecimal[1] == "09000000000000e03f10293a020801")
            #expect(
                hexadecimal[2]
                    == "09000000000000e03f10282a250a230a0673616d706c65420d080712041202080142037965734a0a0a060a"
                    + "04746578742002")
        }
    }

    @Test func eachSessionBeginsAFileThatIsReadAfterThoseBefore() throws {
        try withTemporaryFolder { folder in
            for (time, iteration) in [(1_700_000_000.2, 0), (1_700_000_000.9, 40), (5, 50)] {
                let log = try TensorBoardLog(in: folder, continuingAt: iteration) { time }
                log.record("yes", as: "sample", at: iteration)
            }
            let files = try files(in: folder)
            #expect(
                files.map(\.lastPathComponent) == [0, 1, 2].map { "events.out.tfevents.170000000\($0).char-rnn" })
            for (file, iteration) in zip(files, [0, 40, 50]) {
                let records = try records(of: file)
                #expect(records.count == 3)
                // The second one is SessionLog.START with the step after the last one taken.
                #expect(records[1].suffix(6) == Data([16, UInt8(iteration + 1), 0x3A, 2, 8, 1]))
                #expect(records[2].range(of: Data("yes".utf8)) != nil)
            }
        }
    }

    @Test func aRunWritesWhatItMeasures() throws {
        try withTemporaryFolder { folder in
            let run = try TrainingRun(
                Run().trainer(), options: .init(folder: folder.appendingPathComponent("cv"), maxIterations: 4))
            let log = try TensorBoardLog(in: folder.appendingPathComponent("board"))
            var (steps, validations) = (0, 0)
            try run.run { event in
                #expect(log.record(event) == nil)
                if case .step = event { steps += 1 }
                if case .validation = event { validations += 1 }
            }
            #expect(steps == 4 && validations == 1)
            let file = try #require(try files(in: folder.appendingPathComponent("board")).first)
            let records = try records(of: file).map { String(decoding: $0, as: UTF8.self) }
            for name in ["loss/training", "gradient_norm", "learning_rate", "characters_per_second"] {
                #expect(records.count { $0.contains(name) } == 4, "\(name)")
            }
            #expect(records.count { $0.contains("loss/validation") } == 1)
        }
    }

    @Test func aFolderThatCannotBeMadeIsAnError() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data().write(to: file)
            #expect(throws: FileError.self) { try TensorBoardLog(in: file.appendingPathComponent("board")) }
            #expect(throws: FileError.self) { try TensorBoardLog(in: file) }
        }
    }

    /// Names are anybody's.
    @Test(arguments: [Int.max, .max - 1])
    func aNumberAfterWhichThereIsNoneIsAnError(_ number: Int) throws {
        try withTemporaryFolder { folder in
            try Data().write(to: folder.appendingPathComponent("events.out.tfevents.\(number)"))
            let error = try #require(throws: FileError.self) { try TensorBoardLog(in: folder) }
            #expect(error.description.contains("events.out.tfevents.\(number)"))
            #expect(try files(in: folder).count == 1)
        }
    }

    private func files(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// The payloads, whose lengths and checksums must be right.
    private func records(of file: URL) throws -> [Data] {
        var rest = try Data(contentsOf: file)
        var payloads: [Data] = []
        while !rest.isEmpty {
            let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let payload = Data(rest.dropFirst(12).prefix(length))
            let sums = [rest.dropFirst(8).prefix(4), rest.dropFirst(12 + length).prefix(4)]
                .map { $0.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
            #expect(
                sums == [
                    CRC32C.masked(rest.prefix(8)), CRC32C.masked(payload),
                ])
            payloads.append(payload)
            rest = Data(rest.dropFirst(16 + length))
        }
        return payloads
    }
}
