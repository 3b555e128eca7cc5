import CPUKernels
import Glibc
import Testing

/// The weights by which the host draws, against the C library's exponentials.
@Suite struct WeightTests {
    private func weigh(_ logits: [Float], maximum: Float) -> (sum: Double, weights: [Double]) {
        var weights = [Double](repeating: .nan, count: logits.count)
        return (cpu_weigh(logits, maximum, &weights, logits.count), weights)
    }

    /// Counts that fill the registers and counts that do not.
    @Test(arguments: [1, 7, 65, 129]) func exponentials(count: Int) {
        for start in 0..<2000 {
            let logits = (0..<count).map { 3 - Float(start * count + $0) * 707 / Float(2000 * count) }
            let (sum, weights) = weigh(logits, maximum: 3)
            var expectedSum = 0.0
            for (logit, weight) in zip(logits, weights) {
                let expected = exp(Double(logit) - 3)
                expectedSum += expected
                #expect(abs(weight - expected) <= 2 * expected.ulp, "e^(\(logit) - 3)")
            }
            // Each of the additions rounds, in an order of its own.
            #expect(abs(sum - expectedSum) <= Double(count + 2) * expectedSum.ulp)
        }
    }

    @Test func nothingIsLeftOfWhatIsRuledOut() {
        let logits: [Float] = [.nan, -.infinity, 1, .infinity, -708, -.greatestFiniteMagnitude, 1]
        let (sum, weights) = weigh(logits, maximum: 1)
        #expect(weights == [0, 0, 1, 0, 0, 0, 1])
        #expect(sum == 2)
    }
}
