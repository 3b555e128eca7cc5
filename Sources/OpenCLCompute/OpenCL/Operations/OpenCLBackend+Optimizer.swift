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
}

extension OpenCLStream {
    /// Runs an optimizer's `step` on n parameters, with what clipping needs before it and the norms after it.
    fileprivate mutating func optimize(
        _ n: Int, _ gradient: Buffer<Float>, _ clipping: GradientClipping, norms: Buffer<Float>,
        step: (
            inout OpenCLStream, _ parts: (count: Int, size: Int), _ bounds: (value: Float, norm: Float),
            _ sums: Buffer<Float>
        ) throws -> Void
    ) throws {
        guard n > 0 else { return try fill(norms, with: 0) }
        // Enough parts to keep a large GPU busy, and few enough for one work-group to add up their sums.
        let size = max(512, n.dividedRoundingUp(by: 1024))
        let parts = (count: n.dividedRoundingUp(by: size), size: size)
        let sums = try workspace(.sums, count: 2 * parts.count)
        var bounds = (value: Float.infinity, norm: Float.infinity)
        switch clipping {
        case .none: break
        case .value(let bound): bounds.value = bound
        case .norm(let bound):
            bounds.norm = bound
            try launch("reduce_squares", groups: parts.count, n, parts.size, gradient, sums)
            try launch("reduce_rows", groups: 1, parts.count, Float(1), sums, norms)
        }
        try step(&self, parts, bounds, sums)
        try launch("reduce_rows", groups: 2, parts.count, Float(1), sums, norms)
    }
}
