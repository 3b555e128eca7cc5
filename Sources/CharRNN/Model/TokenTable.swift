import OpenCLCompute

/// What each token puts into the gates of the first layer: a row for each, V × G·H.
///
/// Without an embedding that is W itself. With one, a token's row is that of EᵀW, and E and W act through this product
/// alone. So it is multiplied once for a whole pass, whose T·B tokens then look up their rows as one-hot tokens do, and its
/// gradient ∂ gives those of the factors: ∂E = W∂ᵀ, ∂W = E∂.
///
/// In training, dropout sets elements of E to zero, the same for all places of a batch.
struct TokenTable {
    /// V × G·H
    let rows: Matrix

    /// Where the rows are a product.
    private struct Product {
        let embedding: Matrix
        let weights: Matrix
        /// E after dropout; nil without.
        let dropped: Matrix?
        /// With respect to the rows; nil where nothing is learned.
        let gradient: Matrix?
    }
    private let product: Product?
    private let backend: any Backend

    /// What is not for training is looked up as the parameters are now.
    ///
    /// - Throws: `DeviceError`.
    init(_ parameters: Parameters, dropout: Float, forTraining: Bool) throws {
        let (backend, weights) = (parameters.backend, parameters.inputWeights[0])
        func matrix(_ rows: Int, _ columns: Int) throws -> Matrix {
            Matrix(try backend.makeBuffer(of: Float.self, count: rows * columns), rows: rows, columns: columns)
        }
        self.backend = backend
        guard let embedding = parameters.embedding else {
            (rows, product) = (weights, nil)
            return
        }
        rows = try matrix(embedding.columns, weights.columns)
        product = Product(
            embedding: embedding, weights: weights,
            dropped: forTraining && dropout > 0 ? try matrix(embedding.rows, embedding.columns) : nil,
            gradient: forTraining ? try matrix(rows.rows, rows.columns) : nil)
        if !forTraining { try multiply(dropout: nil) }
    }

    /// Makes the rows from the parameters of now.
    ///
    /// - Parameter dropout: nil to drop nothing.
    func multiply(dropout: DropoutMask?) throws {
        guard let product else { return }
        if let dropout {
            try backend.dropout(product.embedding.elements, mask: dropout, into: product.dropped!.elements)
        }
        let embedding = dropout == nil ? product.embedding : product.dropped!
        try backend.multiply(embedding.transposed, product.weights, into: rows)
    }

    /// Turns the gradient of the gates' arguments into those of E and W, after ``multiply(dropout:)`` with the same mask.
    func backward(_ gates: Matrix, by groups: IndexGroups, dropout: DropoutMask?, into gradient: Parameters) throws {
        guard let product else { return try backend.scatterRows(gates, by: groups, into: gradient.inputWeights[0]) }
        let (rows, embedding) = (product.gradient!, gradient.embedding!)
        try backend.scatterRows(gates, by: groups, into: rows)
        try backend.multiply(product.weights, rows.transposed, into: embedding)
        if let dropout { try backend.dropout(embedding.elements, mask: dropout, into: embedding.elements) }
        try backend.multiply(
            dropout == nil ? product.embedding : product.dropped!, rows, into: gradient.inputWeights[0])
    }

    /// The elements of four bytes that it holds.
    static func elementCount(
        vocabularySize v: Double, embeddingSize d: Double, width: Double, dropout: Float, forTraining: Bool
    ) -> Double {
        (forTraining ? 2 : 1) * v * width + (forTraining && dropout > 0 ? d * v : 0)
    }
}
