import FoundationEssentials

/// A graph of ONNX's operators that grows node by node. Numbers of fields are those of onnx.proto
/// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
struct ONNXGraph {
    enum ElementType: Int {
        case float = 1
        case int64 = 7
    }

    /// A side of a tensor: known, or named because it differs from call to call.
    enum Dimension {
        case size(Int)
        case named(String)
    }

    enum Attribute {
        case int(Int)
        /// The body of a Scan or a Loop.
        case graph(ONNXGraph)
    }

    private let name: String
    private var nodes = ProtobufMessage()
    private var constants = ProtobufMessage()
    private var inputs = ProtobufMessage()
    private var outputs = ProtobufMessage()

    init(name: String) { self.name = name }

    mutating func input(_ name: String, _ type: ElementType, _ shape: [Dimension]) {
        inputs.add(11, Self.value(name, type, shape))
    }

    mutating func output(_ name: String, _ type: ElementType, _ shape: [Dimension]) {
        outputs.add(12, Self.value(name, type, shape))
    }

    /// A tensor of the file; returns its name.
    @discardableResult
    mutating func constant(_ name: String, _ values: [Float], shape: [Int]) -> String {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for '\(name)' of the shape \(shape)")
        return constant(name, .float, shape, values.withUnsafeBytes { Data($0) })
    }

    /// A list of whole numbers, or with an empty shape a single one; returns its name.
    @discardableResult
    mutating func constant(_ name: String, _ values: [Int], shape: [Int]? = nil) -> String {
        constant(name, .int64, shape ?? [values.count], values.map(Int64.init).withUnsafeBytes { Data($0) })
    }

    private mutating func constant(_ name: String, _ type: ElementType, _ shape: [Int], _ bytes: Data) -> String {
        var tensor = ProtobufMessage()
        for size in shape { tensor.add(1, size) }
        tensor.add(2, type.rawValue)
        tensor.add(8, name)
        tensor.add(9, bytes)
        constants.add(5, tensor)
        return name
    }

    /// Adds an operator; returns the first of its outputs. An empty name stands for an input that is left out.
    @discardableResult
    mutating func node(
        _ operation: String, _ inputs: [String], to outputs: [String],
        attributes: [String: Attribute] = [:]
    ) -> String {
        var node = ProtobufMessage()
        for input in inputs { node.add(1, input) }
        for output in outputs { node.add(2, output) }
        node.add(3, outputs[0])
        node.add(4, operation)
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            var attribute = ProtobufMessage()
            attribute.add(1, name)
            switch value {
            case .int(let number):
                attribute.add(3, number)
                attribute.add(20, 2)
            case .graph(let graph):
                attribute.add(6, graph.message)
                attribute.add(20, 5)
            }
            node.add(5, attribute)
        }
        nodes.add(1, node)
        return outputs[0]
    }

    /// The file of a model: the graph with the versions that every reader takes, IR 8 and operators 17, and metadata.
    func model(metadata: KeyValuePairs<String, String>) -> Data {
        var operators = ProtobufMessage()
        operators.add(1, "")
        operators.add(2, 17)
        var model = ProtobufMessage()
        model.add(1, 8)
        model.add(2, "char-rnn")
        model.add(7, message)
        model.add(8, operators)
        for (key, value) in metadata {
            var entry = ProtobufMessage()
            entry.add(1, key)
            entry.add(2, value)
            model.add(14, entry)
        }
        return model.bytes
    }

    private var message: ProtobufMessage {
        var graph = nodes
        graph.add(2, name)
        graph.append(constants)
        graph.append(inputs)
        graph.append(outputs)
        return graph
    }

    private static func value(_ name: String, _ type: ElementType, _ shape: [Dimension]) -> ProtobufMessage {
        var dimensions = ProtobufMessage()
        for dimension in shape {
            var message = ProtobufMessage()
            switch dimension {
            case .size(let size): message.add(1, size)
            case .named(let name): message.add(2, name)
            }
            dimensions.add(1, message)
        }
        var tensor = ProtobufMessage()
        tensor.add(1, type.rawValue)
        tensor.add(2, dimensions)
        var typed = ProtobufMessage()
        typed.add(1, tensor)
        var value = ProtobufMessage()
        value.add(1, name)
        value.add(2, typed)
        return value
    }
}
