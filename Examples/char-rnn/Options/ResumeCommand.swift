extension Train {
    /// The command that continues this run from one of its checkpoints: what that does not bring along, the command line
    /// has to say again.
    func resumeCommand(_ checkpoint: String, _ ranks: Ranks) -> String {
        var words = ["char-rnn", "train", "--resume", checkpoint]
        if mpi { words = ["mpirun", "-n", "\(ranks.count)"] + words + ["--mpi"] }
        func add(_ option: String, _ value: String?) {
            if let value { words += [option, value] }
        }
        if device.usesOpenCL { words.append("--opencl") }
        add("--device", device.deviceName)
        if data.dataDir == ["-"] { add("--data-dir", "-") }
        add("--max-epochs", maxEpochs.map { "\($0)" })
        add("--max-iterations", maxIterations.map { "\($0)" })
        add("--max-minutes", maxMinutes.map { "\($0)" })
        add("--print-every", printEvery.map { "\($0)" })
        add("--eval-every", evalEvery.map { "\($0)" })
        add("--sample-every", sampleEvery.map { "\($0)" })
        add("--sample-length", sampleLength.map { "\($0)" })
        add("--checkpoint-every", checkpointEvery?.option)
        add("--keep-last", keepLast.map { "\($0)" })
        if keepBest { words.append("--keep-best") }
        add("--checkpoint-dir", checkpointDir)
        add("--label", label)
        add("--tensorboard", tensorboard)
        return words.map(shellWord).joined(separator: " ")
    }
}
