import CharRNNFiles
import OpenCLCompute

extension LanguageModel {
    /// What a model is before it has learned anything; the defaults are char-rnn's. Sizes below 1 and a dropout outside
    /// [0, 1) are programmer errors, at the latest where they are used.
    public struct Configuration: Codable, Hashable, Sendable {
        /// The kind of layer.
        public var cell: RecurrentCell
        /// V tokens, which the model reads and predicts.
        public var vocabulary: Vocabulary
        /// H, the units of each layer.
        public var hiddenSize: Int
        /// L
        public var layerCount: Int
        /// The probability of dropping a unit in training: 0 ≤ p < 1.
        public var dropout: Float
        /// D, the numbers that stand for a token where it enters the first layer; nil, as in char-rnn, for one-hot tokens.
        public var embeddingSize: Int?

        /// A model of these sizes, char-rnn's but for what is given. Sizes with which there is no model are programmer errors.
        public init(
            cell: RecurrentCell = .lstm, vocabulary: Vocabulary, hiddenSize: Int = 128, layerCount: Int = 2,
            dropout: Float = 0, embeddingSize: Int? = nil
        ) {
            self.cell = cell
            self.vocabulary = vocabulary
            self.hiddenSize = hiddenSize
            self.layerCount = layerCount
            self.dropout = dropout
            self.embeddingSize = embeddingSize
            check()
        }

        /// Ends the program where no model can be so. The variables may have been set to anything since ``init``, or been
        /// decoded.
        func check() {
            precondition(
                hiddenSize > 0 && layerCount > 0 && vocabulary.count > 0,
                "a model of \(layerCount) layers of \(hiddenSize) units over \(vocabulary.count) tokens")
            precondition(dropout >= 0 && dropout < 1, "dropout \(dropout) is not in [0, 1)")
            precondition(embeddingSize ?? 1 > 0, "an embedding of \(embeddingSize ?? 0) numbers")
        }

        /// The number of parameters, whatever the sizes: nothing overflows.
        var parameterEstimate: Double {
            let (h, v, l) = (Double(hiddenSize), Double(vocabulary.count), Double(layerCount))
            let (width, inputWidth) = (Double(cell.gateCount) * h, Double(cell.inputGates.count) * h)
            let recurrent = Double(cell.recurrentMatrixCount) * h * h + (cell.hasRecurrentProduct ? 2 : 1) * width
            let embedding = embeddingSize.map(Double.init)
            let input = ((embedding ?? v) + (l - 1) * h) * inputWidth
            return (embedding ?? 0) * v + input + l * recurrent + (h + 1) * v
        }

        /// The parameters' layout, once it is sure that they are not too many for `device`, for the host or for a number.
        ///
        /// - Throws: `DeviceError/outOfMemory(requestedBytes:limitBytes:memoryBytes:device:)`.
        func layout(fitting device: Device) throws -> ParameterLayout {
            check()
            // On their way to the CPU device they lie in the same memory a second time.
            let bytes = (device.kind == .cpu ? 8 : 4) * parameterEstimate
            guard bytes <= Double(device.memoryBytes) else {
                throw DeviceError.outOfMemory(
                    requestedBytes: Int(min(bytes, 0x1p62)), limitBytes: Int(device.memoryBytes),
                    memoryBytes: Int(device.memoryBytes), device: device.description)
            }
            try HostMemory.require(Int(4 * parameterEstimate))
            return layout
        }

        var layout: ParameterLayout {
            check()
            return ParameterLayout(
                cell: cell, vocabularySize: vocabulary.count, embeddingSize: embeddingSize, hiddenSize: hiddenSize,
                layerCount: layerCount)
        }
    }
}
