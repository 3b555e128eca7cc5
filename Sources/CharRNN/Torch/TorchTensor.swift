import FoundationEssentials

/// What a storage's numbers are.
struct TorchElement {
    /// In bytes.
    let width: Int
    /// Whether they are floating-point numbers of 4 or 8 bytes.
    let isReal: Bool

    /// - Parameter name: the class of a storage, such as `torch.CudaStorage`; nil for one that does not exist.
    init?(storage name: String) {
        switch name.dropFirst("torch.".count).dropLast("Storage".count) {
        case "Double", "CudaDouble": (width, isReal) = (8, true)
        case "Float", "Cuda", "Cl": (width, isReal) = (4, true)  // GPUs': 32 bits
        case "Long", "CudaLong": (width, isReal) = (8, false)
        case "Int", "CudaInt": (width, isReal) = (4, false)
        case "Short", "CudaShort", "Half", "CudaHalf": (width, isReal) = (2, false)
        case "Byte", "Char", "CudaByte", "CudaChar": (width, isReal) = (1, false)
        default: return nil
        }
    }
}

/// The numbers of one or more tensors: bytes of the file.
struct TorchStorage {
    let element: TorchElement
    let range: Range<Int>
    var count: Int { range.count / element.width }
}

/// A view of a storage. char-rnn's weights all lie in a single one.
package struct TorchTensor {
    let className: String
    let sizes: [Int]
    let strides: [Int]
    /// Of the first element, counted from 1.
    let first: Int
    /// The place of the storage; nil for an empty tensor.
    private(set) var storage: Int?

    init(className: String, sizes: [Int], strides: [Int], first: Int) {
        self.className = className
        self.sizes = sizes
        self.strides = strides
        self.first = first
    }

    /// The same with its storage, which files have after it.
    func lying(in value: TorchValue) -> TorchTensor {
        guard case .object(let place) = value else { return self }
        var tensor = self
        tensor.storage = place
        return tensor
    }

    /// The elements, row-major. Doubles are rounded to single precision.
    ///
    /// - Parameter name: what messages call it.
    /// - Throws: ``TorchFault`` for another shape, for one that its storage does not have, and for whole numbers.
    package func values(_ shape: [Int], in file: TorchFile, _ name: String) throws -> [Float] {
        guard sizes == shape else {
            throw TorchFault.foreign("its \(name) has the size \(sizes), expected \(shape)")
        }
        guard let place = storage, case .storage(let storage) = file.objects[place], storage.element.isReal else {
            throw TorchFault.foreign("its \(name) is a \(className) without real numbers")
        }
        guard fits(storage.count) else {
            throw TorchFault.malformed("its \(name) of size \(sizes) lies outside its storage")
        }
        let (rows, columns) = sizes.count == 1 ? (1, sizes[0]) : (sizes[0], sizes[1])
        let (rowStride, columnStride) = sizes.count == 1 ? (0, strides[0]) : (strides[0], strides[1])
        return file.data.withUnsafeBytes { bytes in
            func load(_ row: Int, _ column: Int) -> Float {
                let offset =
                    storage.range.lowerBound
                    + storage.element.width * (first - 1 + row * rowStride + column * columnStride)
                if storage.element.width == 4 {
                    let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                    return Float(bitPattern: UInt32(littleEndian: bits))
                }
                let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                return Float(Double(bitPattern: UInt64(littleEndian: bits)))
            }
            return [Float](unsafeUninitializedCapacity: rows * columns) { values, count in
                for row in 0..<rows {
                    for column in 0..<columns { values[row * columns + column] = load(row, column) }
                }
                count = rows * columns
            }
        }
    }
    /// Whether all elements lie within a storage, each by itself, so that there are no more of them than it has.
    private func fits(_ count: Int) -> Bool {
        guard first >= 1, first <= count else { return false }
        var elements = 1
        var last = first
        for (size, stride) in zip(sizes, strides) {
            guard size > 0, size <= count / elements, stride >= 0 else { return false }
            let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            guard !overflow, distance <= count - last else { return false }
            elements *= size
            last += distance
        }
        return true
    }
}
