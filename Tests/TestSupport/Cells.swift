import OpenCLCompute

extension RecurrentCell {
    /// Those that char-rnn has, and so its files and PyTorch's modules or ours there.
    package static let charRNNs = allCases.filter { $0.torchMatrices != nil }
}
