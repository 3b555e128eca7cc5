import CharRNN
import Foundation
import TestSupport
import Testing

/// What `char-rnn explain` writes. `Tests/Browser` opens the page in a browser.
@Suite struct ExplainCommandTests {
    private struct Page: Decodable {
        struct Series: Decodable {
            let scale: Double
            let data: Data
        }
        struct Part: Decodable {
            let name, short, title: String
            let isGate: Bool
        }
        struct Group: Decodable {
            struct Cell: Decodable {
                let layer, unit: Int
                let r: Double
            }
            let signal: String
            let cells: [Cell]
        }
        let cell: String
        let vocabulary: [String]
        let layers, units, likeliest: Int
        let parts: [Part]
        let telling: [Group]
        let shortestTelling: Int
        let tokens, next, chance, surprise, entropy: Data
        let series: [String: Series]
    }

    private static let text = String(repeating: "say \"a</script>\" <!-- &\n", count: 60)

    private func inFolder(_ options: [String] = [], _ body: (Workplace, String) throws -> Void) throws {
        try Workplace.inNewFolder(text: Self.text) { place in
            try place.write(Self.text, to: "text")
            try body(place, try place.train(options))
        }
    }

    private func page(_ place: Workplace, _ path: String) throws -> Page {
        let html = try String(contentsOf: place.url(path), encoding: .utf8)
        #expect(html.hasPrefix("<!doctype html>") && html.hasSuffix("</html>\n"))
        let start = try #require(html.range(of: #"<script type="application/json" id="data">"#)?.upperBound)
        let end = try #require(html.range(of: "</script>", range: start..<html.endIndex)?.lowerBound)
        return try JSONDecoder().decode(Page.self, from: Data(html[start..<end].utf8))
    }

