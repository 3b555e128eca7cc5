import CharRNN
import FoundationEssentials
import Glibc

/// A text as the command line names it: files, folders and patterns of files, one after the other, or - for standard input.
struct TrainingText {
    /// As they were typed.
    let names: [String]

    init(_ names: [String]) { self.names = names }

    var isStandardInput: Bool { names == ["-"] }

    /// What messages call it.
    var name: String { names[0] + (names.count > 1 ? " and \(names.count - 1) more" : "") }

    // MARK: What a checkpoint remembers

    /// The text that is remembered under `key`; nil where there is none.
    init?(remembered options: [String: String], as key: String) {
        var names: [String] = []
        while let name = options[Self.key(key, names.count)] { names.append(name) }
        guard !names.isEmpty else { return nil }
        self.names = names
    }

    /// Writes down whole paths, so that `--resume` finds them from anywhere.
    func remember(as key: String, in options: inout [String: String]) {
        options = options.filter { !$0.key.hasPrefix("\(key)-") }
        for (index, name) in names.enumerated() {
            options[Self.key(key, index)] = isStandardInput ? name : URL(named: name).path
        }
    }

    /// Of several the second is remembered as `data-dir-2`, and so on.
    private static func key(_ key: String, _ index: Int) -> String { index == 0 ? key : "\(key)-\(index + 1)" }

    // MARK: Reading

    /// Whether there is something under each name.
    var isThere: Bool { isStandardInput || names.allSatisfy { access(FileName.cString($0), F_OK) == 0 } }

    /// About how many bytes the text has; nil where that is not known before it is read.
    var byteCount: Int? { isStandardInput ? nil : try? TextDataset.byteCount(of: files()) }

    /// The text in batches; a signal breaks it off.
    ///
    /// - Throws: ``Failure``, `TextError`, and after a signal the status of a program that one has ended.
    func dataset(
        _ tokens: TokenKind, batchSize: Int, sequenceLength: Int, trainingFraction: Double, validationFraction: Double,
        split: TextSplit
    ) throws -> TextDataset {
        try Interruption.interruptible { [self] in
            try LongWork.telling("reading the text") { work in
                guard !isStandardInput else {
                    return try TextDataset(
                        bytes: Data(TextInput.bytes(of: "-", limit: .max, telling: work)), tokens: tokens,
                        batchSize: batchSize, sequenceLength: sequenceLength, trainingFraction: trainingFraction,
                        validationFraction: validationFraction, split: split
                    ) { work.advance(to: $0) }
                }
                return try TextDataset(
                    contentsOf: files(), tokens: tokens, batchSize: batchSize, sequenceLength: sequenceLength,
                    trainingFraction: trainingFraction, validationFraction: validationFraction, split: split
                ) { work.advance(to: $0) }
            }
        }
    }

    /// The names, with what patterns fit in their place.
    private func files() throws -> [URL] {
        try names.flatMap { name in
            guard name.contains(where: "*?[".contains), access(FileName.cString(name), F_OK) != 0 else {
                return [URL(named: name)]
            }
            let found = Self.paths(fitting: name)
            guard !found.isEmpty else { throw Failure("no file fits the pattern \(name)") }
            return found.map { URL(named: $0) }
        }
    }

    /// In the order of their bytes; caches are no texts.
    private static func paths(fitting pattern: String) -> [String] {
        // To glob(3) a ? is a character of the locale, which without one is a byte.
        let utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
        let previous = uselocale(utf8)
        defer {
            uselocale(previous)
            if let utf8 { freelocale(utf8) }
        }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(FileName.cString(pattern), GLOB_NOSORT, nil, &found) == 0 else { return [] }
        let paths = (0..<Int(found.gl_pathc)).map { FileName.string(found.gl_pathv[$0]!) }
        return FileName.sorted(paths.filter { !$0.hasSuffix(".cache") })
    }
}
