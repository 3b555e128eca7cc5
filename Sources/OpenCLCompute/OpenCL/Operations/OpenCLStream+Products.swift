import CCLBlast
import COpenCL

extension OpenCLStream {
    /// c = a·b, or c += a·b when `adding`: by CLBlast, on processors by kernels of our own.
    mutating func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        checkProduct(a, b, into: c)
        // CLBlast refuses a side of 0.
        guard c.rows > 0 && c.columns > 0 else { return }
        guard a.columns > 0 else {
            if !adding { for i in 0..<c.rows { try fill(c.rows(i..<i + 1).elements, with: 0) } }
            return
        }
        if context.info.isProcessor {
            try multiplyOnProcessor(a, b, into: c, adding: adding)
        } else if c.rows == 1 {
            try multiplyRow(a, b, into: c, adding: adding)
        } else {
            try multiplyMatrices(a, b, into: c, adding: adding)
        }
    }

    /// CLBlast's GEMM computes in columns. Asked for rows it would transpose all three matrices; as columns, the same
    /// memory holds the transposes, and cᵀ = bᵀ·aᵀ.
    private mutating func multiplyMatrices(
        _ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool
    ) throws {
        var queue: cl_command_queue? = context.queue.pointer
        var temporaryBytes = 0
        try check(
            CLBlastSGemmTempBufferSize(
                CLBlastLayoutColMajor, b.transposition, a.transposition, c.columns, c.rows, a.columns,
                b.elements.offset, b.stride, a.elements.offset, a.stride, c.elements.offset, c.stride,
                &queue, &temporaryBytes),
            "CLBlastSGemmTempBufferSize", on: context.name)
        // Left to itself CLBlast allocates at each call.
        let temporary =
            temporaryBytes > 0 ? try workspace(.copies, count: temporaryBytes.dividedRoundingUp(by: 4)) : nil
        try check(
            context.enqueue(
                .product, "clblast_gemm \(c.rows)x\(c.columns)x\(a.columns)",
                bytes: a.byteCount + b.byteCount + c.byteCount, operations: operations(a, b)
            ) { event in
                CLBlastSgemmWithTempBuffer(
                    CLBlastLayoutColMajor, b.transposition, a.transposition, c.columns, c.rows, a.columns, 1,
                    b.elements.memory, b.elements.offset, b.stride, a.elements.memory, a.elements.offset, a.stride,
                    adding ? 1 : 0, c.elements.memory, c.elements.offset, c.stride, &queue, event, temporary?.memory)
            },
            "CLBlastSgemmWithTempBuffer", on: context.name)
    }

    /// One row: GEMM would pad it to a whole tile. Read as columns, the memory of b holds bᵀ, and cᵀ = bᵀ·aᵀ.
    private func multiplyRow(_ a: Matrix, _ b: Matrix, into c: Matrix, adding: Bool) throws {
        // With a beta of 0 CLBlast's GEMV still multiplies what is there, and NaN stays NaN.
        if !adding { try fill(c.rows(0..<1).elements, with: 0) }
        var queue: cl_command_queue? = context.queue.pointer
        try check(
            context.enqueue(
                .product, "clblast_gemv \(c.columns)x\(a.columns)", bytes: a.byteCount + b.byteCount + c.byteCount,
                operations: operations(a, b)
            ) { event in
                CLBlastSgemv(
                    CLBlastLayoutColMajor, b.transposition, b.isTransposed ? b.rows : b.columns,
                    b.isTransposed ? b.columns : b.rows, 1, b.elements.memory, b.elements.offset, b.stride,
                    a.elements.memory, a.elements.offset, a.isTransposed ? a.stride : 1,
                    1, c.elements.memory, c.elements.offset, 1, &queue, event)
            },
            "CLBlastSgemv", on: context.name)
    }
}

extension OpenCLStream {
    /// The multiplications and additions of a·b.
    func operations(_ a: Matrix, _ b: Matrix) -> Int { 2 * a.rows * a.columns * b.columns }
}

extension Matrix {
    fileprivate var transposition: CLBlastTranspose { isTransposed ? CLBlastTransposeYes : CLBlastTransposeNo }
}
