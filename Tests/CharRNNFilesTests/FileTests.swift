import CharRNNFiles
import Foundation
import TestSupport
import Testing

@Suite("Files that are there whole or not at all")
struct AtomicFileTests {
    private struct Stop: Error {}

    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test("What is written takes the place of what was there, part by part")
    func parts() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("a.txt")
            try AtomicFile.write(Data("old".utf8), to: file)
            try AtomicFile.write(to: file) { writer in
                try writer.append(Data("____".utf8))
                try writer.append(Data(" world".utf8))
                try writer.replaceStart(with: Data("hell".utf8))
                #expect(try Data(contentsOf: file) == Data("old".utf8))
            }
            #expect(try Data(contentsOf: file) == Data("hell world".utf8))
            #expect(try names(folder) == ["a.txt"])
        }
    }

    @Test("A writer that stops leaves the old content and nothing beside it")
    func stopped() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("a.txt")
            try AtomicFile.write(Data("old".utf8), to: file)
            #expect(throws: Stop.self) {
                try AtomicFile.write(to: file) { writer in
                    try writer.append(Data("new".utf8))
                    throw Stop()
                }
            }
            #expect(try Data(contentsOf: file) == Data("old".utf8))
            #expect(try names(folder) == ["a.txt"])
        }
    }

    @Test("A folder or a pipe in the way, and a folder that is not there, are errors with the system's reason")
    func inTheWay() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.appendingPathComponent("pipe")
            try #require(mkfifo(pipe.path, 0o600) == 0)
            let reasons = [
                (folder, "Is a directory"), (pipe, "it is there and is not a plain file"),
                (folder.appendingPathComponent("no/a.txt"), "No such file or directory"),
            ]
            for (file, reason) in reasons {
                let error = FileError(action: "write", path: file.path, reason: reason)
                #expect(throws: error) { try AtomicFile.write(Data(), to: file) }
            }
            #expect(try names(folder) == ["pipe"])
        }
    }

    @Test("Of what dead writers have left, only files with the extension go, and none that is being written")
    func leftovers() throws {
        try withTemporaryFolder { folder in
            let others = [".a.txt.12.tmp", ".a.cache.tmp", "a.cache.12.tmp", ".a.cache.12.tmp.cache"]
            for name in others + [".a.cache.12.tmp"] {
                try Data().write(to: folder.appendingPathComponent(name))
            }
            try AtomicFile.write(to: folder.appendingPathComponent("b.cache")) { _ in
                AtomicFile.removeLeftovers(in: folder, extension: "cache")
                let left = try names(folder)
                #expect(left.count == others.count + 1, "\(left)")
            }
            #expect(try names(folder) == (others + ["b.cache"]).sorted())
        }
    }

    @Test("A file of the cache brings its folders along")
    func cache() throws {
        #expect(
            CacheFolder.file("program", for: Array("abc".utf8))?.path.hasSuffix("/programs/44bc2cf5ad770999.program")
                == true)
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("some/where/a.txt")
            try CacheFolder.write(Data("new".utf8), to: file)
            #expect(try Data(contentsOf: file) == Data("new".utf8))
        }
    }

    @Test("What is not absolute is no folder for caches, as the XDG rule has it")
    func cacheFolder() {
        func path(_ environment: [String: String]) -> String? { CacheFolder.folder(in: environment)?.path }
        #expect(path(["HOME": "/home/a"]) == "/home/a/.cache/char-rnn")
        #expect(path(["HOME": "/home/a", "XDG_CACHE_HOME": "/var/b"]) == "/var/b/char-rnn")
        #expect(path(["XDG_CACHE_HOME": "/var/b"]) == "/var/b/char-rnn")
        for ignored in ["", "rel", "./rel", "~/.cache"] {
            #expect(path(["HOME": "/home/a", "XDG_CACHE_HOME": ignored]) == "/home/a/.cache/char-rnn")
            #expect(path(["HOME": ignored, "XDG_CACHE_HOME": ignored]) == nil)
        }
        #expect(path([:]) == nil)
    }
}

