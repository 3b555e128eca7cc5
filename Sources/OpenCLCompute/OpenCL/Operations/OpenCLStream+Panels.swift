/// Products on processors, by CLKernels/product.cl, which has the shapes.
extension OpenCLStream {
    /// Whether so many rows, which are multiplied by the same factor, repay its copy in panels.
    static func repaysPanels(rows: Int) -> Bool { rows >= 8 }

    /// The elements of a k × n matrix in panels.
    static func panelCount(rows k: Int, columns n: Int) -> Int {
        n.dividedRoundingUp(by: KernelConstants.panelColumns) * KernelConstants.panelColumns * k
    }

    /// c = a·b, or c += a·b when `adding`; no side is 0.
    mutating func multiplyOnProcessor(
        _ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool
    ) throws {
        if c.rows == 1 && !b.isTransposed {
            return try launchAlone(
                "product_row", columns: b.columns.dividedRoundingUp(by: KernelConstants.rowColumns),
                operations: operations(a, b),
                [
                    b.columns, b.rows, adding ? 1 : 0, a.elements, a.isTransposed ? a.stride : 1, b.elements, b.stride,
                    c.elements,
                ])
        }
        let a = a.isTransposed ? try transpose(a) : a
        if !Self.repaysPanels(rows: c.rows) && !b.isTransposed {
            try multiply(
                a, b.elements, panelStep: KernelConstants.panelColumns, rowStep: b.stride, storedColumns: b.columns,
                into: c,
                adding: adding)
        } else {
            let panels = try workspace(.panels, count: Self.panelCount(rows: b.rows, columns: b.columns))
            try pack(b, into: panels)
            try multiply(a, panels: panels, into: c, adding: adding)
        }
    }

    /// Writes the panels of b.
    mutating func pack(_ b: Matrix, into panels: Buffer<Float>) throws {
        try launchAlone(
            "product_pack", columns: b.columns.dividedRoundingUp(by: KernelConstants.panelColumns),
            rows: b.rows.dividedRoundingUp(by: KernelConstants.blockDepth),
            [b.columns, b.rows, b.isTransposed ? 1 : b.stride, b.isTransposed ? b.stride : 1, b.elements, panels])
    }

    /// c (+)= a·b for a b in panels.
    mutating func multiply(
        _ a: Matrix, panels: Buffer<Float>, into c: Matrix, adding: Bool
    ) throws {
        try multiply(
            a, panels, panelStep: KernelConstants.panelColumns * a.columns, rowStep: KernelConstants.panelColumns,
            storedColumns: c.columns.dividedRoundingUp(by: KernelConstants.panelColumns) * KernelConstants.panelColumns,
            into: c, adding: adding)
    }

    private mutating func multiply(
        _ a: Matrix, _ b: Buffer<Float>, panelStep: Int, rowStep: Int, storedColumns: Int,
        into c: Matrix, adding: Bool
    ) throws {
        let panels = c.columns.dividedRoundingUp(by: KernelConstants.panelColumns)
        // The rows of a that stay in the second-level cache, or fewer to give every core some items.
        var rows = 32 * KernelConstants.tileRows
        while rows > KernelConstants.tileRows
            && panels * c.rows.dividedRoundingUp(by: rows) < 4 * context.info.computeUnits
        {
            rows /= 2
        }
        try launchAlone(
            "product_multiply", columns: panels, rows: c.rows.dividedRoundingUp(by: rows),
            operations: 2 * c.rows * a.columns * c.columns,
            [
                c.rows, c.columns, a.columns, rows, adding ? 1 : 0, a.elements, a.stride, b, panelStep, rowStep,
                storedColumns, c.elements, c.stride,
            ])
    }

    /// The stored matrix of a transposed one, turned over.
    private mutating func transpose(_ matrix: Matrix) throws -> Matrix {
        let elements = try workspace(.copies, count: matrix.rows * matrix.columns)
        let result = Matrix(elements, rows: matrix.rows, columns: matrix.columns)
        try transpose(matrix.transposed, into: result)
        return result
    }
}
