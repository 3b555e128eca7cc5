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
