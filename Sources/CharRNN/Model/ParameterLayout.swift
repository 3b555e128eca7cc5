import OpenCLCompute

/// Where each parameter lies in the one buffer that holds them all, and what files call it.
///
/// On a device weights are stored so that y = x·W, inputs × outputs. Files have PyTorch's names and its layout,
/// outputs × inputs; the gates are in the same order in both.
struct ParameterLayout: Sendable {
    struct Entry: Sendable {
        let name: String
        /// On the device: rows and columns; a bias is one row.
        let rows: Int
        let columns: Int
        let isBias: Bool
        let range: Range<Int>

        /// The shape in files.
        var shape: [Int] { isBias ? [columns] : [columns, rows] }
    }

    let entries: [Entry]
    let count: Int
    let layerCount: Int

    init(cell: RecurrentCell, vocabularySize: Int, hiddenSize: Int, layerCount: Int) {
        var entries: [Entry] = []
        var count = 0
        func add(_ name: String, _ rows: Int, _ columns: Int, isBias: Bool = false) {
            entries.append(
                Entry(
                    name: name, rows: rows, columns: columns, isBias: isBias, range: count..<count + rows * columns))
            count += rows * columns
        }
        let width = cell.gateCount * hiddenSize
        for layer in 0..<layerCount {
            add("rnn.weight_ih_l\(layer)", layer == 0 ? vocabularySize : hiddenSize, width)
            add("rnn.weight_hh_l\(layer)", hiddenSize, width)
            add("rnn.bias_ih_l\(layer)", 1, width, isBias: true)
            add("rnn.bias_hh_l\(layer)", 1, width, isBias: true)
        }
        add("decoder.weight", hiddenSize, vocabularySize)
        add("decoder.bias", 1, vocabularySize, isBias: true)
        self.entries = entries
        self.count = count
        self.layerCount = layerCount
    }

    /// The elements of a buffer in this layout, as tensors for a file.
    func tensors(from values: [Float]) -> [Tensor] {
        entries.map { entry in
            let stored = values[entry.range]
            return Tensor(
                name: entry.name, shape: entry.shape,
                values: entry.isBias ? Array(stored) : transpose(stored, rows: entry.rows, columns: entry.columns))
        }
    }

    /// The inverse of ``tensors(from:)``.
    ///
    /// - Throws: ``CheckpointError`` for a tensor that is missing or of another shape.
    func values(from tensors: NamedTensors, prefix: String = "") throws -> [Float] {
        // All are looked at first: a file without the numbers must not make us reserve room for them.
        let found = try entries.map { try tensors.values(prefix + $0.name, shape: $0.shape) }
        var values = [Float](repeating: 0, count: count)
        for (entry, stored) in zip(entries, found) {
            values.replaceSubrange(
                entry.range,
                with: entry.isBias ? stored : transpose(stored[...], rows: entry.columns, columns: entry.rows))
        }
        return values
    }

    private func transpose(_ matrix: ArraySlice<Float>, rows: Int, columns: Int) -> [Float] {
        let start = matrix.startIndex
        return [Float](unsafeUninitializedCapacity: rows * columns) { result, count in
            for j in 0..<columns {
                for i in 0..<rows { result[j * rows + i] = matrix[start + i * columns + j] }
            }
            count = rows * columns
        }
    }
}

/// A buffer in the layout of the parameters: the parameters themselves, their gradients or an optimizer's moments.
struct Parameters: Sendable {
    let layout: ParameterLayout
    let buffer: Buffer<Float>

    /// All zero.
    init(_ layout: ParameterLayout, on backend: any Backend) throws {
        self.layout = layout
        buffer = try backend.makeBuffer(of: Float.self, count: layout.count)
    }

    /// W of layer `layer`: V or H × G·H.
    func inputWeights(_ layer: Int) -> Matrix { matrix(4 * layer) }
    /// U and the biases of layer `layer`.
    func recurrentWeights(_ layer: Int) -> RecurrentWeights {
        RecurrentWeights(
            recurrent: matrix(4 * layer + 1), inputBias: matrix(4 * layer + 2).elements,
            recurrentBias: matrix(4 * layer + 3).elements)
    }
    /// H × V
    var decoderWeights: Matrix { matrix(4 * layout.layerCount) }
    /// V
    var decoderBias: Buffer<Float> { matrix(4 * layout.layerCount + 1).elements }

    private func matrix(_ index: Int) -> Matrix {
        let entry = layout.entries[index]
        return Matrix(buffer[entry.range], rows: entry.rows, columns: entry.columns)
    }
}
