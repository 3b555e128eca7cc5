import CharRNN
import Foundation
import TestSupport
import Testing

/// Compiled kernels are kept on disk: that a start uses them is seen from the calls that it makes.
@Suite(.enabled(if: !OpenCLFaults.devices.isEmpty))
struct ProgramCacheTests {
    private let folder = "cache/char-rnn/programs"

    /// Trains for a step; returns how many programs were made from binaries and from sources.
    private func train(
        in place: Workplace, _ settings: [String: String] = [:]
    ) throws -> (fromBinaries: Int, fromSources: Int) {
        let (outcome, record) = try OpenCLFaults.run(
            DeviceFailureTests.training, in: place, settings,
            environment: ["XDG_CACHE_HOME": place.url("cache").path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let calls = try #require(record).calls
        return (calls["clCreateProgramWithBinary"] ?? 0, calls["clCreateProgramWithSource"] ?? 0)
    }

    @Test func theSecondStartCompilesNothingOfOurs() throws {
        try Workplace.inNewFolder { place in
            let first = try train(in: place)
            let files = place.files(folder)
            #expect(first.fromBinaries == 0 && files.count > 3)
            let second = try train(in: place)
            #expect(second.fromBinaries == files.count)
            #expect(second.fromSources == first.fromSources - files.count, "what is left is CLBlast's")
            #expect(place.files(folder) == files)
        }
    }

    @Test func aDamagedOrForeignFileIsCompiledAnewAndReplaced() throws {
        try Workplace.inNewFolder { place in
            _ = try train(in: place)
            let files = place.files(folder).map { place.url("\(folder)/\($0)") }
            let sound = try files.map { try Data(contentsOf: $0) }
            // One of another program, one of another key, one cut off, one of nothing, one with a bit turned.
            try Data("not ours".utf8).write(to: files[0])
            try sound[0].write(to: files[1])
            try sound[2].dropLast().write(to: files[2])
            try Data().write(to: files[3])
            var turned = sound[4]
            turned[turned.count - 1000] ^= 1
            try turned.write(to: files[4])
            #expect(try train(in: place).fromBinaries == files.count - 5)
            #expect(try train(in: place).fromBinaries == files.count, "all five were written again")
        }
    }

    @Test func aBinaryThatTheDriverRefusesIsCompiledAnew() throws {
        try Workplace.inNewFolder { place in
            let first = try train(in: place)
            let refused = try train(in: place, ["FAULT": "clCreateProgramWithBinary 1 -42"])
            #expect(refused.fromSources == first.fromSources - place.files(folder).count + 1)
        }
    }

    @Test func withoutAPlaceForTheCacheNothingIsLost() throws {
        try Workplace.inNewFolder { place in
            try place.write("in the way", to: "cache/char-rnn")
            let first = try train(in: place)
            #expect(try train(in: place) == first && first.fromBinaries == 0)
        }
    }
}
