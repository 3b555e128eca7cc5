import FoundationEssentials

extension Train {
    /// The shortest command that continues this run from one of its checkpoints, or from the newest of its folder: what
    /// that does not bring along, the command line has to say again. That is all of it where the checkpoint may still be
    /// the one that was resumed, which knows nothing of this command line.
    func resumeCommand(_ checkpoint: String, _ ranks: Ranks) -> String {
        var words = ["char-rnn", "train", "--resume", checkpoint]
        if mpi { words = ["mpirun", "-n", "\(ranks.count)"] + words + ["--mpi"] }
        if device.usesOpenCL { words.append("--opencl") }
        if let name = device.deviceName { words += ["--device", name] }
        if let maxMinutes { words += ["--max-minutes", "\(maxMinutes)"] }
        let isOlder =
            resume.map { URL(named: $0).relativePath == checkpoint || CheckpointChoice.isFolder(checkpoint) } ?? false
        if isOlder {
            words += keptOptions
        } else if data.dataDir == ["-"] {
            words += ["--data-dir", "-"]
        }
        return words.map(shellWord).joined(separator: " ")
    }

    /// The options that a checkpoint of this command line brings along, as they were typed.
    private var keptOptions: [String] {
        func words<Value>(_ option: String, _ value: Value?) -> [String] { value.map { [option, "\($0)"] } ?? [] }
        func words(_ option: String, _ values: [String]) -> [String] { values.isEmpty ? [] : [option] + values }
        return words("--data-dir", data.dataDir) + words("--validation-text", data.validationText)
            + words("--max-epochs", maxEpochs) + words("--max-iterations", maxIterations)
            + words("--print-every", printEvery) + words("--eval-every", evalEvery)
            + words("--sample-every", sampleEvery) + words("--sample-length", sampleLength)
            + words("--checkpoint-every", checkpointEvery?.option) + words("--keep-last", keepLast)
            + (keepBest ? ["--keep-best"] : []) + words("--checkpoint-dir", checkpointDir) + words("--label", label)
            + words("--tensorboard", tensorboard)
    }
}
