import OpenCLCompute

extension RecurrentCell {
    /// Those that char-rnn has, and so its files.
    package static let charRNNs = allCases.filter { $0.torchMatrices != nil }
}
