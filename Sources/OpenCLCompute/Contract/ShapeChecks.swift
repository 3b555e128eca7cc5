import CPUKernels

// What every backend asks of an operation's operands before it begins: shapes that do not fit are a programmer's mistake,
// and end the program the same way on every device.

func checkElement<Element>(_ type: Element.Type, count: Int) {
    precondition(MemoryLayout<Element>.stride == 4, "\(type) is not an element of 32 bits")
    precondition(count >= 0, "a buffer of \(count) elements")
}

func checkWrite(_ count: Int, to bufferCount: Int) {
    precondition(count == bufferCount, "\(count) values for a buffer of \(bufferCount)")
}

func checkCopy(_ source: Buffer<Float>, to destination: Buffer<Float>) {
    precondition(source.count == destination.count, "\(source.count) elements into a buffer of \(destination.count)")
}

// MARK: Matrices

/// A matrix whose rows lie one after the other, which all operations but products and the look-up of rows want.
func checkRows(of matrix: Matrix) {
    precondition(
        matrix.isContiguous,
        "\(matrix.isTransposed ? "a transposed matrix" : "columns of a matrix"), \(matrix.shape), which only products "
            + "accept")
}

func checkProduct(_ a: Matrix, _ b: Matrix, into c: Matrix) {
    precondition(
        a.columns == b.rows && c.rows == a.rows && c.columns == b.columns && !c.isTransposed,
        "product of \(a.shape) and \(b.shape) into \(c.shape)")
}

/// A matrix to be rounded to 8 bits, whose sums fit in 32.
func checkQuantization(of matrix: Matrix) {
    precondition(!matrix.isTransposed, "a transposed matrix, \(matrix.shape), in 8 bits")
    let most = Int(cpu_quantized_depth)
    precondition(matrix.rows <= most, "a matrix of \(matrix.shape) in 8 bits, which take \(most) rows at most")
}

func checkAddition(_ x: Buffer<Float>, to sum: Buffer<Float>) {
    precondition(x.count == sum.count, "\(x.count) elements added to \(sum.count)")
}

func checkBias(_ bias: Buffer<Float>, for matrix: Matrix) {
    checkRows(of: matrix)
    precondition(bias.count == matrix.columns, "a bias of \(bias.count) for a matrix of \(matrix.shape)")
}

func checkColumnSums(of matrix: Matrix, into sums: Buffer<Float>) {
    checkRows(of: matrix)
    precondition(sums.count == matrix.columns, "\(sums.count) column sums of a matrix of \(matrix.shape)")
}

func checkMean(of elements: Buffer<Float>, into result: Buffer<Float>) {
    precondition(elements.count > 0 && result.count == 1, "the mean of \(elements.count) elements into \(result.count)")
}

func checkGather(of table: Matrix, at indices: Buffer<Int32>, into rows: Matrix) {
    checkRows(of: table)
    precondition(
        !rows.isTransposed && rows.rows == indices.count && rows.columns == table.columns,
        "\(indices.count) rows of a table of \(table.shape) do not go into \(rows.shape)")
}

func checkScatter(_ rows: Matrix, by groups: IndexGroups, into table: Matrix) {
    checkRows(of: table)
    precondition(
        !rows.isTransposed && groups.starts.count == table.rows + 1 && groups.positions.count == rows.rows
            && rows.columns == table.columns,
        "rows of \(rows.shape), \(groups.positions.count) of them in \(groups.starts.count - 1) groups, do not go into a "
            + "table of \(table.shape)")
}

/// Of ``Backend/gatherColumns(of:at:into:)`` and of its gradient.
func checkColumns(of table: Matrix, at indices: Buffer<Int32>, as rows: Matrix) {
    checkRows(of: table)
    checkRows(of: rows)
    precondition(
        rows.rows == indices.count && rows.columns == table.rows,
        "\(indices.count) columns of a table of \(table.shape) are no rows of \(rows.shape)")
}

// MARK: Recurrent layers

func checkRecurrence(_ sequence: RecurrentSequence, _ weights: RecurrentWeights) {
    checkRows(of: weights.recurrent)
    let columns = sequence.cell.recurrentMatrixCount * sequence.hiddenSize
    precondition(
        weights.recurrent.rows == sequence.hiddenSize && weights.recurrent.columns == columns
            && weights.inputBias.count == sequence.gates.columns,
        "recurrent weights of \(weights.recurrent.shape) for \(sequence.hiddenSize) units of \(sequence.cell)")
}

func checkBackward(_ sequence: RecurrentSequence, _ weights: RecurrentWeights, outputGradient: Matrix) {
    precondition(sequence.isForTraining, "a backward pass through a sequence that was made without room for it")
    checkRecurrence(sequence, weights)
    checkRows(of: outputGradient)
    let outputs = sequence.outputs
    precondition(
        outputGradient.rows == outputs.rows && outputGradient.columns == outputs.columns,
        "an output gradient of \(outputGradient.shape) for outputs of \(outputs.shape)")
}

// MARK: Dropout, loss, optimization

func checkDropout(_ x: Buffer<Float>, into result: Buffer<Float>) {
    precondition(x.count == result.count, "dropout of \(x.count) elements into \(result.count)")
}

func checkCrossEntropy(_ logits: Matrix, _ bias: Buffer<Float>, _ targets: Buffer<Int32>, _ losses: Buffer<Float>) {
    checkRows(of: logits)
    precondition(
        bias.count == logits.columns && targets.count == logits.rows && losses.count == logits.rows,
        "logits of \(logits.shape) with a bias of \(bias.count), \(targets.count) targets and \(losses.count) losses")
}

func checkOptimizer(
    _ x: Buffer<Float>, _ gradient: Buffer<Float>, moments: Buffer<Float>..., norms: Buffer<Float>,
    clipping: GradientClipping
) {
    precondition(clipping.isValid, "gradients cannot be clipped by \(clipping)")
    precondition(
        gradient.count == x.count && moments.allSatisfy { $0.count == x.count } && norms.count == 2,
        "\(x.count) parameters with \(gradient.count) gradients, moments of \(moments.map(\.count)) and \(norms.count) "
            + "norms")
}

func checkCombination(_ x: Buffer<Float>, into y: Buffer<Float>) {
    precondition(x.count == y.count, "\(x.count) elements combined with \(y.count)")
}

func checkClip(_ clipping: GradientClipping, squares: Buffer<Float>) {
    precondition(clipping.isValid, "gradients cannot be clipped by \(clipping)")
    precondition(squares.count == 1, "a sum of squares into \(squares.count) elements")
}

func checkOrthogonalization(of blocks: [Matrix], by polynomials: [OddPolynomial]) {
    for block in blocks {
        precondition(!block.isTransposed, "a transposed matrix, \(block.shape), which only products accept")
    }
    precondition(polynomials.count > 1, "orthogonal by \(polynomials.count) polynomials")
}
