import FoundationEssentials

/// What `state_dict()` of a PyTorch module holds, by name, with the tricks undone by which weights hide in it.
struct StateDictionary {
    /// Numbers that are not real, such as counters: their names and shapes alone.
    struct Other {
        let name: String
        let type: String
        let shape: [Int]
    }

    private(set) var tensors: [String: Tensor]
    let others: [Other]

    /// - Parameter aliases: second names of shared tensors, as `safetensors.torch.save_model` keeps them in the metadata.
    /// - Throws: ``StateDictionaryFault``.
    init(_ list: [Tensor], others: [Other], aliases: [String: String] = [:]) throws {
        tensors = Dictionary(uniqueKeysWithValues: list.map { ($0.name, $0) })
        self.others = others
        // As in ``PyTorchFile``: tied weights are one tensor twice, and the numbers must not grow out of nothing.
        var room = list.reduce(0) { $0 + $1.values.count }
        for (alias, name) in aliases where tensors[alias] == nil {
            if let tensor = tensors[name] {
                room -= tensor.values.count
                guard room >= 0 else { throw StateDictionaryFault("its tensors have more numbers than the file") }
                tensors[alias] = Tensor(name: alias, shape: tensor.shape, values: tensor.values)
            }
        }
        try undoWeightNorm()
    }

    /// The bytes of a file, of safetensors or of `torch.save`.
    ///
    /// - Throws: ``StateDictionaryFault``, ``CheckpointError``.
    init(_ data: Data, path: String) throws {
        if ZipArchive.isLikely(data) {
            self = try PyTorchFile(data).stateDictionary()
        } else if let format = FileFormat(insteadOfCheckpoint: data) {
            throw StateDictionaryFault("it is \(format.name); \(format.adviceForCheckpoint)")
        } else {
            let contents = try SafeTensors(data, path: path)
            let others = contents.others.map { Other(name: $0.name, type: $0.dtype, shape: $0.shape) }
            let tensors = contents.tensors.map { Tensor(name: $0.name, shape: $0.shape, values: $0.values) }
            try self.init(tensors, others: others, aliases: contents.metadata)
        }
    }

    /// Weight normalisation (Salimans and Kingma 2016) keeps w = g·v/‖v‖ as g and v. PyTorch names them `NAME_g` and
    /// `NAME_v`, or since 2.0 `parametrizations.NAME.original0` and `original1`.
    private mutating func undoWeightNorm() throws {
        for name in Array(tensors.keys) {
            let (module, base) = Self.split(name)
            if base == "original0" {
                let (above, weight) = Self.split(String(module.dropLast()))
                guard above.hasSuffix("parametrizations.") else { continue }
                let plain = above.dropLast("parametrizations.".count) + weight
                try merge(name, module + "original1", into: String(plain))
            } else if base.hasSuffix("_g") {
                let plain = String(name.dropLast(2))
                try merge(name, plain + "_v", into: plain)
            }
        }
    }

    private mutating func merge(_ gain: String, _ direction: String, into plain: String) throws {
        guard let g = tensors[gain], let v = tensors[direction], tensors[plain] == nil else { return }
        // One gain a row, a column or for all: it has the size 1 in the dimensions that a norm goes over.
        let shape = g.shape.isEmpty ? [Int](repeating: 1, count: v.shape.count) : g.shape
        guard v.shape.count == 2, shape.count == 2, zip(shape, v.shape).allSatisfy({ $0 == 1 || $0 == $1 }) else {
            throw StateDictionaryFault("'\(gain)' of the shape \(g.shape) does not fit '\(direction)' of \(v.shape)")
        }
        let (rows, columns) = (v.shape[0], v.shape[1])
        func norm(_ row: Int, _ column: Int) -> Int {
            (shape[0] == 1 ? 0 : row) * shape[1] + (shape[1] == 1 ? 0 : column)
        }
        var squares = [Double](repeating: 0, count: g.values.count)
        for row in 0..<rows {
            for column in 0..<columns {
                let value = Double(v.values[row * columns + column])
                squares[norm(row, column)] += value * value
            }
        }
        let scales = zip(g.values, squares).map { Double($0) / $1.squareRoot() }
        let values = (0..<rows * columns).map { i in
            Float(scales[norm(i / columns, i % columns)] * Double(v.values[i]))
        }
        tensors[gain] = nil
        tensors[direction] = nil
        tensors[plain] = Tensor(name: plain, shape: v.shape, values: values)
    }

    /// The module of a parameter, with its point, and the parameter's own name.
    static func split(_ name: String) -> (module: String, base: String) {
        guard let point = name.lastIndex(of: ".") else { return ("", name) }
        return (String(name[...point]), String(name[name.index(after: point)...]))
    }
}

/// Why a state dictionary cannot become a checkpoint.
struct StateDictionaryFault: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