@Suite("What the system says of files")
struct FileStatusTests {
    @Test("Kinds, sizes, links")
    func kinds() throws {
        try withTemporaryFolder { folder in
            let (file, pipe) = (folder.appendingPathComponent("file"), folder.appendingPathComponent("pipe"))
            let (link, second) = (folder.appendingPathComponent("link"), folder.appendingPathComponent("second"))
            try Data("hello".utf8).write(to: file)
            try #require(mkfifo(pipe.path, 0o600) == 0 && symlink("file", link.path) == 0)
            try FileManager.default.linkItem(at: file, to: second)
            #expect(FileStatus(file)?.kind == .file && FileStatus(file)?.size == 5)
            #expect(FileStatus(folder)?.kind == .folder && FileStatus(pipe)?.kind == .pipe)
            #expect(FileStatus(URL(fileURLWithPath: "/dev/null"))?.kind == .device)
            #expect(FileStatus(link)?.kind == .file && FileStatus(link, followsLinks: false)?.kind == .link)
            #expect(FileStatus.isSameFile(file, link) && FileStatus.isSameFile(file, second))
            #expect(!FileStatus.isSameFile(file, pipe))

            let missing = folder.appendingPathComponent("missing")
            #expect(FileStatus(missing) == nil && !FileStatus.isSameFile(missing, missing))
            #expect(contentHash(of: file) == contentHash(Data("hello".utf8)))
            #expect(contentHash(of: link) == nil && contentHash(of: folder) == nil && contentHash(of: missing) == nil)
        }
    }

    @Test("A change shows, also one that leaves the size")
    func changes() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data("hello".utf8).write(to: file)
            let before = try #require(FileStatus(file))
            #expect(FileStatus(file) == before)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file.path)
            let after = try #require(FileStatus(file))
            #expect(after != before && after.isSameFile(as: before))
            try FileManager.default.removeItem(at: file)
            try Data("hello".utf8).write(to: file)
            #expect(FileStatus(file) != before)
        }
    }

    @Test("An open file is read anywhere, until it changes")
    func openFiles() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data("hello world".utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file.path)
            let status = try #require(FileStatus(file))
            let open = try OpenFile(file)
            func text(_ range: Range<Int>, of open: OpenFile) throws -> String {
                var bytes = [UInt8](repeating: 0, count: range.count)
                try bytes.withUnsafeMutableBytes { try open.read(at: range.lowerBound, into: $0) }
                return String(decoding: bytes, as: UTF8.self)
            }
            #expect(try text(0..<5, of: open) == "hello" && text(6..<11, of: open) == "world")
            #expect(try text(11..<11, of: open) == "")
            // What has come into its place is another file.
            try Data("what else?!".utf8).write(to: file, options: .atomic)
            #expect(try text(6..<11, of: open) == "world")
            let other = try OpenFile(file, status: status)
            #expect(throws: PlainFile.Refusal.self) { try text(0..<1, of: other) }
            #expect(try text(0..<4, of: OpenFile(file)) == "what")
            let short = try OpenFile(file)
            truncate(file.path, 5)
            #expect(throws: PlainFile.Refusal.self) { try text(2..<8, of: short) }
            #expect(throws: PlainFile.Refusal.self) { try text(0..<1, of: short) }
            #expect(throws: PlainFile.Refusal.self) { try OpenFile(folder) }
        }
    }
}

@Suite("Locks")
struct FileLockTests {
    @Test("A file is locked once, says by whom, and is gone afterwards")
    func once() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("lock")
            do {
                let lock = try FileLock(file)
                #expect(lock.weakness == nil)
                lock.write("a long name")
                lock.write("process 1")
                #expect(throws: FileLock.Refusal.held(holder: "process 1")) { try FileLock(file) }
                withExtendedLifetime(lock) {}
            }
            #expect(FileStatus(file) == nil)
            _ = try FileLock(file)
            #expect(throws: FileLock.Refusal.unusable(reason: "Is a directory")) { try FileLock(folder) }
        }
    }

    @Test("Whose file was removed leaves alone the one that somebody else has locked since")
    func ofAnother() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("lock")
            var first: FileLock? = try FileLock(file)
            #expect(first?.isGone == false)
            try FileManager.default.removeItem(at: file)
            #expect(first?.isGone == true)
            let second = try FileLock(file)
            first = nil
            #expect(throws: FileLock.Refusal.held(holder: "")) { try FileLock(file) }
            withExtendedLifetime(second) {}
        }
    }
}

@Suite("JSON")
struct JSONTests {
    private struct Value: Codable, Equatable {
        var secondValue = [1.5, .infinity, -.infinity]
        var aPath = "a/b"
    }

    @Test("Keys have an order, slashes are as they are, and infinity comes back")
    func bytes() throws {
        #expect(try JSON.text(Value()) == #"{"aPath":"a/b","secondValue":[1.5,"inf","-inf"]}"#)
        #expect(try JSON.text(Value(), isSnakeCase: true) == #"{"a_path":"a/b","second_value":[1.5,"inf","-inf"]}"#)
        #expect(try JSON.text([Double.nan]) == #"["nan"]"#)
        for isPretty in [false, true] {
            #expect(try JSON.decode(Value.self, from: JSON.data(Value(), isPretty: isPretty)) == Value())
        }
        #expect(try JSON.data(Value(), isPretty: true).contains(10))
    }
}