    private func words<Word: FixedWidthInteger>(_ data: Data, _ type: Word.Type) -> [Word] {
        data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<Word>.size).map {
                Word(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Word.self))
            }
        }
    }

    @Test func thePageHasTheTextAndWhatTheModelExpected() throws {
        try inFolder { place, checkpoint in
            let outcome = try place.succeed(["explain", checkpoint, "text", "-o", "page.html"])
            #expect(outcome.output.isEmpty && outcome.errors.hasSuffix("wrote page.html; open it in a browser\n"))
            let page = try page(place, "page.html")
            let tokens = words(page.tokens, UInt32.self).map { Int($0) }
            #expect(tokens.map { page.vocabulary[$0] }.joined() == Self.text)

            struct Score: Decodable { let logProbabilities: [Double] }
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let score = try decoder.decode(
                Score.self, from: place.succeed(["score", checkpoint, "text", "--json"]).output)
            let bits = [0] + score.logProbabilities.map { -$0 / log(2) }
            for (surprise, bits) in zip(words(page.surprise, UInt16.self), bits) {
                #expect(abs(Double(surprise) / 1024 - bits) <= 0.001)
            }
            let chances = words(page.chance, UInt16.self).map { Double($0) / 65535 }
            #expect(page.likeliest == 5 && chances.count == 5 * tokens.count)
            #expect(chances.prefix(5).reduce(0, +) <= 1.0001 && chances[0] >= chances[1])
        }
    }

    @Test func eachCellIsThereAsItWas() throws {
        try inFolder(["-num_layers", "2"]) { place, checkpoint in
            try place.succeed(["explain", checkpoint, "text", "-o", "page.html"])
            let page = try page(place, "page.html")
            #expect(page.parts.map(\.name) == ["cell", "hidden", "i", "f", "g", "o"])
            #expect(page.parts.map(\.isGate) == [false, false, true, true, false, true])
            #expect(page.series.count == 2 * 8 * 6)
            let model = try LanguageModel(contentsOf: place.url(checkpoint), on: .cpu)
            let trace = try model.trace(of: Self.text, parts: [.cell, .gates])
            for (part, name) in [(Trace.Part.cell, "cell"), (.gate("f"), "f"), (.gate("g"), "g")] {
                let activations = try #require(trace[part, layer: 1])
                let series = try #require(page.series["1/\(name)/3"])
                for (byte, value) in zip(series.data, activations.unit(3)) {
                    let shown = name == "f" ? Double(byte) / 255 : (Double(byte) - 128) / 127 * series.scale
                    #expect(abs(shown - Double(value)) <= series.scale / 200, "\(name)")
                }
            }
            let best = try #require(page.telling.first?.cells.first)
            let signal = try #require(TextSignal.all.first { $0.name == page.telling[0].signal })
            let expected = try #require(trace.correlations(with: signal).first { $0.part == .cell })
            #expect(best.layer == expected.layer && best.unit == expected.unit && best.r == expected.r)
            #expect(page.telling.first { $0.signal == "digits" }?.cells.isEmpty == true, "there is none in the text")
        }
    }

    @Test(arguments: [
        ("gru", "GRU", ["hidden", "r", "z", "n"], ["r", "z"]), ("rnn", "RNN", ["hidden"], []),
        (
            "mogrifier", "Mogrifier LSTM", ["cell", "hidden", "q", "r", "i", "f", "g", "o", "x"],
            ["q", "r", "i", "f", "o"]
        ),
    ])
    func otherCellsHaveTheirOwnParts(
        _ cell: String, _ title: String, _ parts: [String], _ gates: [String]
    ) throws {
        try inFolder(["--cell", cell]) { place, checkpoint in
            try place.succeed(["explain", checkpoint, "text", "-o", "page.html"])
            let page = try page(place, "page.html")
            #expect(page.cell == title)
            #expect(page.parts.map(\.name) == parts && page.parts.filter(\.isGate).map(\.name) == gates)
        }
    }

    /// Melis et al. 2020 have x¹ = 2σ(Qh′)∘x, then h¹ = 2σ(Rx¹)∘h′, where other cells' r is a reset.
    @Test func whatScalesInputAndStateOfAMogrifierIsNoReset() throws {
        func words(_ cell: String) throws -> [String: Page.Part] {
            var parts: [Page.Part] = []
            try inFolder(["--cell", cell]) { place, checkpoint in
                try place.succeed(["explain", checkpoint, "text", "-o", "page.html"])
                parts = try page(place, "page.html").parts
            }
            return Dictionary(uniqueKeysWithValues: parts.map { ($0.name, $0) })
        }
        let mogrifier = try words("mogrifier")
        #expect(mogrifier["q"]?.short == "input scaling q" && mogrifier["r"]?.short == "state scaling r")
        #expect(mogrifier["q"]?.title.hasSuffix("the state scales the input: by 2q, at 0.5 not at all") == true)
        #expect(mogrifier["r"]?.title.hasSuffix("the input scales the state: by 2r, at 0.5 not at all") == true)
        #expect(mogrifier["f"]?.short == "forget f")
        #expect(try words("gru")["r"]?.title == "the reset gate r")
    }

    @Test func aLongTextHasTheMostTellingCells() throws {
        try inFolder(["-rnn_size", "40"]) { place, checkpoint in
            let text = String(repeating: Self.text, count: 139).prefix(199_000)
            try place.write(String(text), to: "long")
            try place.succeed(["explain", checkpoint, "long", "-o", "page.html"])
            let page = try page(place, "page.html")
            let size = page.series.values.reduce(0) { $0 + $1.data.count }
            #expect(size <= 24 << 20 && size > 20 << 20, "\(size)")
            for cell in page.telling.flatMap(\.cells) {
                #expect(page.series["\(cell.layer)/cell/\(cell.unit)"] != nil, "what the list names can be shown")
            }
        }
    }

    /// Two points lie on a line, so that all that moves has r = ±1.
    @Test(arguments: [(2, false), (99, false), (100, true)])
    func aShortTextDoesNotTellWhatACellFollows(_ count: Int, _ tells: Bool) throws {
        try inFolder { place, checkpoint in
            try place.write(String(Self.text.prefix(count)), to: "short")
            let outcome = try place.succeed(["explain", checkpoint, "short", "-o", "page.html"])
            #expect(outcome.errors.contains("the most telling cell") == tells)
            let note = "note: short has fewer than 100 characters, too few to tell what a cell follows\n"
            #expect(outcome.errors.contains(note) != tells)
            let page = try page(place, "page.html")
            #expect(page.telling.isEmpty != tells && page.shortestTelling == 100)
            #expect(page.series.count == 8 * page.parts.count, "cells can be looked at all the same")
        }
    }

    @Test func unknownCharactersAreLeftOutOrReplacedAndCounted() throws {
        try inFolder { place, checkpoint in
            try place.write("sayZ &ZZ\n", to: "unknown")
            for (choice, text, note) in [
                ("skip", "say &\n", "3 of the characters are left out\n"),
                ("replace", "say  &  \n", "3 of the characters are unknown and read as ' '\n"),
            ] {
                let name = "\(choice).html"
                let outcome = try place.succeed(["explain", checkpoint, "unknown", "-o", name, "--unknown", choice])
                #expect(outcome.errors.contains(note), "\(outcome.errors)")
                let page = try page(place, name)
                #expect(words(page.tokens, UInt32.self).map { page.vocabulary[Int($0)] }.joined() == text)
                let score = try place.succeed(["score", checkpoint, "unknown", "--unknown", choice])
                #expect(score.errors.contains(note) && score.text.hasPrefix("\(text.utf8.count) characters, "))
            }
        }
    }

    @Test func whatCannotBeShownIsSaid() throws {
        try inFolder { place, checkpoint in
            try place.write("a", to: "short")
            try place.write("Z", to: "unknown")
            try place.write(String(repeating: "a", count: 200_001), to: "long")
            try place.write(String(repeating: "a\n", count: 100_001), to: "lines")
            try place.write("mine", to: "mine.html")
            for (arguments, words) in [
                (["short", "-o", "page.html"], "short has fewer than two characters"),
                (
                    ["unknown", "-o", "page.html"],
                    "of unknown; leave it out, or choose --unknown skip or --unknown replace"
                ),
                (["long", "-o", "page.html"], "take a part: head -c 200000 long > part.txt"),
                (["lines", "-o", "page.html"], "take a part: head -n 100000 lines > part.txt"),
                (["data", "-o", "page.html"], "data is a folder; name a text in it"),
                (["text", "-o", "new/page.html"], "cannot write new/page.html into new: there is no such folder"),
                (["text", "-o", "page.txt"], "give a name that ends in .html"),
                (["text", "-o", "mine.html"], "mine.html already exists"),
            ] {
                let outcome = try place.run(["explain", checkpoint] + arguments)
                #expect(outcome.status != 0 && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
                #expect(outcome.errorLines.count == 1)
            }
            #expect(place.files(".").filter { $0.hasSuffix(".html") } == ["mine.html"])
            #expect(try String(contentsOf: place.url("mine.html"), encoding: .utf8) == "mine")
        }
    }
}
