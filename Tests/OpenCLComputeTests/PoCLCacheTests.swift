import Foundation
import OpenCLCompute
import TestSupport
import Testing

@Suite("The folder without which PoCL computes nothing")
struct PoCLCacheTests {
    private static let platform = "Portable Computing Language"

    @Test("It is found as PoCL finds it")
    func path() {
        #expect(PoCLCache(in: ["POCL_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"]).path == "/a")
        #expect(PoCLCache(in: ["POCL_CACHE_DIR": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"]).path == "/b/pocl/kcache")
        #expect(PoCLCache(in: ["XDG_CACHE_HOME": "", "HOME": "/c"]).path == "/c/.cache/pocl/kcache")
        #expect(PoCLCache(in: [:]).path == "/tmp/pocl/kcache")
    }

    @Test("A relative folder is none, and PoCL is told which to take")
    func relative() {
        for (environment, path) in [
            (["XDG_CACHE_HOME": "rel", "HOME": "/c"], "/c/.cache/pocl/kcache"),
            (["XDG_CACHE_HOME": "rel", "HOME": "rel"], "/tmp/pocl/kcache"),
            (["HOME": "rel"], "/tmp/pocl/kcache"), (["HOME": ""], "/tmp/pocl/kcache"),
        ] {
            let cache = PoCLCache(in: environment)
            #expect(cache.path == path && cache.isOurs, "\(environment)")
        }
        for environment in [["POCL_CACHE_DIR": "rel", "HOME": "rel"], ["XDG_CACHE_HOME": "/b", "HOME": "rel"], [:]] {
            #expect(!PoCLCache(in: environment).isOurs, "\(environment)")
        }
    }

    @Test("What ails it is said, and of PoCL alone")
    func defect() throws {
        try withTemporaryFolder { folder in
            #expect(PoCLCache(in: ["HOME": folder.path]).defect(ofPlatform: Self.platform) == nil)
            let file = folder.appendingPathComponent("in the way")
            try Data().write(to: file)
            let broken = PoCLCache(in: ["XDG_CACHE_HOME": file.path])
            #expect(broken.defect(ofPlatform: "Clover") == nil)
            #expect(
                broken.defect(ofPlatform: Self.platform)
                    == .unwritableCache(path: "\(file.path)/pocl/kcache", reason: "Not a directory"))
        }
    }
}
