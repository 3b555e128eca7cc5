import ArgumentParser

/// The options of a command that take numbers, by their names, told by the types of its properties.
///
/// What the parser says of a wrong number does not say what is right, and of those with a point it takes inf and nan, which
/// no option has a use for.
struct NumericOptions {
    private enum Kind {
        case whole, wholeOrRandom, single, double
    }

    private var kinds: [String: Kind] = [:]

    init(of command: any ParsableArguments.Type) { add(command) }

    private mutating func add(_ arguments: any ParsableArguments.Type) {
        for (label, value) in Mirror(reflecting: arguments.init()).children {
            if let group = value as? any OptionGroupType { add(type(of: group).members) }
            // The parser names options so, too: _hiddenSize is --hidden-size.
            let name =
                "-" + (label ?? "").map { $0 == "_" || $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
            kinds[name.filter { $0 != "_" }] =
                switch value {
                case is Option<Int>, is Option<Int?>: .whole
                case is Option<SeedChoice>: .wholeOrRandom
                case is Option<Float>, is Option<Float?>: .single
                case is Option<Double>, is Option<Double?>: .double
                default: nil
                }
        }
    }

    /// - Throws: `ValidationError` for a value that is none of the numbers that an option takes.
    func check(_ value: String, of option: String) throws {
        func expect(_ isRight: Bool, _ what: String) throws {
            try require(isRight, "\(option) \(value): it must be \(what).")
        }
        let isLong = Int(value) == nil && value.wholeMatch(of: /[-+]?\d+/) != nil
        let number = "a number, such as 0.5"
        switch kinds[option] {
        case .whole: try expect(Int(value) != nil, isLong ? "a smaller number" : "a whole number")
        case .wholeOrRandom: try expect(SeedChoice(argument: value) != nil, "a whole number, or random")
        case .single: try expect(Float(value)?.isFinite ?? false, Float(value) == nil ? number : "a finite number")
        case .double: try expect(Double(value)?.isFinite ?? false, Double(value) == nil ? number : "a finite number")
        case nil: break
        }
    }
}

private protocol OptionGroupType {
    static var members: any ParsableArguments.Type { get }
}

extension OptionGroup: OptionGroupType {
    static var members: any ParsableArguments.Type { Value.self }
}
