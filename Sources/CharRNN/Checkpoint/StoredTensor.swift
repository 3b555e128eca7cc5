import FoundationEssentials

/// A tensor of a file that is read or written, whose numbers are put in order when it is their turn: of a large model there is
/// not room for all of them twice.
struct StoredTensor {
    let name: String
    let shape: [Int]
    private let numbers: Numbers

    private enum Numbers {
        case values([Float])
        /// As they lie in a file.
        case bytes(Data, NumberFormat)
        /// Some of these, which are a matrix of rows × columns, the other way round.
        case transposed([Float], Range<Int>, rows: Int, columns: Int)
    }

    init(_ tensor: Tensor) {
        (name, shape, numbers) = (tensor.name, tensor.shape, .values(tensor.values))
    }

    /// Numbers of a format in which none is too large for 32 bits.
    init(name: String, shape: [Int], bytes: Data, format: NumberFormat) {
        (self.name, self.shape, numbers) = (name, shape, .bytes(bytes, format))
    }

    /// A parameter, out of all of them as devices have them.
    init(_ entry: ParameterLayout.Entry, of values: [Float], prefix: String = "") {
        name = prefix + entry.name
        shape = entry.shape
        numbers =
            entry.isBias
            ? .values(Array(values[entry.range]))
            : .transposed(values, entry.range, rows: entry.rows, columns: entry.columns)
    }

    var count: Int { shape.reduce(1, *) }

    var values: [Float] {
        switch numbers {
        case .values(let values): values
        case .bytes(let bytes, let format): format.values(bytes)!
        case .transposed(let values, let range, let rows, let columns):
            [Float](unsafeUninitializedCapacity: range.count) { result, count in
                values.withUnsafeBufferPointer {
                    transpose($0.extracting(range), rows: rows, columns: columns, into: result)
                }
                count = range.count
            }
        }
    }

    /// The values where they lie, if they lie there as the processor has them.
    func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        guard case .bytes(let bytes, .float32) = numbers else { return try values.withUnsafeBufferPointer(body) }
        return try bytes.withUnsafeBytes { bytes in
            guard UInt(bitPattern: bytes.baseAddress) % 4 == 0 else { return try values.withUnsafeBufferPointer(body) }
            return try body(bytes.assumingMemoryBound(to: Float.self))
        }
    }
}

/// The tensors of a file by their names.
struct NamedTensors {
    /// The file, for errors.
    let path: String
    private let tensors: [String: StoredTensor]

    init(_ tensors: [StoredTensor], path: String) {
        self.path = path
        self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    }

    /// - Throws: ``CheckpointError/missing(path:tensor:)``, ``CheckpointError/shape(path:tensor:found:expected:)``.
    func tensor(_ name: String, shape: [Int]) throws -> StoredTensor {
        guard let tensor = tensors[name] else { throw CheckpointError.missing(path: path, tensor: name) }
        guard tensor.shape == shape else {
            throw CheckpointError.shape(path: path, tensor: name, found: tensor.shape, expected: shape)
        }
        return tensor
    }

    /// - Throws: as ``tensor(_:shape:)``.
    func values(_ name: String, shape: [Int]) throws -> [Float] { try tensor(name, shape: shape).values }
}

/// Writes a matrix of `rows` × `columns` the other way round, block by block: a row of one is a column of the other, of which
/// each element is in another line of the cache.
func transpose(
    _ matrix: UnsafeBufferPointer<Float>, rows: Int, columns: Int, into result: UnsafeMutableBufferPointer<Float>
) {
    precondition(
        matrix.count == rows * columns && result.count >= matrix.count,
        "\(matrix.count) numbers of a matrix of \(rows) × \(columns)")
    guard let source = matrix.baseAddress, let target = result.baseAddress else { return }
    let side = 16
    for i in stride(from: 0, to: rows, by: side) {
        for j in stride(from: 0, to: columns, by: side) {
            for column in j..<min(j + side, columns) {
                for row in i..<min(i + side, rows) { target[column * rows + row] = source[row * columns + column] }
            }
        }
    }
}
