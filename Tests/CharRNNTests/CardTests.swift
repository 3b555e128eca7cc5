import CharRNN
import Foundation
import TestSupport
import Testing

/// Model cards.
@Suite struct CardTests {
    @Test func aRunIsDescribed() throws {
        let trainer = try Run(cell: .gru, dropout: 0.25, options: .init(resetProbability: 0.5)).trainer()
        for _ in 0..<2 { _ = try trainer.step() }
        _ = try trainer.evaluate(.validation)
        var checkpoint = try Checkpoint(of: trainer)
        checkpoint.options = ["data-dir": "/home/somebody/texts/my `plays`", "label": "x"]
        let card = checkpoint.card(title: "plays", sampling: "char-rnn sample plays.safetensors")
        for line in [
            "---\nlicense: unknown\n", "\n- gru\n---\n\n# plays\n", "Trained on `my plays`.", "GRU, layers: ",
            "dropout: 0.25", "| parameters | \(checkpoint.parameterCount) |", "| training, mean of the last 2 steps |",
            "RMSProp, decay 0.95", "each component to ±5.0", "2 steps",
            "streams of 4 characters, reset with probability 0.5 |", "## Licence",
            "````\nchar-rnn sample plays.safetensors\n````",
        ] {
            #expect(card.contains(line), "'\(line)' is not in:\n\(card)")
        }
        #expect(!card.contains("somebody"), "a path of the machine")
        #expect(try checkpoint.converted(to: .int8).card(title: "a", sampling: "b").contains("rounded to 8 bits"))
        #expect(!card.contains("8 bits"))
    }

    @Test(
        arguments: zip(RecurrentCell.allCases, ["LSTM", "GRU", "RNN", "minGRU", "Mogrifier LSTM"]))
    func aCellHasItsNameInProse(_ cell: RecurrentCell, _ title: String) throws {
        let card = try Checkpoint(of: Run(cell: cell).model()).card(title: "a", sampling: "b")
        #expect(card.contains("\n| network | \(title), layers: 2, "), "\(card)")
        #expect(card.contains("\n- \(cell.rawValue)\n"))
    }

    @Test func weightsAloneSayThatTheRestIsUnknown() throws {
        let card = try Checkpoint(of: Run().model()).card(title: "a", sampling: "b")
        #expect(card.contains("Unknown: the file holds weights without the run that made them."))
        #expect(card.contains("Say here what the text is and where it comes from."))
    }

    /// What a `.t7` tells of its run is under char-rnn's own names.
    @Test func aModelOfCharRNNIsDescribed() throws {
        let old = OriginalCharRNN(.rnn, tokens: [[97], [98]], hiddenSize: 2, layerCount: 1)
        let checkpoint = try Checkpoint(torch: Data(old.bytes()), path: "old.t7")
        let card = checkpoint.card(title: "old", sampling: "c")
        #expect(card.contains("| validation | 2.2500 | 3.2461 |"))
    }
}
