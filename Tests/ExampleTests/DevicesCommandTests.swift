import CharRNN
import Foundation
import TestSupport
import Testing

/// What a user runs first.
@Suite struct DevicesCommandTests {
    private let smallModel = ["--hidden-size", "8", "--layers", "1", "--batch-size", "4", "--sequence-length", "5"]

    @Test func devicesAreListedByTheNamesThatOptionsTake() throws {
        try Workplace.inNewFolder { place in
            let lines = try place.succeed(["devices"]).text.split(separator: "\n")
            let names = lines.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != " " } }
            #expect(names == Device.available.map { "\($0.id):" })
        }
    }

    @Test func aProcessBoundToOneCoreHasOneThread() throws {
        try Workplace.inNewFolder { place in
            let taskset = try CommandLineTool.inPath("taskset")
            let command = ["-c", "0", CommandLineTool.charRNN.executable.path, "devices"]
            let outcome = try taskset.run(command, in: place.folder)
            #expect(outcome.status == 0 && outcome.text.contains(" 1 thread\n"), "\(outcome.text)\(outcome.errors)")
        }
    }

    private static let onlyPoCL = {
        let devices = Device.available.filter(\.isOpenCL)
        return !devices.isEmpty && devices.allSatisfy { $0.platform == "Portable Computing Language" }
    }()

    @Test(.enabled(if: onlyPoCL, "PoCL is not the only driver"))
    func whereOnlyTheCacheIsLackingNothingIsToBeInstalled() throws {
        try Workplace.inNewFolder { place in
            try place.write("in the way", to: "file")
            // An empty POCL_CACHE_DIR ends PoCL 3.1, so it can only be set.
            let isSet = ProcessInfo.processInfo.environment["POCL_CACHE_DIR"] != nil
            for name in ["POCL_CACHE_DIR"] + (isSet ? [] : ["XDG_CACHE_HOME"]) {
                var environment = ["HOME": "/proc/nobody"]
                let folder = place.url("file/folder").path
                environment[name] = folder
                let outcome = try CommandLineTool.charRNN.run(["devices"], in: place.folder, environment: environment)
                #expect(outcome.status == 0)
                #expect(outcome.errors.contains("cannot write into \(folder)"), "\(outcome.errors)")
                #expect(outcome.errors.contains("set POCL_CACHE_DIR") && !outcome.errors.contains("install"))
            }
        }
    }

    @Test(.enabled(if: onlyPoCL, "PoCL is not the only driver"))
    func aCacheThatMayOnlyBeReadIsNamedOnce() throws {
        try Workplace.inNewFolder { place in
            let cache = place.url("kcache")
            try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: cache.path)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.folder.path)
            let tool = try CommandLineTool.charRNN.asOrdinaryUser(in: place.folder)
            let outcome = try tool.run(
                ["devices", "--check", "--quick"], in: place.folder,
                environment: ["POCL_CACHE_DIR": cache.path, "XDG_CACHE_HOME": "", "HOME": ""])
            let failures = outcome.text.split(separator: "\n").filter { $0.hasPrefix("  FAIL  ") }
            #expect(outcome.status == 1 && failures.count == 1, "\(outcome.text)\(outcome.errors)")
            #expect(failures.first?.contains("cannot write into \(cache.path): Permission denied") == true)
        }
    }

    @Test(.enabled(if: !OpenCLFaults.devices.isEmpty))
    func aCompilerThatBuildsNothingIsNamedOnceAndLeavesNothingBehind() throws {
        try Workplace.inNewFolder { place in
            try FileManager.default.createDirectory(at: place.url("tmp"), withIntermediateDirectories: true)
            let (outcome, _) = try OpenCLFaults.run(
                ["devices", "--check", "--quick"], in: place, ["FAULT": "clBuildProgram 1+ -11"],
                environment: ["TMPDIR": place.url("tmp").path])
            let failures = outcome.text.split(separator: "\n").filter { $0.hasPrefix("  FAIL  ") }
            #expect(outcome.status == 1 && failures.count == OpenCLFaults.devices.count, "\(outcome.text)")
            #expect(failures.allSatisfy { $0.hasPrefix("  FAIL  compile: ") && $0.contains("not even an empty one") })
            #expect(place.files("tmp").filter { $0.hasSuffix(".cl") }.isEmpty)
        }
    }

    @Test func nothingIsWrittenBelowARelativeCacheFolder() throws {
        try Workplace.inNewFolder { place in
            for (name, home) in [("XDG_CACHE_HOME", place.url("home").path), ("HOME", "relative")] {
                var environment = ["POCL_CACHE_DIR": "", "XDG_CACHE_HOME": "", "HOME": home]
                environment[name] = "relative"
                let outcome = try CommandLineTool.charRNN.run(
                    ["devices", "--check", "--quick"], in: place.folder, environment: environment)
                #expect(outcome.status == 0, "\(outcome.text)\(outcome.errors)")
                #expect(place.files("relative").isEmpty, "\(name)")
            }
        }
    }

    @Test func theCheckTellsErrorsSpeedsAndWhichDeviceToUse() throws {
        try Workplace.inNewFolder { place in
            let text = try place.succeed(["devices", "--check"] + smallModel).text
            let lines = text.split(separator: "\n")
            #expect(!text.contains("FAIL") && !text.contains("0.0 us") && !text.contains("0.0e+00"), "\(text)")
            #expect(lines.count { $0.hasPrefix("  pass  ") } >= 10 * Device.available.count)
            for figure in ["memory", "launch", "products", "training"] {
                #expect(lines.count { $0.hasPrefix("  \(figure)") } == Device.available.count, "\(figure) in \(text)")
            }
            #expect(text.contains("products  4x32x8 "), "the shapes are the model's")
            let verdicts = lines.filter { $0.hasPrefix("  verdict: ") }
            #expect(verdicts.count == Device.available.count - 1)
            #expect(verdicts.allSatisfy { $0.contains("your CPU") }, "\(verdicts)")
            #expect(lines.allSatisfy { $0.count <= 100 }, "\(lines.filter { $0.count > 100 })")
        }
    }

    @Test func theQuickCheckIsMadeForPrograms() throws {
        try Workplace.inNewFolder { place in
            let lines = try place.succeed(["devices", "--check", "--quick", "--json"]).text.split(separator: "\n")
            #expect(lines.count == Device.available.count)
            for (line, device) in zip(lines, Device.available) {
                let report = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                #expect(report["device"] as? String == device.id)
                #expect(report["speed"] == nil && report["verdict"] == nil)
                let operations = try #require(report["operations"] as? [[String: Any]])
                #expect(operations.count > 10)
                #expect(operations.allSatisfy { ($0["worst_error"] as? Double).map { $0 <= 1e-4 } == true })
            }
        }
    }
}
