import ArgumentParser

extension Train {
    /// The command that continues this run from one of its checkpoints: what that does not bring along, the command line
    /// has to say again.
    func resumeCommand(_ checkpoint: String) -> String {
        var words = ["char-rnn", "train", "--resume", checkpoint]
        guard let usual = try? Train.parse([]) else { return words.joined(separator: " ") }
        func add(_ option: String, _ value: String?, unless usual: String?) {
            if let value, value != usual { words += [option, value] }
        }
        if device.usesOpenCL { words.append("--opencl") }
        add("--device", device.deviceName, unless: nil)
        add("--max-epochs", "\(maxEpochs)", unless: "\(usual.maxEpochs)")
        add("--max-iterations", maxIterations.map { "\($0)" }, unless: nil)
        add("--print-every", "\(printEvery)", unless: "\(usual.printEvery)")
        add("--eval-every", "\(evalEvery)", unless: "\(usual.evalEvery)")
        add("--checkpoint-every", checkpointEvery?.description, unless: nil)
        add("--keep-last", keepLast.map { "\($0)" }, unless: nil)
        if keepBest { words.append("--keep-best") }
        add("--checkpoint-dir", checkpointDir, unless: usual.checkpointDir)
        add("--label", label, unless: usual.label)
        return words.map(Self.quoted).joined(separator: " ")
    }

    /// As a shell takes it for one word.
    private static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:,+".contains($0)) }
        return isPlain
            ? word : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    }
}
