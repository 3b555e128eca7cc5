import CharRNN

/// What char-rnn's readme advises, said when it applies.
enum Advice {
    /// Parameters and characters should be of the same order of magnitude.
    static func size(parameters: Int, characters: Int) -> String? {
        let ratio = Double(parameters) / Double(characters)
        if ratio > 10 {
            return "the model has \(fixed(ratio, 0)) times as many parameters as the text has characters and may learn "
                + "it by heart; watch the validation loss, and make --hidden-size smaller or --dropout larger"
        }
        if ratio < 0.1 {
            return "the text has \(fixed(1 / ratio, 0)) times as many characters as the model has parameters; a larger "
                + "--hidden-size will learn more from it"
        }
        return nil
    }

    /// Training far below validation is overfitting, about equal is underfitting.
    static func fit(training: Double, validation: Double) -> String? {
        let gap = (validation - training) / training
        if gap > 0.15 {
            return "the validation loss is \(fixed(100 * gap, 0)) % above the training loss (overfitting); try "
                + "--dropout 0.5 or a smaller --hidden-size"
        }
        if gap < 0.02 {
            return "the training and validation losses are about equal (underfitting); go on training, or try a larger "
                + "--hidden-size"
        }
        return nil
    }
}
