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

    /// c = a·b, or c += a·b when `adding`. Either factor may be transposed; c is not, and overlaps neither.
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws
    /// The same matrix, arranged as the device reads it fastest in many products with it on the right, which have the same
    /// bits. Its elements must not change meanwhile: it may have a copy of them.
    func arranged(_ matrix: Matrix) throws -> Matrix
    /// The same matrix with a copy in 8 bits, with which products multiply where it stands on the right: each column is
    /// rounded to whole numbers of steps, its largest magnitude being 127, and in a product each row of the left factor, its
    /// largest being 63. Only where ``Device/multipliesInt8``. Its elements must not change meanwhile.
    func quantized(_ matrix: Matrix) throws -> Matrix
    /// sum += x, element by element; both have as many elements.
    func add(_ x: Buffer<Float>, to sum: Buffer<Float>) throws
    /// Adds `bias` to each row.
    func addBias(_ bias: Buffer<Float>, to matrix: Matrix) throws
    /// sums[j] = Σᵢ matrix(i, j).
    func columnSums(of matrix: Matrix, into sums: Buffer<Float>) throws
    /// result[0] = the mean of the elements.
    func mean(of elements: Buffer<Float>, into result: Buffer<Float>) throws

    // MARK: One-hot input

    /// Row i of `rows` = row `indices[i]` of `table`: the product of one-hot rows with the table. `rows` may be columns of a
    /// wider matrix, also in the gradient.
    func gatherRows(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws
    /// Row v of `table` = the sum of those rows that `groups` lists under v, zero where there are none: the
    /// gradient of ``gatherRows(of:at:into:)``, in the fixed order of the groups.
    func scatterRows(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) throws
    /// Row k of `rows` = column `indices[k]` of `table`: the few rows of an embedding's transpose that a batch needs.
    func gatherColumns(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) throws
    /// Column `indices[k]` of `table` = row k of `rows`, and zero what no index names: the gradient of
    /// ``gatherColumns(of:at:into:)``. No index is there twice.
    func scatterColumns(_ rows: Matrix, at indices: Buffer<Int32>, into table: Matrix) throws

    // MARK: Recurrent layers

    /// How many elements of scratch memory a sequence of this shape needs.
    func recurrentScratchCount(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, forTraining: Bool
    ) -> Int
    /// Runs the layer over all time steps, from the state in the first rows of `hidden` (and of `memory`).
    /// See the cells, such as ``RecurrentCell/lstm``, for the equations and ``RecurrentSequence`` for what it reads and leaves.
    func forward(_ sequence: RecurrentSequence, weights: RecurrentWeights) throws
    /// Turns `gates` from activations into the gradient of the gates' arguments, from which those of the weights follow.
    ///
    /// `outputGradient`, T·B × H, enters as the loss's gradient with respect to the outputs, as seen by the layers
    /// above; it leaves with the share of the later steps added. No gradient comes from beyond the last step.
    func backward(_ sequence: RecurrentSequence, weights: RecurrentWeights, outputGradient: Matrix) throws

    // MARK: Dropout and loss

    /// result = x∘mask/(1−p). Called with a gradient it is its own derivative. x and result may be the same.
    func dropout(_ x: Buffer<Float>, mask: DropoutMask, into result: Buffer<Float>) throws
    /// Per row: losses[i] = −ln softmax(logits + bias)[target], in nats; `logits` becomes the gradient of
    /// `gradientScale` · Σ losses with respect to it. Without a scale no gradient is wanted, and `logits` has no meaning
    /// afterwards. A row whose target is below 0 has none: its loss and its gradient are 0.
    func softmaxCrossEntropy(
        _ logits: Matrix, bias: Buffer<Float>, targets: Buffer<Int32>, gradientScale: Float?, losses: Buffer<Float>)
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
    /// y ← a·x + b·y, element by element; both have as many elements, and may be the same.
    func combine(_ x: Buffer<Float>, times a: Float, into y: Buffer<Float>, times b: Float) throws
    /// Clips x where it lies; squares[0] becomes Σx² after that. Without clipping x is only measured.
    func clip(_ x: Buffer<Float>, by clipping: GradientClipping, squares: Buffer<Float>) throws
    /// Draws the singular values of each block towards 1, as Muon does, by Newton–Schulz steps: X ← X/(‖X‖ + 1e-7) and
    /// X ← X/‖(XXᵀ)²‖^¼, after which none is above 1; then for each polynomial, of which there are two or more, A = XXᵀ,
    /// X ← (aI + bA + cA²)X. A block of zeros stays what it is.
    ///
    /// Blocks may be some columns of larger matrices, but no transposes, and have nothing in common.
    func orthogonalize(_ blocks: [Matrix], by polynomials: [OddPolynomial]) throws
}

/// ax + bx³ + cx⁵.
public struct OddPolynomial: Hashable, Sendable {
    /// The coefficients of x, x³ and x⁵.
    public let a, b, c: Float

    /// ax + bx³ + cx⁵.
    public init(_ a: Float, _ b: Float, _ c: Float) {
        self.a = a
        self.b = b
        self.c = c
    }
}

extension Backend {
    /// As it is.
    public func arranged(_ matrix: Matrix) throws -> Matrix { matrix }

    /// As it is.
    public func quantized(_ matrix: Matrix) throws -> Matrix { matrix }

    /// c = a·b.
    public func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix) throws {
        try multiply(a, b, into: c, adding: false)
    }
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

    /// Whether the bound, if there is one, is above 0. By one below it the parameters would follow the gradient uphill.
    package var isValid: Bool {
        switch self {
        case .none: true
        case .value(let bound), .norm(let bound): bound > 0
        }
    }
}
