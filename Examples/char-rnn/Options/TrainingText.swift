import CharRNN
import FoundationEssentials
import Glibc

/// The text that `--data-dir` names: a folder, a file, a file that gzip has packed, or - for standard input.
struct TrainingText {
    /// As it was typed.
    let path: String

    /// The texts of programs, which are read into memory; files need not fit there.
    private var isStream: Bool { path == "-" || path.hasSuffix(".gz") && !CheckpointChoice.isFolder(path) }

    /// What a checkpoint remembers: a whole path, so that `--resume` finds it from anywhere.
    var remembered: String { path == "-" ? path : URL(named: path).path }

    /// About how many bytes the text has; nil where that is not known before it is read.
    var byteCount: Int? {
        let place = URL(named: path)
        guard isStream else { return try? TextDataset.byteCount(of: place) }
        // The last four bytes of what gzip has packed are the size before, low byte first.
        guard path != "-", let packed = try? Data(contentsOf: place, options: .alwaysMapped) else { return nil }
        return packed.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// The text in batches; a signal breaks it off.
    ///
    /// - Throws: ``Failure``, `TextError`, and after a signal the status of a program that one has ended.
    func dataset(
        _ tokens: TokenKind, batchSize: Int, sequenceLength: Int, trainingFraction: Double, validationFraction: Double,
        split: TextSplit
    ) throws -> TextDataset {
        try Interruption.interruptible { [self] in
            guard isStream else {
                return try LongWork.telling("reading the text") { work in
                    try TextDataset(
                        contentsOf: URL(named: path), tokens: tokens, batchSize: batchSize,
                        sequenceLength: sequenceLength, trainingFraction: trainingFraction,
                        validationFraction: validationFraction, split: split
                    ) { work.advance(to: $0) }
                }
            }
            let bytes = path == "-" ? try TextInput.bytes(of: path, limit: .max) : try unpacked()
            return try TextDataset(
                bytes: Data(bytes), tokens: tokens, batchSize: batchSize, sequenceLength: sequenceLength,
                trainingFraction: trainingFraction, validationFraction: validationFraction, split: split)
        }
    }

    /// What gzip, a program that every system has, makes of the file.
    private func unpacked() throws -> [UInt8] {
        guard access(path, R_OK) == 0 else {
            throw Failure("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure("gzip: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        let words = ["gzip", "-dc", "--", path]
        let arguments = words.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let code = posix_spawnp(&process, "gzip", &actions, nil, arguments + [nil], nil)
        close(ends[1])
        defer { close(ends[0]) }
        guard code == 0 else {
            throw Failure(
                "\(path): gzip cannot be started (\(String(cString: strerror(code)))); unpack the file elsewhere")
        }
        let bytes = Result { try TextInput.bytes(of: ends[0], path, limit: .max) }
        var status: Int32 = 0
        if case .failure = bytes { kill(process, SIGTERM) }
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let found = try bytes.get()
        guard status == 0 else { throw Failure("\(path) cannot be unpacked; see what gzip says above") }
        return found
    }
}
