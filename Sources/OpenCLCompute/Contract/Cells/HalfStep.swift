import CPUKernels

/// A part of a cell's time step: a product with some of the weights, and what follows it unit by unit. Cells whose second
/// product needs the result of the first have two.
struct HalfStep: Sendable {
    /// The beginning of the names of its functions in the cell's kernel file.
    let name: String
    /// What is added to the gates before; nil where no state is multiplied.
    let product: Product?
    /// From the gates' arguments to activations and states, on the CPU.
    let forward: Forward
    /// From the gradient of the states to that of the gates' arguments, on the CPU.
    let backward: Backward

    /// A product of a state with the columns of U that belong to some gates.
    struct Product: Sendable {
        let factor: Factor
        let gates: Range<Int>

        /// The columns of U, and of the gates.
        func columns(hiddenSize: Int) -> Range<Int> {
            gates.lowerBound * hiddenSize..<gates.upperBound * hiddenSize
        }
    }

    enum Factor: Sendable {
        /// h′, the state before the step.
        case hidden
        /// What the half-step before has made of it.
        case intermediate
    }

    /// The signature of all forward half-steps in CPUKernels.h, which names the operands.
    typealias Forward =
        @convention(c) @Sendable (
            _ gates: UnsafeMutablePointer<Float>, _ inputBias: UnsafePointer<Float>,
            _ recurrentBias: UnsafePointer<Float>, _ hiddenBefore: UnsafePointer<Float>,
            _ memoryBefore: UnsafePointer<Float>, _ intermediate: UnsafeMutablePointer<Float>,
            _ hidden: UnsafeMutablePointer<Float>, _ memory: UnsafeMutablePointer<Float>, _ rows: Int,
            _ hiddenSize: Int
        ) -> Void
    /// The signature of all backward half-steps there.
    typealias Backward =
        @convention(c) @Sendable (
            _ gates: UnsafeMutablePointer<Float>, _ hiddenBefore: UnsafePointer<Float>,
            _ memoryBefore: UnsafePointer<Float>, _ memory: UnsafePointer<Float>,
            _ hiddenGradient: UnsafePointer<Float>, _ hiddenBeforeGradient: UnsafeMutablePointer<Float>?,
            _ memoryGradient: UnsafeMutablePointer<Float>, _ intermediateGradient: UnsafePointer<Float>,
            _ rows: Int, _ hiddenSize: Int
        ) -> Void

    init(
        _ name: String, of product: Product?, forward: @escaping Forward, backward: @escaping Backward
    ) {
        self.name = name
        self.product = product
        self.forward = forward
        self.backward = backward
    }
}

extension HalfStep.Product {
    /// h′·U for some gates.
    static func hidden(gates: Range<Int>) -> Self { Self(factor: .hidden, gates: gates) }
    /// The same of what the half-step before has made.
    static func intermediate(gates: Range<Int>) -> Self { Self(factor: .intermediate, gates: gates) }
}
