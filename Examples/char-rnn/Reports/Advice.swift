import CharRNN

/// What char-rnn's readme advises, said when it applies.
enum Advice {
    /// Parameters and characters should be of the same order of magnitude.
    static func size(
        _ configuration: LanguageModel.Configuration, parameters: Int, _ dataset: TrainingData
    ) -> String? {
        let recurrent = recurrentParameters(configuration, of: parameters)
        let ratio = Double(recurrent) / Double(dataset.characterCount)
        if ratio > 10 {
            return "the model has \(fixed(ratio, 0)) times as many recurrent parameters as the text has characters and "
                + "may just memorise it; watch the validation loss, and try a smaller --hidden-size or a larger --dropout"
        }
        if ratio < 0.1 {
            return "the text has \(fixed(1 / ratio, 0)) times as many characters as the model has recurrent "
                + "parameters; a larger --hidden-size will learn more from it"
        }
        return nil
    }

    /// The parameters without the rows that each character of the vocabulary has in the first layer and in the decoder: a
    /// large alphabet has many, and most of them are seldom learned from.
    static func recurrentParameters(_ configuration: LanguageModel.Configuration, of all: Int) -> Int {
        let width = configuration.cell.inputGates.count * configuration.hiddenSize
        return all - configuration.vocabulary.count
            * ((configuration.embeddingSize ?? width) + configuration.hiddenSize + 1)
    }

    /// A validation loss far above the training loss that has risen since its lowest, while the training loss has fallen:
    /// where both rise, or fall, something else is the matter.
    static func overfitting(_ validations: [TrainingEvent.Validation]) -> String? {
        guard let last = validations.last, let gap = gap(last), gap > 0.15,
            let best = validations.min(by: { $0.loss < $1.loss }), last.loss > best.loss,
            let loss = last.trainingLoss, let earlier = best.trainingLoss, loss < earlier
        else { return nil }
        let ratio = gap < 1 ? "\(fixed(100 * gap, 0)) % above" : "\(fixed(1 + gap, 1)) times"
        return "the validation loss has risen and is \(ratio) the training loss, which falls (overfitting); try "
            + "--dropout 0.5, a smaller --hidden-size, or more text"
    }

    /// A validation loss about as low as the training loss, at the end of a run whose last epoch has hardly lowered it.
    /// Before, the two are often equal, and more training is all that is needed.
    static func underfitting(_ validations: [TrainingEvent.Validation]) -> String? {
        guard let last = validations.last, let gap = gap(last), gap < 0.02,
            let earlier = validations.last(where: { $0.epoch <= last.epoch - 1 }), last.loss > 0.99 * earlier.loss
        else { return nil }
        return "the training and validation losses are about equal and hardly fall any more (underfitting); try a "
            + "larger --hidden-size"
    }

    private static func gap(_ validation: TrainingEvent.Validation) -> Double? {
        validation.trainingLoss.map { (validation.loss - $0) / $0 }
    }
}
