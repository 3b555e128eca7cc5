import Foundation
import FoundationXML
import TestSupport
import Testing

/// What `char-rnn plot` draws.
@Suite struct PlotCommandTests {
    /// What stands in each line of a run.
    private static func line(_ iteration: Int, _ run: String, _ rest: String) -> String {
        #"{"run":"\#(run)","time":1700000000,"iteration":\#(iteration),"epoch":1,"learning_rate":0.002,\#(rest)}"#
            + "\n"
    }

    /// A history: its beginning, a loss each ten iterations, a validation each hundred, the best at 300.
    private static func history(_ count: Int = 500, offset: Double = 0, run: String = "run") -> String {
        let start =
            #""start":{"label":"lstm","cell":"lstm","layers":2,"hidden_size":128,"dropout":0,"vocabulary_size":65,"#
            + #""parameters":1,"batch_size":50,"sequence_length":50,"training_batches":423,"validation_batches":23,"#
            + #""test_batches":0,"characters":1115394,"optimizer":"rmsprop","learning_rate":0.002,"#
            + #""learning_rate_decay":0.97,"learning_rate_decay_after":10,"seed":123,"last_iteration":500,"options":{}}"#
        let lines = (1...count / 10).map { $0 * 10 }.map { iteration in
            let loss = 1.4 + offset + 3 / Double(iteration)
            let step = #""loss":\#(loss),"grad_norm":0.5,"seconds_per_batch":0.5,"chars_per_second":5000"#
            guard iteration % 100 == 0 else { return line(iteration, run, step) }
            let validation = 1.5 + offset + Double(abs(iteration - 300)) / 1000
            return line(iteration, run, step) + line(iteration, run, #""validation_loss":\#(validation)"#)
        }
        return line(0, run, start) + lines.joined()
    }

    private func inFolder(_ histories: [String: String], _ body: (Workplace) throws -> Void) throws {
        try Workplace.inNewFolder { place in
            for (folder, text) in histories { try place.write(text, to: "\(folder)/history.jsonl") }
            try body(place)
        }
    }

    private func picture(_ place: Workplace, _ path: String) throws -> String {
        let data = try Data(contentsOf: place.url(path))
        let parser = XMLParser(data: data)
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        return String(decoding: data, as: UTF8.self)
    }

    @Test func aRunIsDrawnWithItsBestMarked() throws {
        try inFolder(["cv": Self.history()]) { place in
            let outcome = try place.succeed(["plot", "-o", "loss.svg"])
            #expect(outcome.output.isEmpty && outcome.errors == "wrote loss.svg\n")
            let svg = try picture(place, "loss.svg")
            for words in [
                "best 1.5000", "validation, best 1.5000 at 300", "learning rate", "gradient norm", ">iteration<",
            ] {
                #expect(svg.contains(words), "\(words)")
            }
            #expect(svg.contains("prefers-color-scheme") && svg.utf8.count < 30_000)
        }
    }

    @Test(arguments: [("characters", "1.5000 at 750,000"), ("time", ">seconds<"), ("iteration", ">500<")])
    func theAxisIsWhatWasAskedFor(_ axis: String, _ words: String) throws {
        try inFolder(["cv": Self.history()]) { place in
            try place.succeed(["plot", "cv", "--by", axis, "-o", "loss.svg"])
            let svg = try picture(place, "loss.svg")
            // 500 steps of 2,500 characters in half a second.
            #expect(svg.contains(words), "\(svg.suffix(900))")
        }
    }

    /// In pixels of the picture, where the letters are large: 21 high.
    private struct AxisNumber {
        let x, y: Double
        let isCentred: Bool
        let text: Substring
        /// A digit of DejaVu Sans takes 0.64 of the height, what parts digits half of that.
        var width: Double { text.reduce(0.0) { $0 + ($1.isNumber ? 13.4 : 6.7) } }

        static func all(in svg: String) -> [AxisNumber] {
            svg.matches(of: #/<text x="([\d.]+)" y="([\d.]+)" class="([em])">([\d.,]+)</text>/#).map { match in
                AxisNumber(x: Double(match.1)!, y: Double(match.2)!, isCentred: match.3 == "m", text: match.4)
            }
        }
    }

    /// Norms over less than a decade had 0.1, 0.2 and 0.5 on 56 pixels.
    @Test(arguments: [
        (0.1, 0.9), (1.9, 22), (0.2, 2.1), (0.5, 5), (0.02, 3), (0.09, 11), (0.003, 60), (1e-5, 900), (0.7, 0.7),
    ])
    func theNumbersOfAnAxisKeepADistance(_ low: Double, _ high: Double) throws {
        let start = try #require(Self.history().split(separator: "\n").first)
        let lines = (0...20).map { place in
            let norm = low * pow(high / low, Double(place) / 20)
            return Self.line(5000 * (place + 1), "run", "\"loss\":\(2 + low + norm),\"grad_norm\":\(norm)")
        }
        try inFolder(["cv": "\(start)\n\(lines.joined())"]) { place in
            try place.succeed(["plot", "-o", "loss.svg"])
            let numbers = AxisNumber.all(in: try picture(place, "loss.svg"))
            let down = numbers.filter { !$0.isCentred }.sorted { $0.y < $1.y }
            for (upper, lower) in zip(down, down.dropFirst()) {
                #expect(lower.y - upper.y >= 21, "\(upper.text) and \(lower.text) are \(lower.y - upper.y) apart")
            }
            let across = numbers.filter(\.isCentred).sorted { $0.x < $1.x }
            for (left, right) in zip(across, across.dropFirst()) {
                #expect(right.x - left.x >= (left.width + right.width) / 2 + 6.7, "\(left.text) and \(right.text)")
            }
        }
    }

    /// 0.04 and 0.004 are rates of recipes, and with norms from 1.9 to 22 there are four numbers and one power of ten.
    @Test(arguments: ["0.04", "0.004", "0.002", "0.0005", "0.00042"])
    func eachAxisHasTwoNumbersThatAreWholeInLargeLetters(_ rate: String) throws {
        let start = try #require(Self.history().split(separator: "\n").first)
        let lines = (1...100).map { place in
            Self.line(1000 * place, "run", #""loss":2,"grad_norm":\#(1.9 + 0.2 * Double(place))"#)
        }
        let history = "\(start)\n\(lines.joined())".replacing("0.002", with: rate)
        try inFolder(["cv": history]) { place in
            try place.succeed(["plot", "-o", "loss.svg"])
            let svg = try picture(place, "loss.svg")
            let numbers = AxisNumber.all(in: svg)
            func height(of title: String) throws -> Double {
                let match = try #require(svg.firstMatch(of: try Regex("y=\"([0-9.]+)\" class=\"q\">\(title)<")))
                return try #require(Double(match.output[1].substring ?? ""))
            }
            let (rates, norms) = (try height(of: "learning rate"), try height(of: "gradient norm"))
            let heights = numbers.filter { !$0.isCentred }.map(\.y)
            #expect(heights.count { $0 < rates } >= 2 && heights.count { $0 > norms } >= 2, "\(numbers)")
            #expect(heights.count { $0 > rates && $0 < norms } >= 2, "\(numbers)")
            #expect(numbers.contains { $0.text == "100,000" })
            for number in numbers {
                #expect(number.isCentred ? number.x + number.width / 2 <= 720 : number.width <= number.x, "\(number)")
            }
        }
    }

    @Test func severalRunsAreToldApart() throws {
        try inFolder(["a<b": Self.history(), "c": Self.history(400, offset: 0.25)]) { place in
            try place.succeed(["plot", "a<b", "c", "-o", "loss.svg"])
            let svg = try picture(place, "loss.svg")
            #expect(svg.contains("a&lt;b: best 1.5000 at 300") && svg.contains("c: best 1.7500 at 300"))
            let drawing = try place.succeed(["plot", "a<b", "c"]).text
            #expect(drawing.contains("a A a<b: validation, best 1.5000 at 300"))
            #expect(drawing.contains("b B c: validation, best 1.7500 at 300"))
        }
    }

    @Test func theTerminalGetsPlainCharactersWhenNobodyLooks() throws {
        try inFolder(["cv": Self.history()]) { place in
            let drawing = try place.succeed(["plot"]).text
            let lines = drawing.split(separator: "\n")
            #expect(!drawing.contains("\u{1B}") && lines.allSatisfy { $0.count <= 80 } && lines.count > 20)
            #expect(drawing.contains("⠉") || drawing.contains("⠒") || drawing.contains("⠤") || drawing.contains("⣀"))
            #expect(drawing.count { $0 == "○" } == 5 && drawing.count { $0 == "●" } == 2, "\(drawing)")
        }
    }

    @Test func whatARunDidASecondTimeReplacesTheFirst() throws {
        let again = Self.line(100, "run", #""returned_from":500"#)
        let last = Self.line(200, "run", #""validation_loss":1.25"#)
        try inFolder(["cv": Self.history() + again + last]) { place in
            let drawing = try place.succeed(["plot"]).text
            #expect(drawing.contains("best 1.2500 at 200"))
            #expect(drawing.count { $0 == "○" } == 2, "one validation before, and the mark of the legend\n\(drawing)")
        }
    }

    @Test func aSecondRunInTheFolderIsACurveOfItsOwn() throws {
        try inFolder(["cv": Self.history() + Self.history(300, offset: 0.5, run: "other") + "half of a li"]) { place in
            let drawing = try place.succeed(["plot"]).text
            #expect(drawing.contains("cv (1): validation, best 1.5000 at 300"))
            #expect(drawing.contains("cv (2): validation, best 2.0000 at 300"))
        }
    }

    @Test func nothingIsOverwrittenUnasked() throws {
        try inFolder(["cv": Self.history()]) { place in
            try place.write("mine", to: "loss.svg")
            let outcome = try place.run(["plot", "-o", "loss.svg"])
            #expect(outcome.status == 1 && outcome.errors.contains("loss.svg already exists"))
            #expect(try String(contentsOf: place.url("loss.svg"), encoding: .utf8) == "mine")
            try place.succeed(["plot", "-o", "loss.svg", "--force"])
        }
    }

    @Test func whatCannotBeDrawnIsSaid() throws {
        let begun = String(Self.history().prefix { $0 != "\n" })
        let histories = [
            "cv": "", "begun": begun, "other": "hello\nworld\n", "cut": Self.line(10, "run", #""loss":1"#),
        ]
        try inFolder(histories) { place in
            for (arguments, words) in [
                (["cv"], "cv/history.jsonl has no whole line; "), (["begun"], "has reported no step yet"),
                (["other"], "in other/history.jsonl: its line 1 was not written by char-rnn train, or"),
                (
                    ["cut"],
                    "in cut/history.jsonl: its line 1 was not written by char-rnn train, or the line that began its run"
                ),
                (["gone"], "gone is not there; name a folder"), (["data"], "data has no history.jsonl; name"),
                (["cv/history.jsonl"], "cv/history.jsonl is no folder; name a folder"),
                (["cv", "-o", "loss.jpg"], "give a name that ends in .svg or .png"),
            ] {
                let outcome = try place.run(["plot"] + arguments)
                #expect(outcome.status != 0 && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
                #expect(outcome.errorLines.count == 1)
            }
        }
    }

    @Test func linesThatAreDamagedAreToldAndLeftOut() throws {
        var lines = Self.history().split(separator: "\n").map { "\($0)\n" }
        lines[2] = "\(lines[2].prefix(30))\n"
        for (damage, words) in [
            ("", "line 3 of cv/history.jsonl is"), ("?\n", "line 1 of cv/history.jsonl and 1 more of its lines are"),
        ] {
            try inFolder(["cv": damage + lines.joined() + "half of a li"]) { place in
                let outcome = try place.succeed(["plot"])
                #expect(outcome.errors == "note: \(words) damaged and left out\n")
                #expect(outcome.text.contains("best 1.5000 at 300"))
            }
        }
    }

    /// They ended `plot` and `inspect` with an overflow.
    @Test func numbersThatNoRunHasAreLeftOut() throws {
        let damaged = [
            Self.line(510, "run", #""loss":1,"seconds_per_batch":"nan""#),
            Self.line(510, "run", #""loss":1,"grad_norm":1.79e308"#), Self.line(.max, "run", #""loss":1"#),
            Self.history(run: "late").prefix { $0 != "\n" }.replacing("1700000000", with: "1e300") + "\n",
        ]
        // Without a word that it went back.
        let again = Self.line(400, "run", #""loss":1.5,"seconds_per_batch":1e15"#)
        try inFolder(["cv": Self.history() + damaged.joined() + again]) { place in
            for axis in ["iteration", "characters", "time"] {
                for output in [[], ["-o", "\(axis).svg"]] {
                    let outcome = try place.succeed(["plot", "--by", axis] + output)
                    #expect(outcome.errors.hasPrefix("note: line 57 of cv/history.jsonl and 3 more of its lines are"))
                }
            }
            #expect(try place.succeed(["inspect", "cv"]).text.contains("lstm"))
        }
    }

    @Test func withoutTheConverterAPNGIsRefusedWithAWord() throws {
        try inFolder(["cv": Self.history()]) { place in
            let outcome = try CommandLineTool.charRNN.run(
                ["plot", "-o", "loss.png"], in: place.folder, environment: ["PATH": place.folder.path])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("rsvg-convert, which is not installed (Debian: apt install librsvg2-bin)"))
            #expect(place.files(".").filter { $0.hasPrefix("loss") }.isEmpty)
        }
    }
}
