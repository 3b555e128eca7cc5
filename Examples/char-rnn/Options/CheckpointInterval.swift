import ArgumentParser
import CharRNN

extension CheckpointInterval {
    private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]

    /// Reads "1000", "90s", "5m" or "2h".
    ///
    /// - Throws: `ValidationError`.
    init(parsing text: String) throws {
        if let count = Int(text), count > 0 {
            self = .iterations(count)
        } else if let unit = text.last.flatMap({ Self.units[$0] }), let number = Double(text.dropLast()),
            number > 0, number.isFinite
        {
            self = .seconds(number * unit)
        } else {
            throw ValidationError("it must be a number of iterations, as 1000, or a time, as 90s, 5m or 2h.")
        }
    }

    /// What ``init(parsing:)`` reads.
    var option: String {
        switch self {
        case .iterations(let count): "\(count)"
        case .seconds(let seconds): "\(seconds)s"
        }
    }
}
