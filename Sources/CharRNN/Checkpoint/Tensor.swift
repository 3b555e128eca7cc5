/// A named array of floats as files hold it, row-major.
public struct Tensor: Hashable, Sendable {
    public var name: String
    public var shape: [Int]
    /// As many as the product of the shape.
    public var values: [Float]

    /// Another number of values than the shape asks for is a programmer error.
    public init(name: String, shape: [Int], values: [Float]) {
        self.name = name
        self.shape = shape
        self.values = values
        check()
    }

    func check() {
        precondition(
            shape.allSatisfy { $0 >= 0 } && values.count == shape.reduce(1, *),
            "\(values.count) values for '\(name)' of the shape \(shape)")
    }
}

/// The tensors of a file by their names.
struct NamedTensors {
    /// The file, for errors.
    let path: String
    private let tensors: [String: Tensor]

    init(_ tensors: [Tensor], path: String) {
        self.path = path
        self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    }

    var names: Dictionary<String, Tensor>.Keys { tensors.keys }

    func shape(_ name: String) -> [Int]? { tensors[name]?.shape }

    /// - Throws: ``CheckpointError/missing(path:tensor:)``, ``CheckpointError/shape(path:tensor:found:expected:)``.
    func values(_ name: String, shape: [Int]) throws -> [Float] {
        guard let tensor = tensors[name] else { throw CheckpointError.missing(path: path, tensor: name) }
        guard tensor.shape == shape else {
            throw CheckpointError.shape(path: path, tensor: name, found: tensor.shape, expected: shape)
        }
        return tensor.values
    }
}
