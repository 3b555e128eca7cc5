import CharRNN

// What `train` does otherwise among the ranks of `mpirun`.
extension Train {
    func validateMPI() throws {
        guard mpi else { return }
        try require(
            data.dataDir != ["-"], "--data-dir -: ranks of --mpi have no standard input; save the text as a file.")
        try require(!dryRun, "--dry-run tries a single process; leave out --mpi.")
        try require(
            recipe == nil || recipe == .charRNN,
            "--recipe measures a single machine; see what it chooses with --dry-run, and type that beside --mpi.")
    }

    /// What all ranks must have the same of, in the order in which a difference is told.
    func facts(_ texts: TrainingTexts, resuming checkpoint: Checkpoint?) -> [(name: String, value: String)] {
        let text = checkpoint.map { self.text(resuming: $0) } ?? self.text
        var facts = [
            ("version", Version.description), ("command line", Self.words),
            ("byte order", 1.littleEndian == 1 ? "little-endian" : "big-endian"),
            ("text", TrainingTexts.description(text.name, texts.dataset)),
        ]
        if let validation = texts.validation {
            let name = validationText(resuming: checkpoint)!.name
            facts.append(("text to validate on", TrainingTexts.description(name, validation)))
        }
        if let checkpoint, let resume {
            let loss = checkpoint.losses.last.map { ", loss \($0)" } ?? ""
            facts.append(("checkpoint", "\(resume) of iteration \(checkpoint.iteration)\(loss)"))
        }
        return facts
    }

    /// As it was typed, without what each rank may have for itself.
    private static var words: String {
        var words = FileName.arguments
        while let place = words.firstIndex(where: { ["--device", "-device"].contains($0) }) {
            words.removeSubrange(place..<min(place + 2, words.count))
        }
        return words.filter { $0 != "--opencl" && !$0.hasPrefix("--device=") }.map(shellWord).joined(separator: " ")
    }

    /// What to do when not all ranks come to the end; nil where there is only one.
    func adviceForFailures(of run: TrainingRun, _ ranks: Ranks) -> String? {
        guard ranks.count > 1 else { return nil }
        return "when a rank or a machine fails, all ranks end; go on from the newest checkpoint with: "
            + resumeCommand(run.options.folder.relativePath, ranks)
    }
}
