extension OpenCLBackend {
    func rmsProp(
        _ x: Buffer<Float>, gradient: Buffer<Float>, meanSquare: Buffer<Float>, clipping: GradientClipping,
        learningRate: Float, decay: Float, epsilon: Float, norms: Buffer<Float>
    ) throws {
        checkOptimizer(x, gradient, moments: meanSquare, norms: norms, clipping: clipping)
        try enqueue { stream in
            try stream.optimize(x.count, gradient, clipping, norms: norms) { stream, parts, bounds, sums in
                try stream.launch(
                    "optimizer_rmsprop", groups: parts.count, x.count, parts.size, bounds.value, bounds.norm,
                    learningRate, decay, epsilon, x, gradient, meanSquare, norms, sums)
            }
        }
    }

    func adam(
        _ x: Buffer<Float>, gradient: Buffer<Float>, mean: Buffer<Float>, meanSquare: Buffer<Float>,
        clipping: GradientClipping, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
        iteration: Int, norms: Buffer<Float>
    ) throws {
        checkOptimizer(x, gradient, moments: mean, meanSquare, norms: norms, clipping: clipping)
        let meanScale = adamCorrection(beta1, iteration: iteration)
        let squareScale = adamCorrection(beta2, iteration: iteration)
        try enqueue { stream in
            try stream.optimize(x.count, gradient, clipping, norms: norms) { stream, parts, bounds, sums in
                try stream.launch(
                    "optimizer_adam", groups: parts.count, x.count, parts.size, bounds.value, bounds.norm,
                    learningRate, beta1, beta2, epsilon, meanScale, squareScale, x, gradient, mean, meanSquare,
                    norms, sums)
            }
        }
    }

    func combine(_ x: Buffer<Float>, times a: Float, into y: Buffer<Float>, times b: Float) throws {
        checkCombination(x, into: y)
        try enqueue { stream in
            try stream.launch("optimizer_combine", rows: 1, columns: x.count, x.count, a, b, x, y)
        }
    }

    func clip(_ x: Buffer<Float>, by clipping: GradientClipping, squares: Buffer<Float>) throws {
        checkClip(clipping, squares: squares)
        try enqueue { stream in
            guard x.count > 0 else { return try stream.fill(squares, with: 0) }
            let parts = OpenCLStream.parts(of: x.count)
            let sums = try stream.workspace(.sums, count: parts.count)
            let bounds = try stream.bounds(clipping, of: x, parts, sums: sums, squares: squares)
            if clipping == .none {
                try stream.launch("reduce_squares", groups: parts.count, x.count, parts.size, x, sums)
            } else {
                try stream.launch(
                    "optimizer_bound", groups: parts.count, x.count, parts.size, bounds.value, bounds.norm, x, squares,
                    sums)
            }
            try stream.launch("reduce_rows", groups: 1, parts.count, Float(1), sums, squares)
        }
    }

    func orthogonalize(_ blocks: [Matrix], by polynomials: [OddPolynomial]) throws {
        checkOrthogonalization(of: blocks, by: polynomials)
        for block in blocks where block.rows > 0 && block.columns > 0 {
            try enqueue { stream in try stream.orthogonalize(block, by: polynomials) }
        }
    }
}

extension OpenCLStream {
    fileprivate mutating func orthogonalize(_ block: Matrix, by polynomials: [OddPolynomial]) throws {
        let (rows, columns) = (block.rows, block.columns)
        let (n, count) = (min(rows, columns), rows * columns)
        let room = try workspace(.orthogonal, count: 2 * count + 2 * n * n + 1)
        let iterates = [0, count].map { Matrix(room[$0..<$0 + count], rows: rows, columns: columns) }
        let squares = [2 * count, 2 * count + n * n].map { Matrix(room[$0..<$0 + n * n], rows: n, columns: n) }
        let bound = room[room.count - 1..<room.count]
        // One group, as large as there is: the block is small beside the products that follow.
        let items = context.info.isProcessor ? context.info.laneCount : 1024
        try launch(
            "muon_normalize", groups: 1, ofAtMost: items, localFloats: { $0 },
            [rows, columns, block.stride, block.elements])
        var x = block
        for (step, polynomial) in polynomials.enumerated() {
            let next = step == polynomials.count - 1 ? block : iterates[step % 2]
            // Of XXᵀ and XᵀX the smaller.
            let (left, right) = rows <= columns ? (x, x.transposed) : (x.transposed, x)
            try multiply(left, right, into: squares[0], adding: false)
            try multiply(squares[0], squares[0], into: squares[1], adding: false)
            if step == 0 {
                try launch(
                    "muon_bound", groups: 1, ofAtMost: items, localFloats: { $0 }, [n * n, squares[1].elements, bound])
            } else if step == 1 {
                try fill(bound, with: 1)
            }
            try launch(
                "muon_polynomial", rows: n, columns: n, n, polynomial.a, polynomial.b, polynomial.c, bound,
                squares[0].elements, squares[1].elements)
            let (first, second) = rows <= columns ? (squares[1], x) : (x, squares[1])
            try multiply(first, second, into: next, adding: false)
            x = next
        }
    }

    /// Runs an optimizer's `step` on n parameters, with what clipping needs before it and the norms after it.
    fileprivate mutating func optimize(
        _ n: Int, _ gradient: Buffer<Float>, _ clipping: GradientClipping, norms: Buffer<Float>,
        step: (
            inout OpenCLStream, _ parts: (count: Int, size: Int), _ bounds: (value: Float, norm: Float),
            _ sums: Buffer<Float>
        ) throws -> Void
    ) throws {
        guard n > 0 else { return try fill(norms, with: 0) }
        let parts = Self.parts(of: n)
        let sums = try workspace(.sums, count: 2 * parts.count)
        let bounds = try self.bounds(clipping, of: gradient, parts, sums: sums, squares: norms[0..<1])
        try step(&self, parts, bounds, sums)
        try launch("reduce_rows", groups: 2, parts.count, Float(1), sums, norms)
    }

    /// Enough parts to keep a large GPU busy, and few enough for one work-group to add up their sums.
    fileprivate static func parts(of n: Int) -> (count: Int, size: Int) {
        let size = max(512, n.dividedRoundingUp(by: 1024))
        return (n.dividedRoundingUp(by: size), size)
    }

    /// What clipping amounts to for each component and for the norm, of which the square is put into `squares` where it
    /// is needed.
    fileprivate mutating func bounds(
        _ clipping: GradientClipping, of gradient: Buffer<Float>, _ parts: (count: Int, size: Int),
        sums: Buffer<Float>, squares: Buffer<Float>
    ) throws -> (value: Float, norm: Float) {
        switch clipping {
        case .none: return (.infinity, .infinity)
        case .value(let bound): return (bound, .infinity)
        case .norm(let bound):
            try launch("reduce_squares", groups: parts.count, gradient.count, parts.size, gradient, sums)
            try launch("reduce_rows", groups: 1, parts.count, Float(1), sums, squares)
            return (.infinity, bound)
        }
    }
}
