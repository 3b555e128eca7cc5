import OpenCLCompute

/// A model at work on N texts side by side: it reads a token of some of them and says what it expects next. All that groups
/// need of a model, whichever threads it works with.
protocol Predictor: AnyObject, Sendable {
    /// Reads a token of each of the first texts, in their order; the others rest. Returns what follows, V logits for each.
    func read(_ tokens: [Int32]) throws -> [Float]
    /// What is remembered of all that a text has read.
    func state(of text: Int) throws -> LanguageModel.State
    func setState(_ state: LanguageModel.State, of text: Int) throws
    /// Has a text go on from where another is.
    func copy(_ text: Int, to other: Int) throws
    func exchange(_ text: Int, _ other: Int) throws
    /// Which others with the same parameters may share. With an embedding it takes longer to make than a text to read.
    var tokens: TokenTable { get }
}

extension LanguageModel {
    /// A predictor of one text, which has read nothing.
    ///
    /// - Parameter tokens: those of another predictor with the same parameters.
    /// - Throws: `DeviceError` when the device has not enough memory.
    func makePredictor(sharing tokens: TokenTable? = nil) throws -> NetworkPredictor {
        try NetworkPredictor(parameters, count: 1, alwaysAll: alwaysAll, sharing: tokens)
    }

    /// A predictor of some texts, which have read nothing.
    ///
    /// - Parameters:
    ///   - count: how many texts.
    ///   - tokens: those of another predictor with the same parameters.
    /// - Throws: `DeviceError` when the device has not enough memory.
    func makePredictor(ofTexts count: Int, sharing tokens: TokenTable? = nil) throws -> any Predictor {
        let shares = try makePredictors(ofTexts: count, sharing: tokens)
        return shares.count > 1 ? DealtPredictor(shares, vocabulary.count, parameters.backend) : shares[0]
    }

    /// Predictors of so many texts in all, which have read nothing: on the CPU device one for each thread that has some by
    /// itself, see ``Deal``.
    ///
    /// - Throws: `DeviceError` when the device has not enough memory.
    func makePredictors(ofTexts count: Int, sharing tokens: TokenTable? = nil) throws -> [NetworkPredictor] {
        // For so many it is worth it to have the weights arranged.
        let parameters = count >= 8 ? try parameters.arranged() : parameters
        let deal = Deal(count, parameters.layout, threads: parameters.backend.threadCount)
        var predictors: [NetworkPredictor] = []
        for share in 0..<deal.shares {
            predictors.append(
                try NetworkPredictor(
                    parameters, count: deal.texts(of: share, among: count).count, alwaysAll: alwaysAll,
                    sharing: tokens ?? predictors.first?.tokens))
        }
        return predictors
    }

    /// CLBlast, which multiplies on graphics cards, adds up in another order for other numbers of rows.
    private var alwaysAll: Bool { ![.cpu, .openCLProcessor].contains(device.kind) }
}
