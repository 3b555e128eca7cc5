/// A named array of floats as files hold it, row-major.
public struct Tensor: Hashable, Sendable {
    /// As PyTorch calls it, such as "rnn.weight_ih_l0".
    public var name: String
    /// The longest stride first; empty for a single number.
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
