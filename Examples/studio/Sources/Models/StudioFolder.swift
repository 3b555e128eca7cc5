import CharRNN
import FoundationEssentials
import Glibc
import Hummingbird

/// The folder that is served: its checkpoints, the histories of its runs, and those of the folders within it. Names are paths
/// from there on. No link is followed, so that nothing outside is reached.
struct StudioFolder: Sendable {
    let path: String

    /// A file, or a folder with a history.
    struct Item: Encodable, Equatable, Sendable {
        let name: String
        /// Of the checkpoint or of the history.
        let bytes: Int
        /// In seconds since 1970.
        let modified: Double
        /// Of a history, whether a run has its folder; nil of a checkpoint.
        let isRunning: Bool?

        private enum CodingKeys: String, CodingKey {
            case name, bytes, modified
            case isRunning = "is_running"
        }
    }

    /// How many folders deep, and how many items, are looked at.
    private static let depth = 5
    private static let items = 20_000

    var isThere: Bool {
        var status = stat()
        return stat(FileName.cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    // MARK: What there is

    /// The checkpoints, those written last first.
    func models() -> [Item] {
        walk { isModel($0.name) ? Item(name: $0.path, $0.status, isRunning: nil) : nil }
            .sorted { $0.modified > $1.modified }
    }

    /// The folders with a history, those written last first; the served folder itself is ".".
    func runs() -> [Item] {
        walk { entry in
            guard entry.name == TrainingHistory.fileName else { return nil }
            let folder = entry.path.dropLast(TrainingHistory.fileName.count + 1)
            let name = folder.isEmpty ? "." : String(folder)
            // Locking it would tell more, and keep a run from beginning at that moment.
            let isRunning = Self.status("\(path)/\(name)/\(TrainingRun.lockName)") != nil
            return Item(name: name, entry.status, isRunning: isRunning)
        }
        .sorted { $0.modified > $1.modified }
    }

    private struct Entry {
        let name, path: String
        let status: stat
    }

    private func isModel(_ name: String) -> Bool { name.hasSuffix(".safetensors") || name.hasSuffix(".t7") }

    /// The regular files, of all of which something is made or nothing.
    private func walk(_ make: (Entry) -> Item?) -> [Item] {
        var found: [Item] = []
        var rest = Self.items
        func look(into folder: String, depth: Int) {
            let names = (try? FileName.all(in: URL(fileURLWithPath: "\(path)/\(folder)"))) ?? []
            for name in names.sorted() where !name.hasPrefix(".") {
                rest -= 1
                guard rest > 0 else { return }
                let place = folder.isEmpty ? name : "\(folder)/\(name)"
                guard let status = Self.status("\(path)/\(place)") else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR where depth < Self.depth: look(into: place, depth: depth + 1)
                case S_IFREG: if let item = make(Entry(name: name, path: place, status: status)) { found.append(item) }
                default: break
                }
            }
        }
        look(into: "", depth: 0)
        return found
    }

    // MARK: What is asked for by name

    /// The path of a checkpoint, and what tells it from another that takes its name later.
    ///
    /// - Throws: ``Refusal`` when there is none.
    func model(_ name: String) throws -> (path: String, stamp: Stamp) {
        guard isModel(name), let status = file(name) else {
            throw Refusal(
                .notFound, "the model \(name.prefix(200))", "there is none of that name; GET /models lists them")
        }
        return ("\(path)/\(name)", Stamp(status))
    }

    /// The path of the history of a folder.
    ///
    /// - Throws: ``Refusal`` when there is none.
    func history(of folder: String) throws -> String {
        let name = folder == "." ? TrainingHistory.fileName : "\(folder)/\(TrainingHistory.fileName)"
        guard file(name) != nil else {
            throw Refusal(
                .notFound, "the run \(folder.prefix(200))", "there is none of that name; GET /runs lists them")
        }
        return "\(path)/\(name)"
    }

    struct Stamp: Equatable {
        private let inode: UInt64
        private let size: Int
        private let seconds, nanoseconds: Int

        init(_ status: stat) {
            (inode, size) = (UInt64(status.st_ino), Int(status.st_size))
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
    }

    /// The regular file at a path of ordinary names, without a link on the way.
    private func file(_ name: String) -> stat? {
        guard !name.utf8.contains(0), name.utf8.count < 4096 else { return nil }
        var place = path
        var status: stat?
        for part in name.split(separator: "/", omittingEmptySubsequences: false) {
            // Neither the folder above nor what is hidden; and an empty name would begin a path anew.
            guard !part.isEmpty, !part.hasPrefix(".") else { return nil }
            place += "/\(part)"
            status = Self.status(place)
            guard let kind = status.map({ $0.st_mode & S_IFMT }), kind == S_IFDIR || kind == S_IFREG else { return nil }
        }
        return status.flatMap { $0.st_mode & S_IFMT == S_IFREG ? $0 : nil }
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(FileName.cString(path), &status) == 0 ? status : nil
    }
}

extension StudioFolder.Item {
    fileprivate init(name: String, _ status: stat, isRunning: Bool?) {
        self.name = name
        self.isRunning = isRunning
        bytes = Int(status.st_size)
        modified = Double(status.st_mtim.tv_sec)
    }
}
