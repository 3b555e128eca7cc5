import CPUKernels

extension CPUBackend {
    func dropout(_ x: Buffer<Float>, mask: DropoutMask, into result: Buffer<Float>) {
        checkDropout(x, into: result)
        let (window, rows) = mask.rows(of: x.count)
        for row in 0..<rows {
            let first = window.first + row * window.stride
            parallel(window.length, grain: 1 << 13, alignment: 32) { range in
                cpu_dropout_apply(
                    x.pointer, result.pointer, first + range.lowerBound, first + range.upperBound,
                    first - row * window.length, mask.threshold, mask.scale, mask.seed, mask.step, mask.layer)
            }
        }
    }

    func softmaxCrossEntropy(
        _ logits: Matrix, bias: Buffer<Float>, targets: Buffer<Int32>, gradientScale: Float?, losses: Buffer<Float>
    ) {
        checkCrossEntropy(logits, bias, targets, losses)
        parallel(logits.rows, grain: grain(rowLength: 8 * logits.columns)) { rows in
            let first = rows.lowerBound
            cpu_softmax_cross_entropy(
                logits.pointer(row: first), bias.pointer, targets.pointer + first, gradientScale ?? 0,
                gradientScale != nil, losses.pointer + first, rows.count, logits.columns)
        }
    }
}
