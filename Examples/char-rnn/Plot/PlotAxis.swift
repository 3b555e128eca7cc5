import ArgumentParser
import CharRNN
import Glibc

/// What a plot has from left to right.
enum PlotAxis: String, CaseIterable, ExpressibleByArgument {
    case iteration, characters, time
}

/// A range of numbers on a line of a picture.
struct PlotScale {
    let low, high: Double
    var isLogarithmic = false
    /// Where the two ends lie in the picture.
    let start, end: Double

    /// - Returns: a place beyond the ends for a number beyond them.
    func callAsFunction(_ value: Double) -> Double {
        let share =
            isLogarithmic
            ? (log(value) - log(low)) / (log(high) - log(low)) : (value - low) / (high - low)
        return start + share * (end - start)
    }

    /// Round numbers within the range, 1, 2 or 5 times a power of ten apart, with so much room between them in the picture
    /// that what is written beside them does not touch. There are two at least: a number alone would be no scale.
    func ticks(apart distance: Double) -> [Double] {
        isLogarithmic ? logarithmicTicks(distance) : linearTicks(distance)
    }

    private func logarithmicTicks(_ distance: Double) -> [Double] {
        let powers = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
        let all = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
            .filter { (low...high).contains($0) }
        func isApart(_ numbers: [Double]) -> Bool {
            zip(numbers, numbers.dropFirst()).allSatisfy { (self($0) - self($1)).magnitude >= distance }
        }
        // Where all are too close, powers of ten only, and where those are, some of them.
        let tens = all.filter { log10($0).rounded() == log10($0) }
        let numbers = tens.count > 1 && !isApart(all) ? tens : all
        func each(_ step: Int) -> [Double] { stride(from: 0, to: numbers.count, by: step).map { numbers[$0] } }
        let widest = max(1, numbers.count - 1)
        return each((1...widest).first { isApart(each($0)) } ?? widest)
    }

    private func linearTicks(_ distance: Double) -> [Double] {
        let rough = (high - low) * distance / (end - start).magnitude
        let power = pow(10, log10(rough).rounded(.down))
        let steps = [0.5, 1, 2, 5, 10].map { $0 * power }
        func numbers(_ step: Double) -> [Double] {
            let first = (low / step - 1e-6).rounded(.up)
            let last = (high / step + 1e-6).rounded(.down)
            // Minus zero is zero.
            return first <= last ? stride(from: first, through: last, by: 1).map { $0 * step + 0 } : []
        }
        // Where there is one alone, with the next smaller step there are two.
        let place = steps.firstIndex { $0 >= rough * 0.999 } ?? steps.count - 1
        let wide = numbers(steps[place])
        return wide.count > 1 ? wide : numbers(steps[max(0, place - 1)])
    }
}

enum PlotText {
    /// As short as it can be said: 1.5, 2,000, 1.5M.
    static func number(_ value: Double) -> String {
        if value.magnitude >= 999_999.5 { return trimmed(value / 1_000_000, 2) + "M" }
        if value.magnitude >= 1000 { return "\(Count(Int(value.rounded())))" }
        if value != 0, value.magnitude < 0.0001 { return scientific(value, 0) }
        return trimmed(value, 5)
    }

    private static func trimmed(_ value: Double, _ decimals: Int) -> String {
        var text = fixed(value, decimals)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
