import OpenCLCompute

/// What each token puts into the gates of the first layer that see it: a row for each.
///
/// Without an embedding that is W itself, of all V tokens. With one, a token's row is that of EᵀW, and E and W act through
/// this product alone. So it is multiplied once for a whole pass, whose T·B tokens then look up their rows as one-hot tokens
/// do. What is not for training has the rows of all tokens; in training, where the parameters are others in each pass, there
/// are those of the batch's own tokens alone, K of them (``BatchTokens``). With X, K × D, the columns of E that are theirs,
/// and ∂, the gradient of the rows, ∂W = Xᵀ∂, ∂X = ∂Wᵀ, and the other columns of ∂E are zero.
///
/// In training, dropout sets elements of E to zero, the same for all places of a batch.
struct TokenTable {
    /// As many as there may be at once; a pass in training makes the first K.
    let rows: Matrix

    /// Where the rows are a product, and learned.
    private struct Product {
        let embedding: Matrix
        let weights: Matrix
        /// E after dropout; nil without.
        let dropped: Matrix?
        /// X, then its gradient.
        let columns: Matrix
        /// With respect to the rows.
        let gradient: Matrix
    }
    private let product: Product?
    private let backend: any Backend

    /// Whether a pass has to name its tokens: ``multiply(_:dropout:)``.
    var isMultiplied: Bool { product != nil }

    /// - Parameters:
    ///   - dropout: the probability of dropping an element of E.
    ///   - tokens: T·B of a batch to train with; nil where nothing is learned, and what is looked up are the parameters of now.
    /// - Throws: `DeviceError`.
    init(_ parameters: Parameters, dropout: Float, trainingWith tokens: Int?) throws {
        let (backend, weights) = (parameters.backend, parameters.inputWeights[0])
        self.backend = backend
        guard let embedding = parameters.embedding else {
            (rows, product) = (weights, nil)
            return
        }
        let (d, v) = (embedding.rows, embedding.columns)
        rows = try backend.makeMatrix(rows: tokens.map { min($0, v) } ?? v, columns: weights.columns)
        guard tokens != nil else {
            product = nil
            try backend.multiply(embedding.transposed, weights, into: rows)
            return
        }
        product = Product(
            embedding: embedding, weights: weights,
            dropped: dropout > 0 ? try backend.makeMatrix(rows: d, columns: v) : nil,
            columns: try backend.makeMatrix(rows: rows.rows, columns: d),
            gradient: try backend.makeMatrix(rows: rows.rows, columns: rows.columns))
    }

    /// Makes the rows of the tokens of a batch, in their order, from the parameters of now.
    ///
    /// - Parameter dropout: nil to drop nothing.
    func multiply(_ tokens: Buffer<Int32>, dropout: DropoutMask?) throws {
        guard let product else { return }
        if let dropout {
            try backend.dropout(product.embedding.elements, mask: dropout, into: product.dropped!.elements)
        }
        let columns = product.columns.rows(0..<tokens.count)
        try backend.gatherColumns(
            of: dropout == nil ? product.embedding : product.dropped!, at: tokens, into: columns)
        try backend.multiply(columns, product.weights, into: rows.rows(0..<tokens.count))
    }

    /// Turns the gradient of the input products into those of E and W, after ``multiply(_:dropout:)`` with the same tokens
    /// and mask.
    func backward(
        _ inputs: Matrix, by groups: IndexGroups, of tokens: Buffer<Int32>, dropout: DropoutMask?,
        into gradient: Parameters
    ) throws {
        guard let product else { return try backend.scatterRows(inputs, by: groups, into: gradient.inputWeights[0]) }
        let columns = product.columns.rows(0..<tokens.count)
        let (rows, embedding) = (product.gradient.rows(0..<tokens.count), gradient.embedding!)
        try backend.scatterRows(inputs, by: groups, into: rows)
        try backend.multiply(columns.transposed, rows, into: gradient.inputWeights[0])
        try backend.multiply(rows, product.weights.transposed, into: columns)
        try backend.scatterColumns(columns, at: tokens, into: embedding)
        if let dropout { try backend.dropout(embedding.elements, mask: dropout, into: embedding.elements) }
    }

    /// The elements of four bytes that it holds for training, with room for the rows of so many tokens.
    static func trainingElements(
        _ rows: Double, vocabularySize v: Double, embeddingSize d: Double, width: Double, dropout: Float
    ) -> Double {
        rows * (2 * width + d) + (dropout > 0 ? d * v : 0)
    }
}

/// The tokens of a batch, each once, and the batch in terms of them.
struct BatchTokens {
    /// K numbers of tokens, ascending.
    let tokens: [Int32]
    /// Which of them stands at each of the T·B places.
    let places: [Int32]

    init(_ batch: [Int32], vocabularySize: Int) {
        var numbers = [Int32](repeating: -1, count: vocabularySize)
        for token in batch { numbers[Int(token)] = 0 }
        var tokens: [Int32] = []
        for token in numbers.indices where numbers[token] == 0 {
            numbers[token] = Int32(tokens.count)
            tokens.append(Int32(token))
        }
        self.tokens = tokens
        places = batch.map { numbers[Int($0)] }
    }
}
