import CharRNNFiles
import FoundationEssentials
import Glibc

/// The folder of a run, which it has for itself: two runs would mix their histories and write each other's checkpoints.
final class RunFolder {
    let url: URL
    let history: HistoryWriter
    private var lock: FileLock?
    private let label: String
    private let lastEpoch: Double

    /// Makes the folder where it is not there, claims it, clears away what killed runs have left, and tries the longest
    /// name that the run may need.
    ///
    /// - Parameters:
    ///   - start: the first line of the run's history.
    ///   - resumed: the checkpoint from which the run goes on.
    /// - Throws: ``TrainingRunError``, `FileError`.
    init(_ url: URL, label: String, lastEpoch: Double, start: TrainingHistory.Line, resumed: URL?) throws {
        self.url = url
        self.label = label
        self.lastEpoch = lastEpoch
        lock = try Self.open(url, label, lastEpoch)
        let isHere = resumed.map { FileStatus.isSameFile($0.deletingLastPathComponent(), url) } ?? false
        // With a letter, so that nobody takes it for a number.
        let run = "r" + String(UInt32.random(in: .min ... .max), radix: 16)
        history = try HistoryWriter(
            in: url, run: run, start: start, resumed: isHere ? resumed?.lastPathComponent : nil)
        Checkpoint.removeLeftovers(in: url)
        HistoryWriter.removeLeftovers(in: url)
    }

    /// Why others are not kept away, where that is so.
    var lockWarning: TrainingEvent.Warning? {
        lock?.weakness.map { .folderNotLocked(url, reason: $0) }
    }

    /// Makes the folder, and the run's lock and history in it, again when somebody has removed them.
    ///
    /// - Returns: whether one of them was made again.
    /// - Throws: as the initialiser, but nothing of the history, which keeps no checkpoint out: its next line tells.
    func makeAgainIfGone() throws -> Bool {
        // Without a lock the folder was made again once, and somebody else has it.
        let isUnlocked = lock?.isGone ?? true
        if isUnlocked {
            lock = nil
            lock = try Self.open(url, label, lastEpoch)
        }
        let hasNewHistory = (try? history.beginAgainIfGone()) ?? false
        return isUnlocked || hasNewHistory
    }

    /// Lets other runs have the folder.
    func giveBack() { lock = nil }

    private static func open(_ url: URL, _ label: String, _ lastEpoch: Double) throws -> FileLock {
        do { try Folder.make(url) } catch {
            throw TrainingRunError.cannotMakeFolder(path: url.relativePath, reason: error.reason)
        }
        let lock: FileLock
        do throws(FileLock.Refusal) { lock = try FileLock(url.appendingPathComponent(TrainingRun.lockName)) } catch {
            switch error {
            case .held(let holder): throw TrainingRunError.folderInUse(path: url.relativePath, holder: holder)
            case .unusable(let reason):
                throw TrainingRunError.cannotWrite(path: url.relativePath, reason: reason)
            }
        }
        lock.write("process \(getpid()) on \(Host.name), since \(Date.now.formatted(.iso8601))")
        try tryName(label, lastEpoch, in: url)
        return lock
    }

    /// A name that is too long would be found out by the first checkpoint, after all the work for it. A checkpoint is
    /// written under a longer name at first (see `AtomicFile`).
    private static func tryName(_ label: String, _ lastEpoch: Double, in folder: URL) throws {
        let longest = Checkpoint.fileName(label: label, epoch: lastEpoch, validationLoss: 99_999)
        let name = ".\(longest).\(UInt64.max).tmp"
        let path = folder.appendingPathComponent(name).systemPath
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        let code = errno
        if descriptor >= 0 {
            close(descriptor)
            unlink(path)
        } else if code == ENAMETOOLONG {
            let bytes = FileName.bytes(label).count
            let room = pathconf(folder.systemPath, Int32(_PC_NAME_MAX)) - FileName.bytes(name).count + bytes
            throw TrainingRunError.labelTooLong(label, bytes: bytes, limit: max(0, room))
        }
    }
}
