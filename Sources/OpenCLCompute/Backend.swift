import Glibc

/// The work that a device can do: memory, and the coarse operations of a recurrent language model.
///
/// Letters: B batch, T time, V vocabulary, H hidden, G gates. Matrices are row-major; sequences are time-major.
///
/// Operations are queued and run in the order of the calls; only ``read(_:)`` and ``synchronize()`` wait.
/// Shapes that do not fit are programmer errors and trap. What the device refuses is thrown as ``DeviceError``.
/// A backend may be called from any thread; two operations on the same memory must not overlap in time.
public protocol Backend: AnyObject, Sendable {
    // MARK: Memory

    /// Allocates `count` elements, all zero bits. A count of zero is allowed.
    func makeBuffer<Element>(of type: Element.Type, count: Int) throws -> Buffer<Element>
    /// Copies `values`, as many as the buffer holds, to the device. The array may be changed or freed at once.
    func write<Element>(_ values: [Element], to buffer: Buffer<Element>) throws
    /// Waits for the operations so far and copies the elements to the host.
    func read<Element>(_ buffer: Buffer<Element>) throws -> [Element]
    /// Copies elements on the device; the buffers hold as many each and do not overlap.
    func copy(_ source: Buffer<Float>, to destination: Buffer<Float>) throws
    /// Sets every element to `value`.
    func fill(_ buffer: Buffer<Float>, with value: Float) throws
    /// Waits until everything queued has run.
    func synchronize() throws

    // MARK: Matrices

    /// c = a·b, or c += a·b when `adding`. Either factor may be transposed; c is not.
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws
    /// Adds `bias` to each row.
    func addBias(_ bias: Buffer<Float>, to matrix: Matrix) throws
    /// sums[j] = Σᵢ matrix(i, j).
    func columnSums(of matrix: Matrix, into sums: Buffer<Float>) throws
    /// result[0] = the mean of the elements.
    func mean(of elements: Buffer<Float>, into result: Buffer<Float>) throws

    // MARK: One-hot input

    /// Row i of `rows` = row `indices[i]` of `table`: the product of one-hot rows with the table.
    func gatherRows(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws
    /// Row v of `table` = the sum of those rows that `groups` lists under v, zero where there are none: the
    /// gradient of ``gatherRows(of:at:into:)``, in the fixed order of the groups.
    func scatterRows(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) throws

    // MARK: Recurrent layers

    /// How many elements of scratch memory a sequence of this shape needs.
    func recurrentScratchCount(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool
    ) -> Int
    /// Runs the layer over all time steps, from the state in the first rows of `hidden` (and of `memory`).
    /// See ``RecurrentCell`` for the equations and ``RecurrentSequence`` for what it reads and leaves.
    func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) throws
    /// Turns `gates` from activations into the gradient of the gates' arguments, and writes the gradient of the
    /// layer's own weights to `gradient` (that of the input product is left to the caller).
    ///
    /// `outputGradient`, T·B × H, enters as the loss's gradient with respect to the outputs, as seen by the layers
    /// above; it leaves with the share of the later steps added. No gradient comes from beyond the last step.
    func backward(
        _ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix, gradient: RecurrentWeights
    ) throws

    // MARK: Dropout and loss

    /// result = x∘mask/(1−p). Called with a gradient it is its own derivative. x and result may be the same.
    func dropout(_ x: Buffer<Float>, mask: DropoutMask, into result: Buffer<Float>) throws
    /// Per row: losses[i] = −ln softmax(logits + bias)[target], in nats; `logits` becomes the gradient of
    /// `gradientScale` · Σ losses with respect to it.
    func softmaxCrossEntropy(
        _ logits: Matrix, bias: Buffer<Float>, targets: Buffer<Int32>, gradientScale: Float, losses: Buffer<Float>)
        throws

    // MARK: Optimization

    /// One step of RMSProp (Tieleman and Hinton 2012) as Torch's optim has it, with ε outside the root:
    /// m ← αm + (1−α)g², x ← x − ηg/(√m + ε).
    ///
    /// g is the gradient after clipping. norms[0] and norms[1] become Σg² and Σx² (after the step).
    func rmsProp(
        _ x: Buffer<Float>, gradient: Buffer<Float>, meanSquare: Buffer<Float>, clipping: GradientClipping,
        learningRate: Float, decay: Float, epsilon: Float, norms: Buffer<Float>) throws
    /// One step of Adam (Kingma and Ba 2015): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
    /// x ← x − η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε), t being `iteration`, from 1.
    func adam(
        _ x: Buffer<Float>, gradient: Buffer<Float>, mean: Buffer<Float>, meanSquare: Buffer<Float>,
        clipping: GradientClipping, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
        iteration: Int, norms: Buffer<Float>) throws
}

