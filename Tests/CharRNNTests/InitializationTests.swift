import CharRNN
import Foundation
import TestSupport
import Testing

/// The initial weights.
@Suite struct InitializationTests {
    private func configuration(_ cell: RecurrentCell, hiddenSize: Int = 128) -> LanguageModel.Configuration {
        let alphabet = String((0..<65).map { Character(Unicode.Scalar(0x21 + UInt8($0))) })
        return .init(cell: cell, vocabulary: Vocabulary(of: alphabet), hiddenSize: hiddenSize, layerCount: 2)
    }

    @Test(arguments: [(RecurrentCell.lstm, 240_321), (.gru, 182_337), (.rnn, 66_369)])
    func parametersAreCountedAsCharRNNCountsThem(_ cell: RecurrentCell, _ count: Int) throws {
        let model = try LanguageModel(configuration(cell), on: .cpu, seed: 1)
        #expect(model.parameterCount == count)
        #expect(try model.parameterValues().count == count)
    }

    /// Where the input biases of the forget gates lie.
    private func forgetBiases(_ cell: RecurrentCell, _ v: Int, _ h: Int) -> [Range<Int>] {
        // The columns of W, of U and of a bias, and those before the forget gate, as multiples of H.
        let (w, u, bias, forget) = cell == .lstm ? (4, 4, 4, 1) : (1, 10, 7, 3)
        let first = (v * w + h * u + forget) * h
        let second = (v * w + h * u + 2 * bias + h * w + h * u + forget) * h
        return [first..<first + h, second..<second + h]
    }

    @Test(arguments: RecurrentCell.allCases, [true, false])
    func weightsAndBiasesAreUniform(_ cell: RecurrentCell, isTorch: Bool) throws {
        var generator = SplitMix64(seed: 3)
        let configuration = configuration(cell)
        let model =
            isTorch
            ? try LanguageModel(configuration, on: .cpu, seed: 3)
            : try LanguageModel(configuration, on: .cpu, using: &generator)
        var values = try model.parameterValues()
        if cell == .lstm || cell == .mogrifier {
            for range in forgetBiases(cell, 65, 128).reversed() {
                #expect(values[range].allSatisfy { $0 == 1 }, "the forget gates begin open")
                values.removeSubrange(range)
            }
        }
        #expect(values.allSatisfy { abs($0) <= 0.08 })
        // Of a uniform variable: mean 0, variance 0.08²/3, its fourth moment 0.08⁴/5. Bounds of 5 standard deviations.
        let count = Double(values.count)
        let mean = values.reduce(0) { $0 + Double($1) } / count
        let variance = values.reduce(0) { $0 + Double($1) * Double($1) } / count
        #expect(abs(mean) <= 5 * 0.08 / (3 * count).squareRoot())
        let deviation = 0.08 * 0.08 * (1.0 / 5 - 1.0 / 9).squareRoot() / count.squareRoot()
        #expect(abs(variance - 0.08 * 0.08 / 3) <= 5 * deviation)
        #expect(Set(values).count > values.count * 9 / 10, "each is drawn by itself")
    }

    @Test func theSameSeedGivesTheSameWeightsOnEveryDevice() throws {
        let configuration = configuration(.lstm, hiddenSize: 7)
        let expected = try LanguageModel(configuration, on: .cpu, seed: 42).parameterValues()
        for device in Device.underTest {
            let model = try LanguageModel(configuration, on: device, seed: 42)
            expectSame(try model.parameterValues(), expected, "weights on \(device)")
        }
        #expect(try LanguageModel(configuration, on: .cpu, seed: 43).parameterValues() != expected)
    }

    @Test func aGeneratorMovesOn() throws {
        var generator = SplitMix64(seed: 42)
        let configuration = configuration(.rnn, hiddenSize: 7)
        let first = try LanguageModel(configuration, on: .cpu, using: &generator).parameterValues()
        let second = try LanguageModel(configuration, on: .cpu, using: &generator).parameterValues()
        #expect(first != second)
        generator = SplitMix64(seed: 42)
        expectSame(try LanguageModel(configuration, on: .cpu, using: &generator).parameterValues(), first)
    }

    @Test func theTwisterGivesThePublishedNumbers() {
        // The first of the standard's default seed, and numpy.random.RandomState(123).
        var standard = MersenneTwister(seed: 5489)
        #expect(standard.next() == 3_499_211_612)
        // The 10000th, as the C++ standard demands of std::mt19937: 16 refills.
        for _ in 0..<9_998 { _ = standard.next() }
        #expect(standard.next() == 4_123_659_995)
        var torch = MersenneTwister(seed: 123)
        #expect((0..<3).map { _ in torch.next() } == [2_991_312_382, 3_062_119_789, 1_228_959_102])
    }
}
