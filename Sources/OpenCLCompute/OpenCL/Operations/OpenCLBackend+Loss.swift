extension OpenCLBackend {
    func dropout(_ x: Buffer<Float>, mask: DropoutMask, into result: Buffer<Float>) throws {
        checkDropout(x, into: result)
        let (window, rows) = mask.rows(of: x.count)
        try enqueue { stream in
            // A row may begin within a block of four and end within another.
            try stream.launch(
                "dropout_apply", items: window.length.dividedRoundingUp(by: 4) + 1, rows: rows,
                [
                    window.first, window.length, window.stride, mask.threshold, mask.scale, mask.layer,
                    UInt32(truncatingIfNeeded: mask.step), UInt32(truncatingIfNeeded: mask.step >> 32),
                    UInt32(truncatingIfNeeded: mask.seed), UInt32(truncatingIfNeeded: mask.seed >> 32),
                    x, result,
                ])
        }
    }

    func softmaxCrossEntropy(
        _ logits: Matrix, bias: Buffer<Float>, targets: Buffer<Int32>, gradientScale: Float?, losses: Buffer<Float>
    ) throws {
        checkCrossEntropy(logits, bias, targets, losses)
        try enqueue { stream in
            try stream.launch(
                "softmax_cross_entropy", groups: logits.rows, logits.columns, gradientScale ?? 0,
                gradientScale == nil ? 0 : 1, logits, bias, targets,
                losses)
        }
    }
}
