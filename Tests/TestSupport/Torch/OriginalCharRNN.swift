import Foundation
import OpenCLCompute

/// Torch's `nn.Linear` in double precision.
package struct OriginalLinear: Sendable {
    /// outputs × inputs
    package var weights: [[Double]]
    package var bias: [Double]

    /// Numbers that single precision has exactly, so that storing them loses nothing.
    init(_ outputs: Int, _ inputs: Int, _ numbers: inout Numbers) {
        weights = (0..<outputs).map { _ in numbers.floats(inputs).asDoubles }
        bias = numbers.floats(outputs).asDoubles
    }

    func callAsFunction(_ x: [Double]) -> [Double] {
        zip(weights, bias).map { row, bias in zip(row, x).reduce(bias) { $0 + $1.0 * $1.1 } }
    }
}

/// karpathy/char-rnn's network and its file, in its own order and with its own equations.
package struct OriginalCharRNN: Sendable {
    /// In what files of different times and machines differ.
    package struct Variant: Sendable {
        /// `Double`, `Float`, `Cuda`, `Cl`
        package var element = "Double"
        package var hasVersions = true
        /// LSTMs since September 2015.
        package var hasNames = true
        /// nngraph since November 2015.
        package var hasModules = true

        package init(
            element: String = "Double", hasVersions: Bool = true, hasNames: Bool = true, hasModules: Bool = true
        ) {
            self.element = element
            self.hasVersions = hasVersions
            self.hasNames = hasNames
            self.hasModules = hasModules
        }
    }

    package let cell: RecurrentCell
    package let tokens: [[UInt8]]
    package let hiddenSize: Int
    package let layerCount: Int
    package var linears: [OriginalLinear]

    /// - Parameter tokens: in the order of their numbers.
    package init(_ cell: RecurrentCell, tokens: [[UInt8]], hiddenSize h: Int, layerCount: Int, seed: UInt64 = 1) {
        var numbers = Numbers(seed: seed)
        self.cell = cell
        self.tokens = tokens
        self.hiddenSize = h
        self.layerCount = layerCount
        linears = []
        for layer in 0..<layerCount {
            let x = layer == 0 ? tokens.count : h
            let sizes =
                switch cell {
                case .lstm: [(4 * h, x), (4 * h, h)]
                case .gru: [(h, x), (h, h), (h, x), (h, x), (h, h), (h, h)]
                case .rnn: [(h, x), (h, h)]
                default: preconditionFailure("char-rnn has no \(cell)")
                }
            linears += sizes.map { OriginalLinear($0, $1, &numbers) }
        }
        linears.append(OriginalLinear(tokens.count, h, &numbers))
    }

    // MARK: What it computes

    /// ln p of every token after each of `text`, from the zero state; tokens by number from 0 on.
    package func logProbabilities(after text: [Int]) -> [[Double]] {
        let zeros = [Double](repeating: 0, count: hiddenSize)
        var states = [(h: [Double], c: [Double])](repeating: (zeros, zeros), count: layerCount)
        let perLayer = (linears.count - 1) / layerCount
        return text.map { token in
            var x = tokens.indices.map { $0 == token ? 1.0 : 0 }
            for layer in 0..<layerCount {
                states[layer] = step(Array(linears[layer * perLayer..<(layer + 1) * perLayer]), x, states[layer])
                x = states[layer].h
            }
            return logSoftMax(linears.last!(x))
        }
    }

    private func step(
        _ w: [OriginalLinear], _ x: [Double], _ state: (h: [Double], c: [Double])
    ) -> (h: [Double], c: [Double]) {
        let h = state.h
        switch cell {
        case .lstm: return originalLSTM(sum(w[0](x), w[1](h)), state.c)
        case .gru:
            let z = sum(w[0](x), w[1](h)).map(sigmoid)
            let r = sum(w[3](x), w[4](h)).map(sigmoid)
            let candidate = sum(w[2](x), w[5](product(r, h))).map(tanh)
            return ((0..<hiddenSize).map { z[$0] * candidate[$0] + (1 - z[$0]) * h[$0] }, [])
        case .rnn: return (sum(w[0](x), w[1](h)).map(tanh), [])
        default: preconditionFailure("char-rnn has no \(cell)")
        }
    }

    // MARK: Its file

    package func bytes(_ variant: Variant = Variant()) -> [UInt8] {
        TorchWriter.bytes(root(variant), hasVersions: variant.hasVersions)
    }

    package func root(_ variant: Variant = Variant()) -> TorchDatum {
        let vocabulary = zip(tokens, 1...).map { (TorchDatum.bytes($0), TorchDatum.number(Double($1))) }
        return .fields([
            ("opt", .fields([("model", .text(cell.rawValue)), ("rnn_size", .number(Double(hiddenSize)))])),
            ("protos", .fields([("criterion", .instance("nn.ClassNLLCriterion", [])), ("rnn", network(variant))])),
            ("vocab", .table(vocabulary.reversed())), ("i", .number(300)), ("epoch", .number(0.5)),
            ("val_loss", .number(2.25)), ("train_losses", .list([.number(4), .number(3)])),
        ])
    }

    /// An `nn.gModule`: a graph of nodes that know each other, the weights all in one storage.
    private func network(_ variant: Variant) -> TorchDatum {
        let numbers = linears.flatMap { $0.weights.joined() + $0.bias }
        let storage = TorchDatum.shared(TorchShared(.storage("torch.\(variant.element)Storage", numbers)))
        var first = 1
        func tensor(_ sizes: [Int]) -> TorchDatum {
            defer { first += sizes.reduce(1, *) }
            let strides = sizes.count == 2 ? [sizes[1], 1] : [1]
            return .tensor(
                "torch.\(variant.element)Tensor", sizes: sizes, strides: strides, first: first, storage: storage)
        }
        var nodes: [TorchShared] = []
        var modules: [TorchDatum] = []
        func addNode(_ module: TorchDatum?, name: String? = nil) {
            let node = TorchShared()
            let annotations = TorchDatum.fields(name.map { [("name", .text($0))] } ?? [])
            let module = module.map { TorchDatum.shared(TorchShared($0)) }
            var data: [(String, TorchDatum)] = [("annotations", annotations)]
            if let module {
                data.append(("module", module))
                modules.append(module)
            }
            // The node below has this one for a key, and this one knows itself.
            let children = nodes.last.map { [(TorchDatum.shared($0), TorchDatum.number(1))] } ?? []
            data.append(("reverseMap", .table([(.shared(node), .flag(true))])))
            node.datum = .instance("nngraph.Node", [("children", .table(children)), ("data", .fields(data))])
            nodes.append(node)
        }
        addNode(.instance("OneHot", [("outputSize", .number(Double(tokens.count)))]))
        for (index, linear) in linears.enumerated() {
            let weight = tensor([linear.weights.count, linear.weights[0].count])
            let bias = tensor([linear.bias.count])
            let name = index == linears.count - 1 ? "decoder" : index % 2 == 0 ? "i2h_1" : "h2h_1"
            addNode(
                .instance("nn.Linear", [("bias", bias), ("weight", weight)]),
                name: variant.hasNames && cell == .lstm ? name : nil)
            addNode(nil)
        }
        addNode(.instance("nn.LogSoftMax", []))
        var fields: [(String, TorchDatum)] = [
            ("forwardnodes", .list(nodes.map { .shared($0) })), ("verbose", .flag(false)),
            ("updateOutput", .function([1, 2, 3], .nothing)),
        ]
        if variant.hasModules { fields.append(("modules", .list(modules))) }
        return .instance("nn.gModule", fields)
    }
}

func originalLSTM(_ a: [Double], _ c: [Double]) -> (h: [Double], c: [Double]) {
    let h = c.count
    let next = (0..<h).map { sigmoid(a[h + $0]) * c[$0] + sigmoid(a[$0]) * tanh(a[3 * h + $0]) }
    return ((0..<h).map { sigmoid(a[2 * h + $0]) * tanh(next[$0]) }, next)
}

func logSoftMax(_ x: [Double]) -> [Double] {
    let logarithm = log(x.reduce(0) { $0 + exp($1) })
    return x.map { $0 - logarithm }
}

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
func product(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 * $1 } }