extension Backend {
    /// c = a·b.
    public func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix) throws {
        try multiply(a, b, into: c, adding: false)
    }
}

/// Traps where the shapes of a softmax cross-entropy do not fit.
func checkCrossEntropy(_ logits: Matrix, _ bias: Buffer<Float>, _ targets: Buffer<Int32>, _ losses: Buffer<Float>) {
    precondition(
        bias.count == logits.columns && targets.count == logits.rows && losses.count == logits.rows,
        "logits of \(logits.shape) with a bias of \(bias.count), \(targets.count) targets and \(losses.count) losses")
}

/// 1/(1 − βᵗ), by which Adam's moments are corrected for having started at zero.
func adamCorrection(_ beta: Float, iteration: Int) -> Float {
    precondition(iteration > 0, "Adam counts its steps from 1, not \(iteration)")
    return Float(1 / (1 - pow(Double(beta), Double(iteration))))
}

/// How gradients are kept from exploding.
public enum GradientClipping: Codable, Hashable, Sendable {
    case none
    /// Each component is held within ± the bound, as in char-rnn.
    case value(Float)
    /// The whole gradient is scaled down so that its Euclidean norm does not exceed the bound.
    case norm(Float)
}

/// Which units are dropped: a function of a seed and three counters, so that every device draws the same mask and
/// nothing has to be kept for the backward pass.
///
/// Element i is kept when word i mod 4 of Philox4x32-10 (Salmon et al. 2011) with the counter
/// (⌊i/4⌋, layer, step low, step high) and the key (seed low, seed high) is at least p·2³².
public struct DropoutMask: Sendable {
    /// p, the share of units that is dropped: 0 ≤ p < 1.
    public let probability: Float
    public let seed: UInt64
    public let step: UInt64
    public let layer: UInt32
    /// The elements of the mask that are applied, in their order; nil for all.
    public let window: Window?

    /// Of each `stride` elements the `length` from `first` on: the mask of some columns of a wider matrix.
    public struct Window: Sendable {
        public let first, length, stride: Int

        public init(first: Int, length: Int, stride: Int) {
            precondition(
                first >= 0 && length > 0 && first + length <= stride,
                "a window of \(length) elements from \(first) on, of each \(stride)")
            self.first = first
            self.length = length
            self.stride = stride
        }
    }

    public init(probability: Float, seed: UInt64, step: UInt64, layer: UInt32, window: Window? = nil) {
        precondition(probability >= 0 && probability < 1, "dropout probability \(probability) is not in [0, 1)")
        self.probability = probability
        self.seed = seed
        self.step = step
        self.layer = layer
        self.window = window
    }

    /// The window for `count` elements, and how many rows of it they are.
    package func rows(of count: Int) -> (window: Window, count: Int) {
        guard count > 0 else { return (Window(first: 0, length: 1, stride: 1), 0) }
        // All of each row is all of the mask.
        guard let window, window.length < window.stride else {
            return (Window(first: 0, length: count, stride: count), 1)
        }
        let rows = count / window.length
        precondition(
            count % window.length == 0 && rows * window.stride <= Int32.max,
            "\(count) elements in rows of \(window.length), of each \(window.stride)")
        return (window, rows)
    }

    /// Words below this are dropped.
    package var threshold: UInt32 { UInt32((Double(probability) * 0x1p32).rounded(.up)) }
    /// 1/(1−p), by which the kept units are scaled.
    package var scale: Float { 1 / (1 - probability) }
}

/// The positions of a list of indices, grouped by index: those of index v are
/// `positions[starts[v]..<starts[v + 1]]`, ascending.
public struct IndexGroups: Sendable {
    /// V + 1 entries.
    public let starts: Buffer<Int32>
    /// As many entries as there are indices.
    public let positions: Buffer<Int32>

    public init(starts: Buffer<Int32>, positions: Buffer<Int32>) {
        self.starts = starts
        self.positions = positions
    }

    /// The two lists for `indices`, each below `count`, by a counting sort.
    public static func grouping(_ indices: [Int32], count: Int) -> (starts: [Int32], positions: [Int32]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for index in indices { starts[Int(index) + 1] += 1 }
        for v in 0..<count { starts[v + 1] += starts[v] }
        var next = starts
        var positions = [Int32](repeating: 0, count: indices.count)
        for (position, index) in indices.enumerated() {
            positions[Int(next[Int(index)])] = Int32(position)
            next[Int(index)] += 1
        }
        return (starts, positions)
    }
}
