import CPUKernels

/// A part of a cell's time step: a product with some of the weights, and what follows it unit by unit. A cell whose second
/// product needs the result of the first has two, and so on.
struct HalfStep: Sendable {
    /// The beginning of the names of its functions in the cell's kernel file.
    let name: String
    /// What is added to the gates before; nil where no state is multiplied.
    let product: Product?
    /// From the gates' arguments to activations and states, on the CPU.
    let forward: Forward
    /// From the gradient of the states to that of the gates' arguments, on the CPU.
    let backward: Backward

    /// What is added to some gates: a state times columns of U, or a sum of several states' products.
    struct Product: Sendable {
        let factor: Factor
        let gates: Range<Int>
        /// How many states are multiplied, each by H × H weights for every gate.
        let stateCount: Int

        /// The columns of the gates.
        func columns(hiddenSize: Int) -> Range<Int> {
            gates.lowerBound * hiddenSize..<gates.upperBound * hiddenSize
        }

        /// The columns of U by which one of the states is multiplied. They are as many as the gates', and for the first
        /// state they stand at the same places.
        func weights(of state: Int, hiddenSize: Int) -> Range<Int> {
            let first = (gates.lowerBound + state * gates.count) * hiddenSize
            return first..<first + gates.count * hiddenSize
        }
    }

    enum Factor: Sendable {
        /// h′, the state before the step.
        case hidden
        /// All that the half-steps before have made, each of them one state.
        case intermediates
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
    static func hidden(gates: Range<Int>) -> Self { Self(factor: .hidden, gates: gates, stateCount: 1) }
    /// The same of what so many half-steps before have made.
    static func intermediates(_ count: Int, gates: Range<Int>) -> Self {
        Self(factor: .intermediates, gates: gates, stateCount: count)
    }
}
